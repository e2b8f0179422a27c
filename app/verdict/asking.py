"""Asking for a verdict: the budget, who judges, the press that starts the job, and the same as a line for the shell."""

import streamlit as st

from app.common import address, commands, jobs, owner
from engine import workspace
from engine.builds.opened import Build
from engine.verdict import judging, measure

# A query that takes longer than this is no search any more.
MOST_MS = 10_000


def job_name(build: Build) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"verdict on {build.folder.name}"


def offer(build: Build) -> None:
    """The budget and the button."""
    name = job_name(build)
    tied = address.within("budget", 1, MOST_MS, "budget")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        budget = st.number_input(
            "Budget of a query, ms",
            1,
            MOST_MS,
            round(measure.BUDGET_MS),
            key="budget",
            bind=tied,
            width=200,
            help="What 95% of the queries may take at most, encoding included.",
        )
        flags = [f"--budget-ms={budget}"]
        if splits := who_may_judge(build):
            address.known("judge", splits, "split")
            help = "What taught cannot judge. Where nothing is judged, queries made of the documents' own words do."
            judge = st.selectbox("Judged by", splits, key="judge", bind="query-params", width=160, help=help)
            flags += [f"--split={judge}"] if judge != splits[0] else []
        # Not a callback: it would be given what was chosen the run before.
        if st.button("Ask for a verdict", type="primary", icon=":material/gavel:", disabled=jobs.running(name), key="ask"):
            jobs.start_command(name, ["verdict", str(build.folder), *flags])
            st.rerun()
        commands.offer(commands.line(["verdict", build.folder.name, *flags, "--out", "verdict.html"]))
    st.caption(f"It takes about {_time(measure.seconds(len(build.documents)))} here, in a process of its own, and is kept.")


def who_may_judge(build: Build) -> list[str]:
    """Splits of judged queries, the one first that judges where none is named: those of the build that taught nobody, what was
    judged here, and what was brought along."""
    own = [name for name, queries in build.manifest.corpus.queries.items() if queries and name != judging.TRAIN]
    mine = [workspace.SPLIT] if workspace.judged(build.catalogue, owner.owner()).qrels else []
    usual = [name for name in (judging.TEST, judging.DEV) if name in own]
    return list(dict.fromkeys([*usual, *own, *mine, *workspace.query_sets.listed(owner.shelf(build))]))


def _time(seconds: int) -> str:
    """So many seconds in words.

    >>> _time(40), _time(130)
    ('40 seconds', '2 minutes')
    """
    return f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"
