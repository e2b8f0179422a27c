"""Judging the pinned document for the query that is asked: a key each, kept for every build of the catalogue."""

from collections.abc import Mapping

import streamlit as st

from app.common import exports, guard, owner, state
from engine import workspace
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.workspace.judgements import GRADES

SAID = "judging-said"


def grades(build: Build, query: str, known: Mapping[str, int]) -> dict[str, int]:
    """Judgements of a query by document: those made here go before those that came with the catalogue, ``known``. A workspace
    that cannot be read is said."""
    try:
        return {**known, **workspace.of_query(build.catalogue, query, owner.owner())}
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/broken_image:")
        return dict(known)


def show(build: Build, query: str, document: str) -> None:
    """A button a grade, pressed by its own number, and one that takes the judgement back."""
    if said := st.session_state.pop(SAID, ""):
        st.error(state.plain(said), icon=":material/error:")
    corpus = build.catalogue
    now = workspace.of_query(corpus, query, owner.owner()).get(document)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("How relevant is it to this query?", width="content")
        for grade, words in GRADES.items():
            st.button(
                words.capitalize(),
                key=f"grade-{grade}",
                type="primary" if grade == now else "secondary",
                shortcut=str(grade),
                on_click=_judge,
                args=(corpus, query, document, grade),
            )
        if now is not None:
            args = (corpus, query, document, None)
            st.button("Take back", type="tertiary", key="grade-none", icon=":material/undo:", on_click=_judge, args=args)


def offer(build: Build) -> None:
    """The judgements made here as a file, where there are any; the shell's ``judgements --out`` writes a set for evaluations."""
    try:
        found = workspace.judged(build.catalogue, owner.owner())
    except TriescopeError:  # said where the grades are read
        return
    if found.qrels:
        exports.offer("Judgements, JSON", exports.as_json(found._asdict()), "judgements.json")


@guard.changes
def _judge(corpus: str, query: str, document: str, grade: int | None) -> None:
    try:
        workspace.judge(corpus, query, document, grade, owner.owner())
    except TriescopeError as error:
        st.session_state[SAID] = str(error)
