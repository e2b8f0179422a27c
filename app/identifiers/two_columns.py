"""Two columns of vectors, on the Identifiers page: one identifier over both, or one in each."""

import pandas as pd
import streamlit as st

from app.charts import widths
from app.common import commands, exports, jobs, state
from engine.builds.opened import Build
from engine.data.figures import told, told_p
from engine.errors import TriescopeError
from engine.studies import columns
from engine.studies.columns import EXACT, MEASURE, Columns


def show(build: Build) -> None:
    """What was found, or the press that finds it out."""
    with st.expander("A second column of vectors", icon=":material/view_column_2:", key="two-columns", on_change="rerun") as box:
        if not box.open:
            return
        job = f"columns of {build.folder.name}"
        if over := jobs.ended(job):
            jobs.say_end(over, "It failed", "It was cancelled; nothing of it was kept.")
        jobs.panel(job)
        st.write(
            "A document may have two vectors, here of its title and of its text; the shell takes a file of others. Early fusion "
            "lays both end to end and fits one identifier; late fusion fits one in each and adds the scores."
        )
        try:
            found = columns.read(build)
        except TriescopeError as error:
            st.error(state.said(str(error)), icon=":material/broken_image:")
            found = None
        if found:
            _found(found)
        splits = [name for name, queries in build.manifest.corpus.queries.items() if queries]
        if not splits:
            st.caption("It is measured on judged queries, and this catalogue has none.")
            return
        arguments = ["columns", str(build.folder), "--split", "dev" if "dev" in splits else splits[0]]
        with st.container(horizontal=True):
            if not jobs.running(job):
                label = "Measure both again" if found else "Measure both ways (some seconds)"
                st.button(
                    label, on_click=jobs.start_command, args=(job, arguments), icon=":material/science:", key="measure-columns"
                )
            commands.offer(commands.line(["columns", build.folder.name, *arguments[2:]]))
            if found:
                exports.offer("Columns, CSV", exports.csv(table(found)), "columns.csv")


def table(found: Columns) -> pd.DataFrame:
    """A row a way and width."""
    return pd.DataFrame(
        {
            "Way": way.name,
            "Beams": at.beams,
            MEASURE: told(at.mean),
            "Less early": told(at.gain, sign=True) if at.gain else "",
            "p": told_p(at.gain) if at.gain else "",
        }
        for way in found.ways
        for at in way.at
    )


def _found(found: Columns) -> None:
    lines = {
        way.name: [{"beams": at.beams, "measures": {MEASURE: at.mean._asdict()}} for at in way.at]
        for way in found.ways
        if way.name != EXACT
    }
    st.plotly_chart(widths.quality(lines, MEASURE), key="columns-picture", alt=widths.describe(lines, MEASURE))
    exact = found.ways[-1].at[0]
    st.caption(
        f"{found.queries:,} {state.plain(found.split)} queries, 95% intervals; columns {state.plain(found.first)} and "
        f"{state.plain(found.second)}, the second with a weight of {found.share:g}. Beams are all that a way has: late fusion "
        f"gives each tree half. Exact search by the sum of both has {told(exact.mean)}. Seed {found.seed}; "
        f"{state.plain(found.device)}."
    )
    st.dataframe(table(found), hide_index=True, height=280)
