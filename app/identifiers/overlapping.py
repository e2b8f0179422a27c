"""Documents in several leaves, on the Identifiers page: what a narrow beam then finds, and what it costs."""

import pandas as pd
import streamlit as st

from app.charts import widths
from app.common import commands, exports, jobs, state
from engine.builds.opened import Build
from engine.data.figures import told, told_p
from engine.errors import TriescopeError
from engine.studies import overlap
from engine.studies.overlap import KEPT, MEASURE, Overlap


def show(build: Build) -> None:
    """What was found, or the press that finds it out."""
    job = f"overlap-{build.folder.name}"
    st.header("A document in two or three leaves")
    try:
        found = overlap.read(build)
    except TriescopeError as error:
        st.error(state.said(str(error)))
        found = None
    if over := jobs.ended(job):
        jobs.say_end(over, "It failed", "It was cancelled; nothing of it was kept.")
    jobs.panel(job)
    if found:
        _found(found)
    else:
        st.write(
            "A document between two clusters lies in one of them, and a narrow beam that took the other one misses it. Put below "
            "both it is found, at the price of a larger tree."
        )
    splits = [name for name, queries in build.manifest.corpus.queries.items() if queries]
    if not splits:
        st.caption("It is measured on judged queries, and this catalogue has none.")
        return
    arguments = ["overlap", str(build.folder), "--split", "dev" if "dev" in splits else splits[0]]
    with st.container(horizontal=True):
        if not jobs.running(job):
            label = "Measure it again" if found else "Measure it (some seconds)"
            icon = ":material/refresh:" if found else ":material/account_tree:"
            st.button(label, on_click=jobs.start_command, args=(job, arguments), icon=icon, key="overlap")
        commands.offer(commands.line(["overlap", build.folder.name, *arguments[2:]]))
        if found:
            exports.offer("Leaves, CSV", exports.csv(table(found)), "leaves.csv")


def table(found: Overlap) -> pd.DataFrame:
    """A row a tree and width."""
    return pd.DataFrame(
        {
            "Tree": tree.name,
            "Nodes": tree.nodes,
            "MB": tree.bytes / 1e6,
            "Beams": at.beams,
            **{measure: told(of) for measure, of in at.measures.items()},
            "Nodes scored": at.scored,
            f"Gain in {MEASURE}": told(at.gain, sign=True) if at.gain else "",
            "p": told_p(at.gain) if at.gain else "",
        }
        for tree in found.trees
        for at in tree.at
    )


def _found(found: Overlap) -> None:
    lines = {
        tree.name: [{"beams": at.beams, "measures": {name: of._asdict() for name, of in at.measures.items()}} for at in tree.at]
        for tree in found.trees
    }
    for column, measure in zip(st.columns(2, gap="medium"), (KEPT, MEASURE), strict=True):
        column.plotly_chart(
            widths.quality(lines, measure), key=f"overlap-{measure.split()[0]}", alt=widths.describe(lines, measure)
        )
    st.caption(
        f"Left the share of the ten nearest of exact search that are found, right {MEASURE}; {found.queries:,} "
        f"{state.plain(found.split)} queries, 95% intervals. {found.documents:,} documents in {found.clusters:,} clusters, the "
        "further leaves below the nearest other clusters (JTR, Li et al. 2023) or, as a control of that size, below any. More "
        f"leaves are more work at the same width; the table says how much. Seed {found.seed}; {state.plain(found.device)}."
    )
    with st.expander("The pictures as a table", key="overlap-table"):
        two = st.column_config.NumberColumn(format="%.1f")
        st.dataframe(table(found), hide_index=True, column_config={"MB": two, "Nodes scored": two})
