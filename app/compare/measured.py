"""How the retrievers do on all judged test queries of a build, where that was measured and came with the catalogue."""

from typing import Any

import pandas as pd
import streamlit as st

from app.common import state
from engine.builds.opened import Build
from engine.data.figures import Difference, Interval, told, told_p
from engine.studies import bundled


def show(build: Build) -> None:
    """Draw it, folded; nothing where there is none."""
    found = bundled.evaluated(build)
    if found is None:
        return
    with st.expander(
        f"On all {found['queries']:,} judged {found['split']} queries of {build.name}", icon=":material/fact_check:"
    ):
        st.dataframe(table(found), hide_index=True)
        against = state.plain(found["against"])
        st.caption(
            f"Means with their 95% intervals, beam {found['beams']}; the difference is to {against}, query by query, and p is "
            f"corrected for the comparisons of this table (Holm). {state.plain(found['device'])}. "
            f"{bundled.came_along(build, 'evaluation')}"
        )


def table(found: dict[str, Any]) -> pd.DataFrame:
    """An evaluation, a row a retriever: its measures, and how far it is from the one that the others are held against."""
    rows = []
    for name, row in found["retrievers"].items():
        measures = {measure: told(Interval(**of)) for measure, of in row.items() if measure != "latency_ms"}
        first = next(iter(measures))
        behind = found["differences"].get(name, {}).get(first)
        compared = Difference(**behind) if behind else None
        rows.append(
            {"Retriever": name}
            | measures
            | {"Difference": told(compared, sign=True) if compared else "", "p": told_p(compared) if compared else ""}
            | {"Median ms": row["latency_ms"]["p50"]}
        )
    return pd.DataFrame(rows)
