"""Which column is what, and what came of reading the file so: figures, rows that are wrong, what the encoder will see."""

import os
from pathlib import Path

import pandas as pd
import streamlit as st

from app.common import exports, state
from engine.data import examined
from engine.data.examined import Examined
from engine.data.lines import UNICODE, packed_or_not, unpacked_name
from engine.data.records import kind_of
from engine.data.staged import folder
from engine.data.values import counted

PARTS = {"id": "Id", "title": "Title", "text": "Text", "category": "Category path", "url": "URL"}
# Of these a document is made; the others are columns that schemes and filters look for.
TOLD = ("id", "title", "text")
NONE = "none"
ENCODED = {UNICODE: "UTF-8 or UTF-16", "latin-1": "Latin-1", "cp1252": "Windows-1252"}
# Characters that the default encoder reads of a document, roughly: 256 word pieces of English.
READ = 1_100
# Wrong rows that are drawn; the export has more.
DRAWN = 500


def encoding(path: Path) -> str:
    """How a text file is written: Unicode is found out, anything else a person has to say, for any bytes are text in it."""
    if kind_of(path) == "parquet":
        return UNICODE
    return st.selectbox(
        "Encoding", list(ENCODED), format_func=ENCODED.__getitem__, key=f"map-encoding-{path.name}", width=220, required=True
    )


def ask(path: Path, written: str) -> dict[str, str] | None:
    """Draw a field for id, title, text, category path and URL, filled by what the columns are called; None while there is no id,
    or neither title nor text. The file is ``written`` in an encoding."""
    columns = _header(str(path), _version(path), written)
    guessed = examined.guess(columns)
    chosen = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for part, label in PARTS.items():
            options = columns if part == "id" else [NONE, *columns]
            at = options.index(guessed[part]) if guessed.get(part) in options else (None if part == "id" else 0)
            found = st.selectbox(label, options, at, key=f"map-{part}-{path.name}", width=220, placeholder="Choose a column")
            if found and found != NONE and (part in TOLD or found != part):  # a column of that very name is one as it is
                chosen[part] = found
    if len(set(chosen.values())) < len(chosen):
        st.error("Two of them are the same column.", icon=":material/error:")
        return None
    if "id" not in chosen or not {"title", "text"} & chosen.keys():
        st.info("Say which column is the id, and which the title or the text.", icon=":material/fingerprint:")
        return None
    return chosen


def show(found: Examined, name: str) -> bool:
    """What is in the file; returns whether rows that are wrong are to be left out."""
    long = sum(length > READ for length in found.characters)
    with st.container(horizontal=True):
        st.metric("Rows read", f"{found.rows:,}", width="content")
        st.metric("Documents", f"{found.documents:,}", width="content")
        st.metric("Neither title nor text", f"{len(found.left_out):,}", width="content")
        st.metric("Wrong rows", f"{found.wrong:,}", width="content")
    if long:
        st.caption(
            f"{counted(long, 'document', verb='is')} longer than some {READ:,} characters: the default encoder reads about so "
            "much of each, and vector and generative search do not see the rest. Keyword search does."
        )
    if found.left_out:
        first = ", ".join(found.left_out[:10]) + (f" and {len(found.left_out) - 10:,} more" if len(found.left_out) > 10 else "")
        st.caption(f"Left out, having neither title nor text: {state.plain(first)}.")
    leave_out = False
    if found.wrong:
        st.error(f"{counted(found.wrong, 'row', verb='is')} wrong. Mend the file, or leave that out.", icon=":material/error:")
        rows = pd.DataFrame(found.faults[:DRAWN], columns=["Row", "Column", "What", "Value"])
        st.dataframe(rows, hide_index=True, height=min(38 * (len(rows) + 1), 300), alt="Rows that are wrong")
        with st.container(horizontal=True, vertical_alignment="center"):
            exports.offer("Wrong rows, CSV", lambda: examined.faults_csv(found.faults), f"{name}-wrong-rows.csv")
            leave_out = st.toggle(f"Leave out {counted(found.wrong, 'wrong row')}", key="leave-out")
            if found.wrong > DRAWN:
                kept = f"; the file has the first {len(found.faults):,}" if found.wrong > len(found.faults) else ""
                st.caption(f"The first {DRAWN:,} are drawn{kept}.")
    with st.expander("The first rows", icon=":material/table_rows:"):
        st.dataframe(pd.DataFrame(found.first), hide_index=True, height=300)
    with st.expander(counted(len(found.columns), "column"), icon=":material/view_column:"):
        known = [(c.name, c.filled, c.kinds, " | ".join(c.examples)) for c in found.columns]
        st.dataframe(pd.DataFrame(known, columns=["Column", "Filled", "Holds", "For example"]), hide_index=True)
    return leave_out


def searched(found: Examined) -> tuple[str, ...]:
    """Other columns that are searched too, and what the encoder then sees of one document."""
    others = [column.name for column in found.columns if column.name not in found.names.values() and column.filled]
    inner = list(dict.fromkeys(key for document in found.seen for key in document.metadata))
    fields = st.multiselect(
        "Search these columns too",
        list(dict.fromkeys([*(name for name in others if name != "metadata"), *inner])),
        key="fields",
        help="Their values stand behind title and text, for keyword and vector search alike. All columns can be filtered by.",
    )
    if found.seen:
        place = st.number_input("What the encoder sees of document", 1, len(found.seen), 1, key="seen", width=260)
        text = found.seen[int(place) - 1].searched_text(fields)
        st.code(text[:READ], language=None, wrap_lines=True)
        if len(text) > READ:
            st.caption(f"Some {READ:,} of {len(text):,} characters: about what the default encoder reads.")
    return tuple(fields)


def passages(found: Examined) -> bool:
    """Whether long documents are to be cut into passages; asked where there are some."""
    long = sum(length > READ for length in found.characters)
    return bool(long) and st.toggle(
        f"Cut long documents ({long:,}) into passages",
        key="passages",
        help="In vector search a document then counts as its best passage, wherever in it that stands. It takes as many more "
        "vectors, and their time. Identifiers are made of the mean of a document's passages (the retriever generative-passages "
        "writes one of each passage); keyword search reads all of it "
        "either way.",
    )


def examine(path: Path, columns: dict[str, str], written: str) -> Examined:
    """The file read to its end, once for the same content and columns.

    Raises
    ------
    TriescopeError
        As :func:`engine.data.examined.examine`.
    """
    return _examined(str(path), _version(path), tuple(sorted(columns.items())), written)


def _version(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size


@st.cache_data(max_entries=16, show_spinner=False)
def _header(path: str, version: tuple[int, int], written: str) -> list[str]:
    return examined.header(Path(path), written)


@st.cache_data(max_entries=4, show_spinner="Reading the file to its end")
def _examined(path: str, version: tuple[int, int], columns: tuple[tuple[str, str], ...], written: str) -> Examined:
    return examined.examine(Path(path), dict(columns), written)


def judged(path: Path) -> str:
    """What else a BEIR folder has, in a sentence; empty for a single file."""
    if not path.is_dir():
        return ""
    beside = sorted((path / "qrels").iterdir()) if (path / "qrels").is_dir() else []
    splits = [Path(name).stem for one in beside if (name := unpacked_name(one.name)).lower().endswith(".tsv")]
    queries = "queries" if packed_or_not(path / "queries.jsonl").is_file() else "no queries"
    told = f"judgements of the splits {', '.join(splits)}" if splits else "no judgements"
    inside = "handed over" if folder() in path.parents else "found"
    return f"The folder {inside} has {queries} and {told}; what is left aside of them is said when it is built."
