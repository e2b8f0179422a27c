"""The results of all retrievers as cards, a column each; equal ranks stand in one row."""

from collections.abc import Mapping

import streamlit as st

from app.common import state
from app.compare import comparing
from app.compare.comparing import Column
from engine.builds.hits import Hit
from engine.builds.opened import Build
from engine.retrievers import method_of
from engine.retrievers.base import Found

# Narrower than this a card is not readable: the grid then scrolls sideways.
NARROWEST = 136


def show(build: Build, query: str, columns: Mapping[str, Column], pinned: str, grades: Mapping[str, int]) -> None:
    """Draw them. ``pinned`` is a document's id or empty; ``grades`` are the judgements of the query, by document."""
    found = {name: column.hits for name, column in columns.items()}
    grid = st.grid(len(columns), min_column_width=NARROWEST, wrap=False, gap=("xsmall", "small"))
    for name, column in columns.items():
        with grid.cell():
            st.markdown(f"## {state.plain(name.replace(':', ' · '))}")
            method = method_of(name)[0]
            st.caption(state.plain(method.summary if column.error else comparing.says(build, name)))
            if column.error:
                st.error(state.plain(column.error), icon=":material/error:")
            elif not column.hits:
                st.info(method.empty)
    for place in range(max((len(hits) for hits in found.values()), default=0)):
        for name, hits in found.items():
            with grid.cell():
                if place < len(hits):
                    _card(build, query, name, hits[place], found, pinned, grades)


def _card(
    build: Build, query: str, name: str, hit: Hit, found: Mapping[str, list[Hit]], pinned: str, grades: Mapping[str, int]
) -> None:
    document = build.corpus.documents[build.row_of[hit.id]]
    with st.container(border=True, gap="xxsmall"):
        mark = " :orange[:material/push_pin:]" if hit.id == pinned else ""
        grade = f" :green[:material/check_circle: {grades[hit.id]}]" if grades.get(hit.id) else ""
        with st.container(horizontal=True, gap="xsmall"):
            st.markdown(f"**{hit.rank}**{mark}{grade}", width="content")
            st.text(document.title or hit.id)  # Markdown would make a link of an address, escaped or not
        others = [f"{comparing.short(n)} {r.rank}" for n, hits in found.items() if n != name for r in hits if r.id == hit.id]
        st.caption(state.plain(" · ".join(others)) or "only here")
        st.caption(_evidence(build, query, name, hit))


def _evidence(build: Build, query: str, name: str, hit: Hit) -> str:
    """What speaks for a hit, in the terms of its retriever."""
    text = build.corpus.documents[build.row_of[hit.id]].searched_text(build.manifest.spec.fields)
    found = Found(query=query, text=text, score=hit.score, identifier=hit.identifier, source=hit.source)
    return state.plain(method_of(name)[0].evidence(found))
