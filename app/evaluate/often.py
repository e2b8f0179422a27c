"""How often people ask, on the Evaluate page: means by a query log, and clicks called what they are."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.common import exports, owner, state
from app.evaluate import asked
from engine import workspace
from engine.builds.opened import Build
from engine.data import query_logs
from engine.data.figures import told
from engine.evaluation import weighted


def say_clicks(found: Mapping[str, Any]) -> None:
    """A line where the judgements are clicks."""
    if query_logs.are_clicks(found["ids"]):
        st.info(f"{state.plain(found['split'])} is {query_logs.CLICKS}.", icon=":material/ads_click:")


def show(build: Build, found: Mapping[str, Any], number: int, measure: str) -> None:
    """Means by a log that is kept, beside those by query; nothing where none is kept."""
    logs = workspace.logs.listed(owner.shelf(build))
    if not logs:
        return
    st.header("By how often people ask")
    name = st.selectbox("Query log", list(logs), key="log", width=300)
    known = asked.texts(build, found["split"])
    log = weighted.matched(workspace.logs.read(owner.shelf(build), name), {one: known.get(one, "") for one in found["ids"]})
    if not log.judged:
        st.caption(f"None of its {log.searches:,} searches is of one of these queries.")
        return
    rows = table(found, [log.counts[one] for one in found["ids"]], measure)
    three = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(rows, hide_index=True, column_config={"By query": three})
    st.caption(
        f"{weighted.told(log).capitalize()}. By search: every search counts once, so what is asked often weighs more; with its "
        "95% bootstrap interval over queries. Searches that nobody judged are in neither."
    )
    exports.offer("By search, CSV", exports.csv(rows), f"evaluation-{number}-searches.csv")


def table(found: Mapping[str, Any], counts: list[int], measure: str) -> pd.DataFrame:
    """A row a retriever: its mean over queries, and over searches with an interval."""
    weights, rows = np.array(counts), []
    for name, of in found["values"].items():
        values = np.array(of[measure])
        rows.append({"Retriever": name, "By query": values.mean(), "By search": told(weighted.mean(values, weights))})
    return pd.DataFrame(rows)
