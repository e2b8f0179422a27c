"""Kinds of queries on the Evaluate page: who does well on which."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from app.charts import kinds
from app.common import exports
from engine.evaluation.groups import Group, groups


def show(found: Mapping[str, Any], number: int, measure: str) -> None:
    """The heat map, the same as a table with intervals, and the table as a file."""
    st.header("Kinds of queries")
    if "features" not in found:
        st.caption("An earlier version kept this evaluation, without what its queries are like; evaluate again for their kinds.")
        return
    of = _groups(found["features"], {name: found["values"][name][measure] for name in found["retrievers"]})
    if not of:
        st.caption("All queries are of one kind: as long, with as much to find, with as rare a word, and so on.")
        return
    st.plotly_chart(kinds.figure(of, measure), key="kinds", alt=kinds.describe(of, measure))
    st.caption(
        "Mean and number of queries (n) of each group; the groups of a kind are about as large where equal values allow it. Few "
        "queries make wide intervals, which stand in the table: a group says where to look, not who wins. The rarest word is "
        "that word of the query which the fewest documents have; words in no document are what most misspellings leave. What is "
        "relevant to no train query is cold to whatever was trained."
    )
    table = kinds.table(of)
    with st.expander("The picture as a table"):
        st.dataframe(table, hide_index=True)
        exports.offer("Groups, CSV", exports.csv(table), f"evaluation-{number}-groups.csv")


@st.cache_data(max_entries=32, show_spinner="Grouping")
def _groups(features: Mapping[str, list[Any]], values: Mapping[str, list[float]]) -> list[Group]:
    return groups(features, {name: np.array(of) for name, of in values.items()})
