"""Which documents come back at all, on the Evaluate page: the share that is reached, what is lost, and the job that looks."""

import pandas as pd
import streamlit as st

from app.common import commands, documents, exports, jobs, state
from engine.builds.opened import Build
from engine.data.figures import told
from engine.errors import TriescopeError
from engine.evaluation import kept_reachability
from engine.evaluation.kept_reachability import KeptReachability
from engine.evaluation.reachability import LISTED, SAMPLE

TITLE = "Which documents come back at all"


def job_name(build: Build) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"reachability of {build.folder.name}"


def show(build: Build) -> None:
    """The job where one runs, what was found last, and the button that looks anew."""
    name = job_name(build)
    if (job := jobs.ended(name)) is not None:
        jobs.say_end(job, "Looking for what comes back failed", "Looking was cancelled; nothing of it was kept.")
    if jobs.running(name):
        st.header("Looking for what comes back")
        jobs.panel(name)
        return
    with st.expander(TITLE, icon=":material/travel_explore:", key="reached-box", on_change="rerun") as box:
        if box.open:
            _inside(build)


def _inside(build: Build) -> None:
    st.caption(
        "A document that no query brings is lost, however good the lists look. It is reached where at least one of the queries "
        f"that it was judged to answer, or its title, is answered with it. Up to {SAMPLE:,} documents of each kind are drawn."
    )
    try:
        found = kept_reachability.read(build)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/broken_image:")
        found = None
    if found:
        _found(build, found)
    arguments = ["reachability", build.folder.name, "--keep"]
    with st.container(horizontal=True, vertical_alignment="center"):
        label = "Look anew" if found else "Look for what comes back"
        pressed = st.button(label, icon=":material/play_arrow:", key="reached-start")
        commands.offer(commands.line(arguments))
    if pressed:
        jobs.start_command(job_name(build), ["reachability", str(build.folder), "--keep"], label="reachability")
        st.rerun()


def _found(build: Build, found: KeptReachability) -> None:
    if found.version != build.version:
        st.info("Documents came or went since this was measured.", icon=":material/history:")
    rows = kept_reachability.rows_of(found)
    shown = pd.DataFrame(
        [
            {key if not key.isdecimal() else f"First {key}": told(of) if key.isdecimal() else of for key, of in row.items()}
            for row in rows
        ]
    )
    st.dataframe(shown, hide_index=True)
    st.caption(
        f"Share of the documents, with its 95% interval (Wilson); beam {found.beams}, seed {found.seed}. "
        f"{found.unreached:,} of {found.looked_at:,} documents that were asked for come back to {state.plain(found.retriever)} "
        f"neither for their title nor for a query. {state.plain(found.device)}."
    )
    exports.offer("Reachability, JSON", exports.as_json(found.model_dump(mode="json")), "reachability.json")
    if not found.listed:
        return
    lost = pd.DataFrame(
        [
            {"Document": one.title or one.id, "Asked for by": one.asked_by, "Why not": one.why, "Id": one.id}
            for one in found.listed
        ]
    )
    taken = st.dataframe(lost, hide_index=True, key="reached-lost", on_select="rerun", selection_mode="single-row", height=300)
    chosen = taken["selection"]["rows"]
    identifier = lost["Id"].iloc[chosen[0]] if chosen else ""
    if identifier and identifier in build.row_of:
        asks = {state.QUERY: documents.title(build, identifier), state.DOCUMENT: identifier, state.BEAMS: str(found.beams)}
        st.page_link(state.DECODE, label="See where it is cut", icon=":material/conversion_path:", query_params=asks)
    else:
        first = f"The first {LISTED} of them. " if found.unreached > len(found.listed) else ""
        st.caption(f"{first}Choose a row to see where its own title loses it.")
