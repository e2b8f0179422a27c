"""Asking for a verdict: the budget, the press that starts the job, and the same as a line for the shell."""

import streamlit as st

from app.common import address, commands, jobs
from engine.builds.opened import Build
from engine.verdict import measure

# A query that takes longer than this is no search any more.
MOST_MS = 10_000


def job_name(build: Build) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"verdict on {build.folder.name}"


def offer(build: Build) -> None:
    """The budget and the button."""
    name = job_name(build)
    address.within("budget", 1, MOST_MS, "budget")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        budget = st.number_input(
            "Budget of a query, ms",
            1,
            MOST_MS,
            round(measure.BUDGET_MS),
            key="budget",
            bind="query-params",
            width=200,
            help="What 95% of the queries may take at most, encoding included.",
        )
        flags = [f"--budget-ms={budget}"]
        # Not a callback: it would be given what was chosen the run before.
        if st.button("Ask for a verdict", type="primary", icon=":material/gavel:", disabled=jobs.running(name), key="ask"):
            jobs.start_command(name, ["verdict", str(build.folder), *flags])
            st.rerun()
        commands.offer(commands.line(["verdict", build.folder.name, *flags, "--out", "verdict.html"]))
    st.caption(f"It takes about {_time(measure.seconds(len(build.documents)))} here, in a process of its own, and is kept.")


def _time(seconds: int) -> str:
    """So many seconds in words.

    >>> _time(40), _time(130)
    ('40 seconds', '2 minutes')
    """
    return f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"
