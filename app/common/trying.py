"""What to type: the query box with its examples, and the texts that stand in empty boxes. All of it belongs to the open build."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st

from app.common import address, state
from engine.builds import examples
from engine.builds.examples import Example
from engine.builds.opened import Build

LONGEST = 500
PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")


class ToTry(NamedTuple):
    """What there is to try on a build, any of it empty: a ``filter`` over its columns, a ``text`` like its documents'."""

    examples: Sequence[Example]
    filter: str
    text: str


def of(build: Build) -> ToTry:
    """What there is to try on a build."""
    return _of(str(build.folder), build.version, build)


@st.cache_resource(max_entries=8, show_spinner=False)
def _of(folder: str, created: str, _build: Build) -> ToTry:
    return ToTry(examples.examples_of(_build), examples.filter_of(_build), examples.text_of(_build))


def queries(build: Build) -> list[str]:
    """Queries to try."""
    return [example.query for example in of(build).examples]


def placeholder(build: Build) -> str:
    """What stands in an empty query box: a query to try, else what the box is for."""
    return next(iter(queries(build)), "What are you looking for?")


def invitation(build: Build, scorer: str) -> str:
    """What stands above the examples: what there is to see in them when ``scorer`` decodes, as Markdown; empty without examples.

    A note was checked for one scorer, so with another nothing is said of it.
    """
    shown = of(build).examples
    notes = [
        f"in the {place}, {state.plain(one.note)}" for place, one in zip(PLACES, shown, strict=False) if one.scorer == scorer
    ]
    return "; ".join(["Or try one of these", *notes]) if shown else ""


def pills(build: Build, key: str) -> None:
    """The examples as buttons that put themselves into the query box; nothing where there are none."""
    if offered := queries(build):
        look: dict[str, Any] = {"format_func": state.plain, "label_visibility": "collapsed"}
        st.pills("Examples", offered, key=key, on_change=_take, args=(key,), **look)


def ask(build: Build, label: str = "Query", offered: bool = True) -> str:
    """The query box, with examples where they are ``offered``; the page stops with a hint while there is no query."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        query = box(build, label)
        st.button("Run", type="primary", shortcut="Ctrl+Enter", icon=":material/play_arrow:", key="ask")
    if offered:
        pills(build, "example")
    if not query or not any(c.isalnum() for c in query):
        hint = "Type a query, or choose an example above." if queries(build) else "Type a query."
        st.info(hint, icon=":material/edit:")
        st.stop()
    return query


def box(build: Build, label: str = "Query", **look: Any) -> str:
    """The query box, which shows and changes the query of the address; what is too long is cut, and said."""
    asked = state.parameter(state.QUERY)
    if len(asked) > LONGEST:
        address.say(state.QUERY, f"A query may have {LONGEST} characters; the last {len(asked) - LONGEST} of this one are cut.")
    return (
        st.text_input(
            label,
            type="search",
            max_chars=LONGEST,
            placeholder=placeholder(build),
            icon=":material/search:",
            **look,
            **address.own(state.QUERY, asked[:LONGEST], address.OF_ONE_DECODE),
        )
        or ""
    )


def _take(key: str) -> None:
    """An example was pressed: it becomes the query, and the button is free to be pressed again."""
    if st.session_state.get(key):
        state.focus(state.QUERY, st.session_state[key])
        address.forget(address.OF_ONE_DECODE)
        st.session_state[key] = None
