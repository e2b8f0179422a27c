"""The jobs of this server, in the header of every page: what works, what waits, how each ended, and why."""

import streamlit as st

from app.common import guard, jobs, owner, stages, state
from engine.jobs.found import FoundJob
from engine.jobs.registry import AnyJob

ICONS = {
    "waiting": ":material/hourglass_empty:",
    "running": ":material/play_circle:",
    "done": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
    "interrupted": ":material/power_off:",
}


def offer() -> None:
    """A button that opens the list; nothing where no job was started since the server was."""
    known = jobs.registry().all()
    if not known:
        return
    at_work = sum(job.running() for job in known)
    lost = sum(job.told().state == "interrupted" for job in known)
    quiet = f"{lost} interrupted" if lost else "Jobs"
    label = f"{at_work} job{'s' if at_work > 1 else ''} at work" if at_work else quiet
    with st.popover(label, icon=":material/pending_actions:", key="jobs"):
        _list()


@st.fragment(run_every=2)
def _list() -> None:
    known = jobs.registry().all()
    for job in reversed(known):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_told(job), width=420)
            if owner.of_another(job):
                continue
            if job.running():
                st.button("Stop", on_click=guard.changes(job.cancel), key=f"jobs-cancel-{job.name}", type="tertiary")
            elif job.told().state == "interrupted" and isinstance(job, FoundJob):
                key = f"-{job.name}"
                st.button("Resume", on_click=jobs.resume, args=(job,), key=f"jobs-resume{key}", type="tertiary")
                st.button("Give up", on_click=jobs.give_up, args=(job,), key=f"jobs-give-up{key}", type="tertiary")
    st.caption(
        "One is at work at a time; the others wait in this order. The list is of this server and of what one before it left, "
        "whoever started them."
    )


def _told(job: AnyJob) -> str:
    """A job in a line of Markdown: what it is, how far, or how it ended; of somebody else's only whether it is over."""
    told = job.told()
    if owner.of_another(job):
        return f"{ICONS['waiting']} busy: somebody else's" if job.running() else f"{ICONS['done']} somebody else's, over"
    name = f"**{state.plain(job.name)}**" + (f" ({state.plain(job.label)})" if job.label and job.label not in job.name else "")
    if told.state == "running":
        counted = f", {told.done:,} of {told.total:,}" if told.total else ""
        how = f"{told.share:.0%}: {stages.told(told.stage)}{counted}, {job.seconds():.0f} s"
    else:
        lost = f"interrupted at {told.share:.0%}; the same command goes on from what was whole"
        how = {"waiting": "waits", "done": "done", "cancelled": "cancelled", "interrupted": lost}.get(
            told.state, f"failed: {told.message}"
        )
    return f"{ICONS[told.state]} {name} · {state.said(how)}"
