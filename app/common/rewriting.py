"""A query read again before it is searched: on or off by a switch in the address, and every change told."""

from contextlib import nullcontext

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.common import state
from engine.builds.opened import Build
from engine.text.rewriting import Rewritten

KEY = "rewrite"
HELP = (
    "A word that nobody knows, neither the catalogue nor the encoder nor a dictionary, becomes the word one typing error away; "
    "what only asks, like *show me a*, is left out."
)


@st.cache_data(max_entries=256, show_spinner="Reading the words of the catalogue ...")
def _rewritten(folder: str, version: str, query: str, _build: Build) -> Rewritten:
    return _build.rewritten(query)


def applied(build: Build, query: str, switch: DeltaGenerator | None = None) -> str:
    """The query as it is searched: as it was typed unless the switch is on, which stands in the box given, else before what it
    did."""
    with st.container(horizontal=True, vertical_alignment="center"):
        with switch or nullcontext():
            on = st.toggle("Undo typing errors", key=KEY, bind="query-params", help=HELP)
        if not on:
            return query
        found = _rewritten(str(build.folder), build.version, query, build)
        told = ", ".join(state.plain(change.told()) for change in found.changes)
        said = f"Searched: **{state.plain(found.text)}** ({told})" if told else "Nothing of this query had to be changed."
        st.markdown(f":small[{said}]", width="content")
    return found.text
