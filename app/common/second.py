"""The second build, B, beside the open one: chosen above the page, kept in the address, and what the two have in common.

Pages that can show both ask here for it; while none is chosen nothing of a second build is opened.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.common import address, resources, state
from engine.builds import names
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.evaluation import two_builds

# Addresses of the pages that show two builds.
PAGES = ("decode", "trie", "compare", "evaluate")


def offer(listed: Sequence[str], page: str) -> None:
    """The box in which B is chosen, on the pages that show two; with one build alone it says where another is made."""
    if page not in PAGES:
        return
    here, asked = st.session_state[state.BUILD], state.parameter(state.B)
    others = [name for name in listed if name != here]
    if asked == here:
        address.say(state.B, "Build B is the open build itself: choose another, or none.")
    elif asked and asked not in others:
        address.say(state.B, "The address sets a build beside this one that is not there.")
    now = asked if asked in others else None
    told = "Another build beside this one, on this page"
    with st.popover(f"B: {state.plain(now)}" if now else "Beside", icon=":material/splitscreen_vertical_add:", help=told):
        if not others:
            st.caption("There is only this build. With another one, of other identifiers or another catalogue, both stand here.")
            st.page_link(state.IDENTIFIERS, label="Other identifiers", icon=":material/fingerprint:")
            st.page_link("../pages/catalogue.py", label="Another catalogue", icon=":material/upload_file:")
            return
        kept = address.own(state.B, now, (state.B_PREFIX,))
        st.selectbox("Build B", others, index=None, placeholder="none", width=260, **kept)
        if now:
            st.button("Swap A and B", icon=":material/swap_horiz:", on_click=swap, args=(here, now))
            st.caption(f"A is {state.plain(here)}, the build above the page.")


def swap(a: str, b: str) -> None:
    """Open B, with A beside it; what belongs to one of them alone is let go."""
    address.forget((*address.OF_ONE_BUILD, state.B_PREFIX))
    state.focus(state.BUILD, b)
    state.focus(state.B, a)


def chosen(build: Build) -> Build | None:
    """B, opened; None where none is chosen, and, said, where it cannot be opened."""
    asked = state.parameter(state.B)
    if not asked or asked == build.folder.name or asked not in names.names():
        return None
    try:
        return resources.opened(asked)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/broken_image:")
        return None


def held(first: Build, other: Build) -> two_builds.Beside:
    """What there is to see of two builds without asking them anything; worked out once."""
    return _held(str(first.folder), first.version, str(other.folder), other.version, first, other)


@st.cache_data(max_entries=8, show_spinner="Holding the two against each other")
def _held(folder: str, version: str, other: str, its_version: str, _first: Build, _other: Build) -> two_builds.Beside:
    return two_builds.beside(_first, _other)


def documents_told(first: Build, other: Build) -> str:
    """Which documents both have, in a sentence of Markdown."""
    of, a, b = held(first, other).documents, state.plain(first.folder.name), state.plain(other.folder.name)
    if not of.both:
        return f"A is {a}, B is {b}: no document is in both, by its id."
    if not (of.changed or of.only_first or of.only_second):
        return f"A is {a}, B is {b}: the same {of.both:,} documents."
    return (
        f"A is {a}, B is {b}. Documents in both: {of.both:,}, changed {of.changed:,}; only in A: {of.only_first:,}; only in B: "
        f"{of.only_second:,}."
    )


def kept(a: Build, b: Build) -> None:
    """The share of documents that keep their first codes, by depth."""
    st.dataframe(
        pd.DataFrame(held(a, b).kept, columns=["Codes", "Same", "Same after renaming"]),
        hide_index=True,
        column_config={
            "Codes": st.column_config.NumberColumn("First codes"),
            "Same": st.column_config.NumberColumn(format="percent", help="Documents whose first codes are the same in both."),
            "Same after renaming": st.column_config.NumberColumn(
                format="percent",
                help="The same once the codes of one are renamed as well as can be: what is lost even then has moved. Empty "
                "where there are too many groups to match.",
            ),
        },
        alt="Share of documents that keep their identifier, by depth",
    )
    st.caption("The first rows tell most: with all codes every identifier is its own, and any one can be renamed to any other.")
