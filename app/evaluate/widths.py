"""Quality and time at several beam widths, on the Evaluate page, where that was asked for."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.charts import widths
from app.common import exports


def show(found: Mapping[str, Any], number: int, measure: str) -> None:
    """The two pictures, and the same as a table."""
    of = found.get("widths")
    if not of:
        return
    st.header("What the width of the beam buys")
    left, right = st.columns(2, gap="medium")
    left.plotly_chart(widths.quality(of, measure), key="widths-quality", alt=widths.describe(of, measure))
    right.plotly_chart(widths.time(of), key="widths-time", alt="Milliseconds of a search by beam width")
    st.caption(
        "On the same queries, so a width chosen here is chosen by them: report by others. A narrow beam finds few documents, "
        "which bounds what is measured deeper than that."
    )
    with st.expander("The pictures as a table"):
        rows = widths.table(of, measure)
        st.dataframe(rows, hide_index=True, column_config={"Search, ms": st.column_config.NumberColumn(format="%.2f")})
        exports.offer("Widths, CSV", exports.csv(rows), f"evaluation-{number}-widths.csv")
