"""How the retrievers do on all judged test queries of a build, where that was measured and came with the catalogue."""

from typing import Any

import pandas as pd
import streamlit as st

from app.common import state
from engine.builds.opened import Build
from engine.data.figures import Difference, Interval, told, told_p
from engine.studies import bundled


def show(build: Build, open_at_first: bool = False) -> None:
    """Draw it, folded unless asked otherwise; nothing where there is none."""
    found = bundled.evaluated(build)
    if found is None:
        return
    label = f"On all {found['queries']:,} judged {found['split']} queries of {state.plain(build.name)}"
    with st.expander(label, icon=":material/fact_check:", expanded=open_at_first):
        st.dataframe(table(found), hide_index=True)
        against = state.plain(found["against"])
        st.caption(
            f"Means with their 95% intervals, beam {found['beams']}. The difference is that of the first measure to {against}, "
            "query by query; p is corrected for the comparisons of this table (Holm). "
            f"{bundled.came_along(build, 'evaluation')}"
        )


def table(found: dict[str, Any]) -> pd.DataFrame:
    """An evaluation, a row a retriever: its measures, and how far it is from the one that the others are held against. How long
    they took is told elsewhere on the page, by this machine."""
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
        )
    return pd.DataFrame(rows)
