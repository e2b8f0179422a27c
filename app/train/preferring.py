"""The Train page's part on preferences: what was judged here moves a scorer, is held against what was held back, and undone."""

import pandas as pd
import streamlit as st

from app.common import commands, guard, jobs, state
from engine import workspace
from engine.builds import runs
from engine.builds.opened import Build
from engine.data.figures import told_p
from engine.data.halves import FEWEST
from engine.errors import TriescopeError
from engine.training.preferences import RUN


def job_name(build: Build) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"preferences on {build.folder.name}"


def offer(build: Build) -> None:
    """What was judged, the button that learns from it, what came of the last time, and the one that takes it back."""
    name = job_name(build)
    if (over := jobs.ended(name)) is not None:
        jobs.say_end(over, "The update failed", "The update was cancelled; nothing has changed.")
    if jobs.running(name):
        st.header("Learning from judgements")
        jobs.panel(name)
        return
    label = "Learn from what was judged here: a scorer updated by preferences"
    with st.expander(label, icon=":material/thumbs_up_down:", key="preferences", on_change="rerun") as box:
        if not box.open:
            return
        st.caption(
            "Documents that you judged on Compare say which is better for a query. Half of the queries move the default scorer, "
            "by pairs; the other half say what that was worth. The scorer before stays, and the update can be taken back. "
            "An experiment: where it was tried, nothing certain was gained."
        )
        try:
            judged = workspace.judged(build.catalogue)
        except TriescopeError as error:
            st.error(state.said(str(error)), icon=":material/broken_image:")
            return
        count = sum(map(len, judged.qrels.values()))
        st.write(f"{count:,} judgements of {len(judged.qrels):,} queries; {FEWEST} judged queries are needed.")
        with st.container(horizontal=True):
            if len(judged.qrels) >= FEWEST:
                arguments = (name, ["prefer", str(build.folder)])
                st.button("Learn", key="prefer", icon=":material/thumb_up:", on_click=jobs.start_command, args=arguments)
            if RUN in runs.names(build.folder):
                st.button("Undo", key="unprefer", icon=":material/undo:", on_click=_undo, args=(build,))
            commands.offer(commands.line(["prefer", build.folder.name]))
        if RUN in runs.names(build.folder):
            _shown(build)


def _shown(build: Build) -> None:
    """What the update was worth, on the queries that were held back."""
    try:
        run = runs.read(build.folder, RUN)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/broken_image:")
        return
    of, less = run.dev, run.dev.difference
    rows = [
        {"Scorer": name, of.measure: value.mean, "Low": value.low, "High": value.high}
        for name, value in (("centroid", of.centroid[of.measure]), (RUN, of.trained[of.measure]))
    ]
    three = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=dict.fromkeys((of.measure, "Low", "High"), three))
    gain = f"; {less.mean:+.3f} [{less.low:+.3f}, {less.high:+.3f}] to the centroid scorer, p {told_p(less)}" if less else ""
    st.caption(f"{state.plain(run.stopped.capitalize())}; on {of.queries:,} queries ({state.plain(of.source)}){gain}.")


@guard.changes
def _undo(build: Build) -> None:
    try:
        runs.remove(build.folder, RUN)
    except TriescopeError as error:
        st.session_state["train-said"] = str(error)
