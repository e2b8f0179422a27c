"""What lies beside the documents: queries with their judgements, who took what, vectors that are there already."""

import os
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from app.catalogue.handing import IMPORTS
from app.common import owner
from engine.data import staged
from engine.data.lines import unpacked_name

NONE = "none"
# What each is called, the flag that takes it, and the endings of files that it may be.
TABLES = (".csv", ".tsv", ".jsonl", ".json", ".parquet")
KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Queries": ("--queries", (*TABLES, ".txt", ".trec", ".xml")),
    "Judgements": ("--qrels", (*TABLES, ".txt", ".trec", ".qrels")),
    "Interactions": ("--interactions", (*TABLES, ".txt", ".inter")),
    "Vectors": ("--vectors", (".npy",)),
    "Query vectors": ("--query-vectors", (".npy",)),
}


def ask(path: Path) -> list[str] | None:
    """Draw a field for each, over the other files that are here; returns flags of ``build``, None while one lacks another."""
    there = {name: file for name, file in _files().items() if file != path}
    with st.expander("Queries, judgements, interactions or vectors beside it", icon=":material/attach_file:"):
        st.caption(
            "Hand them over above like the documents, or put them into the import folder; they are read when it is built. "
            "Queries and judgements become the split test, interactions the page Sessions. Vectors (.npy, a row a document) "
            "have to be of the encoder that is chosen below: twenty are embedded anew and compared. Where "
            "that encoder is not here, vectors of the queries (a row a query, in the order of their file) let these be asked of "
            "every retriever."
        )
        if path.is_dir():
            st.info("A BEIR folder brings its own queries and judgements.", icon=":material/folder:")
        chosen: dict[str, Path] = {}
        with st.container(horizontal=True):
            for label, (flag, endings) in KINDS.items():
                fitting = [name for name, file in there.items() if unpacked_name(file.name).lower().endswith(endings)]
                usable = [NONE, *([] if path.is_dir() and flag in ("--queries", "--qrels") else fitting)]
                found = st.selectbox(label, usable, key=f"beside-{label}-{path.name}", width=220, disabled=len(usable) < 2)
                if found and found != NONE:
                    chosen[flag] = there[found]
    if ("--queries" in chosen) != ("--qrels" in chosen):
        st.info("Queries need judgements, and judgements queries.", icon=":material/rule:")
        return None
    return [part for flag, file in chosen.items() for part in (flag, str(file))]


def _files() -> dict[str, Path]:
    """Name -> file: what was handed over, then what the import folder has."""
    found = {f"{one.name} ({one.key[:4]})": one.path for one in staged.everything(owner.owner()) if one.path.is_file()}
    folder = Path(os.environ.get(IMPORTS) or "")
    if os.environ.get(IMPORTS) and folder.is_dir():
        found |= {file.name: file for file in sorted(folder.iterdir()) if file.is_file() and file.name.isprintable()}
    return found
