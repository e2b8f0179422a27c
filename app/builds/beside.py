"""Two builds side by side on the page Builds: what differs, how much of the identifiers is kept, and which finds more."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.common import address, resources, state
from app.common.second import held, kept
from app.evaluate import two_builds
from engine.errors import TriescopeError


def offer(names: Sequence[str], chosen: str) -> None:
    """Two pickers, and what is known of the two."""
    other = next(name for name in names if name != chosen)
    with st.container(horizontal=True):
        a = st.selectbox(
            "A",
            names,
            width=300,
            **address.own("a-build", address.one_of("a-build", names, chosen, "build A"), (two_builds.ASKED,)),
        )
        b = st.selectbox(
            "B", names, width=300, **address.own(state.B, address.one_of(state.B, names, other, "build B"), (two_builds.ASKED,))
        )
    if a == b:
        st.caption("A build is itself: choose another.")
        return
    try:
        first, second = resources.opened(a), resources.opened(b)
        found = held(first, second)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        return
    of = found.documents
    st.write(
        f"Documents in both: {of.both:,}, changed {of.changed:,}; only in {state.plain(a)}: {of.only_first:,}; only in "
        f"{state.plain(b)}: {of.only_second:,}."
    )
    left, right = st.columns(2, gap="medium")
    if found.asked:
        left.dataframe(
            pd.DataFrame([(name, _told(one), _told(two)) for name, one, two in found.asked], columns=["Setting", "A", "B"]),
            hide_index=True,
            alt="What the two were asked for otherwise",
        )
    else:
        left.caption("They were asked for alike.")
    with right:
        kept(first, second)
    two_builds.ask(first, second)


def _told(value: object) -> str:
    return "" if value is None else ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
