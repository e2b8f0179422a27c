"""The Train page's part on a transformer scorer's layers: which of them write identifiers, by activation patching."""

from pathlib import Path

import pandas as pd
import streamlit as st

from app.common import commands, exports, state
from engine.builds.opened import Build
from engine.builds.trained import Run
from engine.errors import TriescopeError

# The kind of scorer that has layers to look at.
KIND = "transformer"


def offer(build: Build, run: Run) -> None:
    """An expander where the run has layers; looked at when it is opened, for that takes seconds."""
    if run.scorer != KIND:
        return
    with st.expander("Which layers write the codes", icon=":material/layers:", key="layers", on_change="rerun") as box:
        if not box.open:
            return
        st.caption(
            "Each judged development query is asked, then another one in its place. In that second run one layer at a time gives "
            "out what it gave in the first: the nats of the document's identifier that it wins back are what it writes "
            "(activation patching). Where a layer wins back nothing, its weights can be left alone when documents are added."
        )
        try:
            rows, words = _looked_at(str(build.folder), run.name, run.weights)
        except TriescopeError as error:
            st.error(state.said(str(error)))
            return
        st.markdown(f"{words[0].upper()}{words[1:]}.")
        three = st.column_config.NumberColumn(format="%.3f")
        st.dataframe(rows, hide_index=True, column_config=dict.fromkeys(rows.columns[2:], three))
        exports.offer("Layers, CSV", exports.csv(rows), f"{run.name}-layers.csv")
        commands.offer(commands.line(["layers", build.folder.name, run.name]))


@st.cache_data(max_entries=8, show_spinner="Patching layers")
def _looked_at(folder: str, name: str, weights: str) -> tuple[pd.DataFrame, str]:
    """The table of a run with these weights, and what is lost in words."""
    from engine.training.patching import of_run, told

    found = of_run(Path(folder), name)
    rows = [
        {"Block": one.block, "Layer": one.name, "Nats won back": one.nats.mean, "Low": one.nats.low, "High": one.nats.high}
        | {f"Level {level}": nats for level, nats in enumerate(one.levels, 1)}
        for one in found.layers
    ]
    return pd.DataFrame(rows), told(found)
