"""Why this hit, in sentences, each beside what it rests on: a branch of the tree, a document, the words as they stand."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.common import documents, state
from app.common.marked import bold
from engine.builds.opened import Build
from engine.builds.said import clauses
from engine.explaining.clauses import Clause
from engine.explaining.why import Why
from engine.text.matched import snippet, wanted

TITLE = "In words"
# Of those listed above it, so many are held against its codes.
ABOVE = 10


def show(
    build: Build, query: str, document: str, vector: np.ndarray, why: Why | None, listed: Sequence[str], whole: bool = True
) -> None:
    """Draw the sentences on a document, by its id; ``listed`` are ids of the list that it stands in, or not, ``whole`` whether
    nothing was left out of the tree."""
    above = listed[: listed.index(document)] if document in listed else listed
    found = clauses(build, query, document, vector, why, above, whole)
    st.markdown(f"**{TITLE}**", help="No language model wrote this: each sentence is made of the evidence beside it.")
    for place, clause in enumerate(found):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"- {state.plain(clause.says)}", width="content")
            _evidence(build, query, document, clause, place)


def _evidence(build: Build, query: str, document: str, clause: Clause, place: int) -> None:
    """What stands beside a sentence."""
    evidence = clause.evidence
    if clause.kind == "words" and evidence["field"] == "text":
        text = build.documents[build.row_of[document]].text
        st.markdown(f":small[:gray[{bold(snippet(wanted(query, build.language), text))}]]", width="content")
    if clause.kind in ("codes", "alone"):
        st.page_link(
            state.TRIE,
            label=f"Open {evidence['prefix']}",
            icon=":material/account_tree:",
            query_params=state.links(**{state.PREFIX: evidence["prefix"], state.DOCUMENT: document}),
        )
    if clause.kind == "shared":
        st.button(
            f"Pin {state.plain(documents.title(build, evidence['document']))}",
            key=f"because-{place}",
            type="tertiary",
            icon=":material/push_pin:",
            on_click=state.focus,
            args=(state.DOCUMENT, evidence["document"]),
        )
