"""The filter of a page: its box, the values of a column to choose from, what it leaves, and what to do where it is refused."""

from typing import Any, Literal

import numpy as np
import pandas as pd
import streamlit as st

from app.common import address, glossary, state, trying
from engine import filters
from engine.builds.opened import Build
from engine.data.values import counted
from engine.errors import TriescopeError
from engine.filters import facets
from engine.filters.syntax import MAX_LENGTH

COLUMN, VALUES = "filter-column", "filter-values"


def asked() -> str:
    """The filter of the address."""
    return state.parameter(state.FILTER).strip()


def box(build: Build, width: int | Literal["stretch"] = 300) -> str:
    """The box; returns what is asked. What is too long for a filter is refused by whoever reads it."""
    now = asked()
    st.text_input(
        "Filter documents",
        type="search",
        placeholder=trying.of(build).filter,
        max_chars=MAX_LENGTH,
        width=width,
        help=f"{glossary.means('filter')} Columns, = != < > <= >=, has, in (...), contains, is missing; and, or, not.",
        **address.own(state.FILTER, now[:MAX_LENGTH]),
    )
    return now


def choose(build: Build, what: str) -> str:
    """The row of a page whose ``what`` (lists, say) a filter restricts: the box and the values of a column.

    Returns the filter to use: empty where there is none, or where it is refused, which is said.
    """
    refused = ""
    try:
        build.allowed(asked())
    except TriescopeError as error:
        refused = str(error)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        now = box(build, "stretch")
        values(build)
    if refused:
        st.error(f"{state.plain(refused)}. The {what} are those without it.", icon=":material/error:")
        out()
    return "" if refused else now


def out() -> None:
    """The button that takes the filter out."""
    st.button("Take the filter out", on_click=clear, icon=":material/filter_alt_off:", key="filter-out")


def told(build: Build, used: str) -> None:
    """How many documents a filter leaves, and what it cannot compare; nothing where there is none."""
    if (allowed := build.allowed(used)) is not None:
        aside = "".join(f" Filter: {state.plain(one)}." for one in build.left_aside(used))
        left = int(np.count_nonzero(allowed))
        st.caption(f"{left:,} of {len(allowed):,} documents pass the filter, and only they are searched.{aside}")


def values(build: Build) -> None:
    """A drawer with the values of a column and how many documents have each, of those that the filter leaves; a row that is
    chosen is added to the filter."""
    columns = [name for name in build.columns.names if name not in ("id", "title")]
    if not columns:
        return
    drawer = st.popover("Values of a column", icon=":material/filter_alt:", key="filter-drawer", on_change="rerun")
    if not drawer.open:
        return
    with drawer:
        name = st.selectbox("Column", columns, key=COLUMN)
        try:
            within = filters.evaluate(build.columns, asked()) if asked() else None
            found = facets.facets(build.columns, name, within)
        except TriescopeError as error:
            st.error(state.said(str(error)), icon=":material/error:")
            return
        rows = pd.DataFrame([(one.value, one.documents) for one in found.found], columns=["Value", "Documents"])
        st.dataframe(
            rows,
            hide_index=True,
            height=min(380, 38 + 35 * max(len(rows), 1)),
            selection_mode="single-row",
            on_select=_add,
            key=VALUES,
        )
        st.session_state[f"{VALUES}-filters"] = [one.filter for one in found.found]
        more = f" {counted(found.others, 'further value', verb='is')} not listed." if found.others else ""
        none = f" {counted(found.without, 'document', verb='has')} none." if found.without else ""
        st.caption(f"Choose a row to add it to the filter.{more}{none}")


def _add() -> None:
    selection: Any = st.session_state[VALUES]
    known = st.session_state.get(f"{VALUES}-filters", [])
    if (rows := selection["selection"]["rows"]) and rows[0] < len(known):
        state.focus(state.FILTER, facets.both(asked(), known[rows[0]]))


def clear() -> None:
    """Take the filter out."""
    state.focus(state.FILTER, "")
