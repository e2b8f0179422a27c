"""Where a catalogue comes from: a file handed over in the browser, one in the import folder, or a small example."""

import io
import os
from pathlib import Path

import streamlit as st

from app.common import address, exports, guard, owner, state
from engine import paths
from engine.data import staged
from engine.data.corpus import documents_of
from engine.errors import TriescopeError

FILE, IMPORTS = "file", "TRIESCOPE_IMPORTS"
TEMPLATE = "id,title,text,category,price,url\n1,Blue cup,A cup of blue clay.,Kitchen,12.50,https://example.org/1\n"
# Rows of the example: every thirtieth film.
EVERY = 30


def choose() -> Path | None:
    """The file or folder that is looked at; None while there is none. What was handed over is in the address, by its content."""
    given = st.file_uploader(
        "A file of your own",
        [
            ending.removeprefix(".")
            for ending in (*(f".{kind}" for kind in (*staged.KINDS, *staged.BESIDE)), ".gz", ".zst", ".zip")
        ],
        key="handed-over",
        help="CSV, TSV, JSON or Parquet, gzipped too; or a BEIR folder as one .zip; and what lies beside documents: topics and "
        "judgements of TREC, interactions, vectors. It stays on this machine.",
    )
    if given is not None and st.session_state.get("handed-over-last") != given.file_id:
        st.session_state["handed-over-last"] = given.file_id
        _keep(given.name, given)
    there = _there()
    if not there:
        st.write(
            "Hand over a file with a row a document: an id, and a title or a text. Other columns become metadata, which filters, "
            "results and category schemes use. You see every row that is wrong before anything is built."
        )
        with st.container(horizontal=True):
            st.button("Try it with forty films", type="primary", icon=":material/play_arrow:", on_click=_example, key="example")
            exports.offer("Template, CSV", lambda: TEMPLATE, "catalogue.csv")
        if not os.environ.get(IMPORTS):
            st.caption(
                f"For files that are too large to upload, set {IMPORTS} to a folder of this machine: they are listed here."
            )
        return None
    asked = address.one_of(FILE, list(there), next(iter(there)), "file")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = st.selectbox("File", list(there), format_func=lambda key: there[key][0], width=420, **address.own(FILE, asked))
        if key in {one.key for one in staged.everything(owner.owner())}:
            st.button("Delete it", type="tertiary", icon=":material/delete:", on_click=_remove, args=(key,), key="drop-file")
        exports.offer("Template, CSV", lambda: TEMPLATE, "catalogue.csv")
    return there[key][1]


def _there() -> dict[str, tuple[str, Path]]:
    """Key -> what it is called and where it lies: what was handed over, then the import folder's files by their own names."""
    handed = [one for one in staged.everything(owner.owner()) if one.documents]
    found = {one.key: (f"{one.name}, {_size(one.bytes)}", one.path) for one in handed}
    folder = Path(os.environ.get(IMPORTS) or "")
    if os.environ.get(IMPORTS) and folder.is_dir():
        for path in sorted(folder.iterdir()):
            file = documents_of(path)
            if file.is_file() and file.name.lower().endswith(staged.ENDINGS[:-1]) and path.name.isprintable():
                found[f"imports/{path.name}"] = (f"{path.name}, {_size(file.stat().st_size)}, of the import folder", path)
    return found


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1e3:,.0f} kB" if count < 1e6 else f"{count / 1e6:,.1f} MB"


@guard.changes
def _keep(name: str, content) -> None:
    try:
        found = staged.stage(name, content, owner.owner())
        if found.documents:
            state.focus(FILE, found.key)
        else:
            st.toast(f"{state.plain(found.name)} is here: choose it below, beside the documents.", icon=":material/attach_file:")
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")


def _example() -> None:
    import pandas as pd

    films = pd.read_json(paths.bundled() / "films" / "corpus.jsonl", lines=True).iloc[::EVERY]
    inner = pd.json_normalize(films["metadata"].tolist())[["genre", "year"]].assign(genre=lambda one: one["genre"].map(", ".join))
    table = pd.concat([films[["_id", "title", "text"]].reset_index(drop=True), inner], axis=1)
    _keep("forty-films.csv", io.BytesIO(exports.as_csv(table).encode()))


@guard.changes
def _remove(key: str) -> None:
    staged.remove(key)
    state.focus(FILE, "")
