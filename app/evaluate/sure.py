"""How sure each decoder was, on the Evaluate page: what another retriever in the place of the least sure lists would gain."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from app.charts import sure
from app.common import exports
from engine.evaluation.sure import Point, curve

# Who stands in first, where it was evaluated.
USUAL = ("dense-hnsw", "dense", "bm25")


def show(found: Mapping[str, Any], number: int, measure: str) -> None:
    """The curve, the same as a table; nothing where nothing decoded, alone, or an earlier version kept the evaluation."""
    sures = found.get("confidence") or {}
    others = [name for name in found["values"] if name not in sures]
    if not sures or not others:
        return
    st.header("How sure it is, and how right")
    first, second = st.columns(2)
    ours = first.selectbox("Decoder", list(sures), key="sure-ours")
    place = next((others.index(name) for name in USUAL if name in others), 0)
    theirs = second.selectbox("falls back to", others, place, key="sure-theirs")
    points = _curve(sures[ours], found["values"][ours][measure], found["values"][theirs][measure])
    st.plotly_chart(sure.figure(points, measure, ours, theirs), key="sure", alt=sure.describe(points, measure, ours, theirs))
    st.caption(
        "Confidence is the probability of the best path of 100 beams. A line that rises to the right says that the decoder is "
        "wrong where it is unsure and the other right there; a dashed line that stays level, that its confidence says nothing. "
        "On the same queries, so a threshold chosen here is chosen by them: report by others."
    )
    with st.expander("The picture as a table"):
        rows = sure.table(points, measure)
        share, three = st.column_config.NumberColumn(format="percent"), st.column_config.NumberColumn(format="%.3f")
        config = {"Falls back": share, "Confidence below": three, "Where it is sure": three}
        st.dataframe(rows, hide_index=True, column_config=config)
        exports.offer("Confidence, CSV", exports.csv(rows), f"evaluation-{number}-confidence.csv")


@st.cache_data(max_entries=32, show_spinner="Weighing how sure it is")
def _curve(confidence: list[float], ours: list[float], theirs: list[float]) -> list[Point]:
    return curve(np.array(confidence), np.array(ours), np.array(theirs))
