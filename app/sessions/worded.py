"""The tree that answers histories, asked in words: its list beside that of dense search."""

import pandas as pd
import streamlit as st

from app.common import address, commands, documents, state
from app.sessions import history
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.recommending import worded
from engine.recommending.kinds import Opened
from engine.recommending.worded import Found

WORDS, ASKED_MODEL = "words", "asked-model"
LONGEST = 300


def show(build: Build, of: Opened, k: int = 10) -> None:
    """The box and both lists; nothing where no model answers queries."""
    names = worded.models_of(build.folder)
    if not names:
        return
    st.header("The same tree, asked in words")
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    query = state.parameter(WORDS)[:LONGEST]
    with left:
        st.text_input("Search the items", max_chars=LONGEST, placeholder="red nail polish", **address.own(WORDS, query))
    with right:
        name = address.one_of(ASKED_MODEL, names, names[0], "model")
        if len(names) > 1:
            st.selectbox("Model of both tasks", names, **address.own(ASKED_MODEL, name))
    if not query.strip():
        st.caption(
            "A model of both tasks writes an item's identifier after a history or after a query, by the same node vectors. It "
            "learned from queries that were made of titles and keyphrases; nobody searched."
        )
        return
    try:
        found = worded.search(of, name, query, k)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        return
    rows = table(found)
    st.dataframe(
        rows,
        hide_index=True,
        placeholder="",
        column_order=["title", *found, "identifier", "id"],
        key="session-words",
        selection_mode="single-row",
        on_select=lambda: documents.take_row("session-words", rows["id"].tolist()),
    )
    both = int(rows.dropna().shape[0])
    st.caption(
        f"Ranks by {state.plain(name)} and by dense search over the same vectors; {both} of {k} are in both. Made queries were "
        "found better by dense search on the set this was measured on. Choose a row to see it, or to add it to the history."
    )
    _chosen(build, rows)
    commands.offer(commands.search_next_line(build.folder.name, query, name, k))


def table(found: dict[str, list[Found]]) -> pd.DataFrame:
    """A row an item: its rank in each list."""
    known: dict[str, dict[str, str | int]] = {}
    for name, hits in found.items():
        for hit in hits:
            told: dict[str, str | int] = {"id": hit.id, "title": hit.title, "identifier": hit.identifier}
            known.setdefault(hit.id, told)[name] = hit.rank
    return pd.DataFrame(list(known.values()), columns=["id", "title", "identifier", *found])


def _chosen(build: Build, rows: pd.DataFrame) -> None:
    pinned = documents.chosen(build)
    if pinned in set(rows["id"]):
        st.button(
            f"Add to the history: {history.title(build, build.row_of[pinned])}",
            key="add-found",
            icon=":material/add:",
            on_click=history.add,
            args=(build, pinned),
        )
