"""The filter of a page: its box, the values of a column to choose from, and what to do about one that is refused."""

from typing import Any

import pandas as pd
import streamlit as st

from app.common import state
from engine import filters
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.filters import facets

FILTER, COLUMN, VALUES = "filter", "filter-column", "filter-values"
LONGEST = 300


def asked() -> str:
    """The filter as it stands in its box, or in the address before there is a box."""
    return str(st.session_state.get(FILTER, state.parameter(FILTER)) or "").strip()


def box(placeholder: str, width: int = 300) -> str:
    """The box; returns what is asked."""
    typed = st.text_input(
        "Filter documents",
        key=FILTER,
        bind="query-params",
        placeholder=placeholder,
        max_chars=LONGEST,
        width=width,
        help="Columns, = != < > <= >=, has, in (...), contains, is missing; and, or, not. Whole branches go.",
    )
    return (typed or "").strip()


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
            st.error(state.plain(str(error)), icon=":material/error:")
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
        more = f" {found.others:,} further values are not listed." if found.others else ""
        none = f" {found.without:,} documents have none." if found.without else ""
        st.caption(f"Choose a row to add it to the filter.{more}{none}")


def _add() -> None:
    selection: Any = st.session_state[VALUES]
    known = st.session_state.get(f"{VALUES}-filters", [])
    if (rows := selection["selection"]["rows"]) and rows[0] < len(known):
        st.session_state[FILTER] = facets.both(asked(), known[rows[0]])[:LONGEST]


def clear() -> None:
    """Take the filter out."""
    st.session_state[FILTER] = ""
