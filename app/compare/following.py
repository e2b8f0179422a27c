"""One document through every column: its rank in each list, and where each decode lost it."""

import numpy as np
import pandas as pd
import streamlit as st

from app.common import because, state
from engine.builds.opened import Build
from engine.explaining.why import Why
from engine.retrievers import Queries, method_of

# What decodes is asked for so many; the others rank everything.
DEPTH = 100


def rank(build: Build, query: str, name: str, document: str, beams: int, vector: np.ndarray, allowed: str = "") -> int | None:
    """Rank of a document in a retriever's list under a filter, from 1; None where it is not in it."""
    depth = DEPTH if method_of(name)[0].decodes else len(build.corpus.documents)
    # The ranking itself: a hit made of each of 100,000 documents would take seconds.
    rows = build.retriever(name, beams).search(Queries([query], vector[None]), depth, build.allowed(allowed)).rows[0]
    places = np.flatnonzero(rows == build.row_of[document])
    return int(places[0]) + 1 if len(places) else None


def show(build: Build, query: str, names: list[str], pinned: str, beams: int, vector: np.ndarray, allowed: str) -> None:
    """Draw it for a pinned document, by its id, among those that pass the filter ``allowed``.

    Raises
    ------
    TriescopeError
        A scorer cannot be opened.
    """
    row = build.row_of[pinned]
    st.text(f"{build.corpus.documents[row].title or pinned} · identifier {build.identifier(row) or 'none'}")
    if (passes := build.allowed(allowed)) is not None and not passes[row]:
        st.info("It does not pass the filter, so no list can hold it.", icon=":material/filter_alt_off:")
        return
    decoding = [name for name in names if method_of(name)[0].name == "generative"]
    whys = {name: _why(build, query, name, pinned, beams, vector, allowed) for name in decoding}
    with st.container(horizontal=True):
        for name in names:
            method = method_of(name)[0]
            missing = "cut" if name in whys else f"> {DEPTH}" if method.decodes else "not found"
            found = rank(build, query, name, pinned, beams, vector, allowed)
            st.metric(state.plain(f"{name} rank"), found or missing, width="content")
        for name, why in whys.items():
            of = "" if len(whys) == 1 else f"{name} "
            st.metric(state.plain(f"{of}rank if nothing were cut"), why.exact_rank if why else "no identifier", width="content")
    for name, why in whys.items():
        told = why.verdict if why else "It has no identifier in this trie, so only the fallback can find it."
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(told if len(whys) == 1 else f"{state.plain(name)}: {told}", width="content")
            if why and why.smallest_beams > beams:
                wide = (state.BEAMS, str(why.smallest_beams))
                label, icon = f"Use {why.smallest_beams:,} beams", ":material/unfold_more:"
                st.button(label, key=f"wide-{name}", on_click=state.focus, args=wide, icon=icon)
    if whys:
        st.dataframe(_table(build, whys), hide_index=True)
    first = next((name for name, why in whys.items() if why), None)
    listed = [hit.id for hit in build.search(query, first, because.ABOVE, beams, vector, allowed)[0]] if first else []
    because.show(build, query, pinned, vector, whys[first] if first else None, listed, not allowed)


def _why(build: Build, query: str, name: str, pinned: str, beams: int, vector: np.ndarray, allowed: str) -> Why | None:
    if not build.trie.path(build.row_of[pinned]):
        return None
    return build.why(query, pinned, beams, vector, build.view(allowed), scorer=method_of(name)[1].scorer)


def _table(build: Build, whys: dict[str, Why | None]) -> pd.DataFrame:
    """The document's codes with their words, and their rank and fate in each decode."""
    table = pd.DataFrame({"Level": [], "Code": [], "Words": []})
    for name, why in whys.items():
        steps = why.steps if why else []
        if table.empty:
            levels = [(step.level, step.code, build.names[step.node]) for step in steps]
            table = pd.DataFrame(levels, columns=["Level", "Code", "Words"])
        of = "" if len(whys) == 1 else f", {name}"
        table[f"Rank among candidates{of}"] = pd.array([step.rank for step in steps], "Int64")
        table[f"Fate{of}"] = ["kept" if step.kept else "cut" if step.rank else "gone" for step in steps]
    return table
