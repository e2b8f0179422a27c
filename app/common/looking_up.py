"""What a query names is looked up: on or off by a switch in the address, and all that was read of it told."""

from collections.abc import Sequence

import streamlit as st

from app.common import state
from engine.builds.opened import Build
from engine.filters.facets import both
from engine.retrievers import look_up, method_of

KEY = "look-up"
HELP = (
    "Values of columns that the query names, like a genre, a country, *1970s* or *under 100 minutes*, become a filter: only "
    "identifiers of documents that have them are written. Where train queries say that a word mostly means something else, it "
    "is left aside; where nothing is read, the tree is written by its numbers."
)


def switch() -> bool:
    """The switch, where it stands."""
    return st.toggle("Look up what it names", key=KEY, bind="query-params", help=HELP)


def applied(build: Build, query: str, used: str) -> tuple[str, str, list[str]]:
    """The rest of a query, the filter together with what it names, and what was read, in sentences: as it is unless the switch is
    on.

    Raises
    ------
    TriescopeError
        The filter is none, or lets nothing through.
    """
    if not st.session_state.get(KEY):
        return query, used, []
    found = look_up.reader(build).read(query, build.allowed(used))
    return found.rest, both(used, found.filter), found.told()


def told(sentences: Sequence[str], who: str = "") -> None:
    """What was read, and by which retriever where there are such; nothing where nothing was to be read."""
    if sentences:
        st.caption(f"{state.plain(f'{who} read' if who else 'Looked up')}: {state.plain('; '.join(sentences))}.")


def told_of(build: Build, query: str, names: Sequence[str], used: str) -> None:
    """What those of some retrievers that read values read."""
    for name in names:
        method, named = method_of(name)
        if method.reads:
            told(method.reads(build, named, query, build.allowed(used)), name)
