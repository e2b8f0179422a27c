"""The form of the Evaluate page: which retrievers, on which judged queries, by which measures; and the job that runs it."""

from collections.abc import Sequence

import streamlit as st

from app.common import address, commands, jobs, owner, state
from app.compare import comparing
from engine import workspace
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.evaluation.measures import MEASURES, parse
from engine.evaluation.widths import WIDTHS
from engine.retrievers import method_of, usual

# Others can be typed: any measure of ir-measures by its name, and any retriever by its.
OFFERED = (*MEASURES, "AP", "P@10", "nDCG@20", "R@1000", "RBP(p=0.8)", "Judged@10")
MOST = 8


def job_name(build: Build) -> str:
    """Name of the job; a build's name has no blank, so none is mistaken for it."""
    return f"evaluation of {build.folder.name}"


def offer(build: Build) -> None:
    """The form and the button that starts it; a build without judged queries says what it lacks."""
    counts = {name: queries for name, queries in build.manifest.corpus.queries.items() if queries}
    if (judged := workspace.judged(build.catalogue, owner.owner())).qrels:
        counts.setdefault(workspace.SPLIT, len(judged.qrels))
    counts |= workspace.query_sets.listed(owner.shelf(build))
    if not counts:
        st.info(
            "This catalogue has no judged queries, so there is nothing to measure against. Bring some below, or judge on "
            "Compare: pin a document and press 0, 1 or 2.",
            icon=":material/rule:",
        )
        return
    splits = list(counts)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        address.known("split", splits, "split")
        first = splits.index("dev") if "dev" in splits else 0
        split = st.selectbox(
            "Judged queries",
            splits,
            first,
            key="split",
            bind="query-params",
            width=220,
            help="Choose by dev, report by test: whoever chooses by the queries that judge is flattered.",
        )
        with st.container(width=300):
            beams = address.choose_beams(build)
    st.caption("Judged queries: " + ", ".join(f"{state.plain(name)} {count:,}" for name, count in counts.items()))
    names = st.multiselect(
        "Retrievers", comparing.offered(build), usual(), max_selections=MOST, accept_new_options=True, key="evaluated"
    )
    runs = workspace.runs.listed(owner.shelf(build))
    others = st.multiselect("Runs of other systems", list(runs), key="others") if runs else []
    measures = st.multiselect("Measures", OFFERED, MEASURES, accept_new_options=True, key="measures")
    try:
        for one in names:
            method_of(one)
        for one in measures:
            parse(one)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        return
    if not names or not measures:
        st.info("Choose at least one retriever and one measure.", icon=":material/checklist:")
        return
    told = f"Those that have a beam: {', '.join(map(str, WIDTHS))} beams."
    widths = st.toggle("At several beam widths too", key="widths", help=told)
    by = st.selectbox(
        "Whom they show, by a column",
        [name for name in build.columns.names if name not in ("id", "title")],
        None,
        key="shown-by",
        width=300,
        placeholder="none",
        help="Share of the first ten places of each value, held against its share of the documents and of what is relevant.",
    )
    flags = [
        *arguments(split, names, beams, measures, others),
        *(["--widths"] if widths else []),
        *([f"--by={by}"] if by else []),
    ]
    name = job_name(build)
    begun = ["evaluate", str(build.folder), *flags, "--keep"]
    with st.container(horizontal=True, vertical_alignment="center"):
        # Not a callback: it would be given what was chosen the run before.
        if st.button("Evaluate", type="primary", icon=":material/fact_check:", disabled=jobs.running(name), key="evaluate"):
            jobs.start_command(name, begun)
            st.rerun()
        commands.offer(commands.line(["evaluate", build.folder.name, *flags]))


def texts(build: Build, split: str) -> dict[str, str]:
    """Query id -> text: those of the catalogue, and those that were judged here or brought along under the name of a split."""
    corpus = build.catalogue
    brought = workspace.query_sets.read(owner.shelf(build), split)
    return {**build.corpus.queries, **workspace.judged(corpus, owner.owner()).queries, **(brought.queries if brought else {})}


def arguments(split: str, names: Sequence[str], beams: int, measures: Sequence[str], others: Sequence[str] = ()) -> list[str]:
    """What is asked as flags of the shell's ``evaluate``.

    >>> arguments("dev", ["bm25"], 100, ["nDCG@10"])
    ['--split=dev', '--retriever=bm25', '--beams=100', '--measure=nDCG@10']
    >>> arguments("dev", ["bm25"], 100, [], ["theirs"])[-1]
    '--run=theirs'
    """
    return [
        f"--split={split}",
        *(f"--retriever={name}" for name in names),
        f"--beams={beams}",
        *(f"--measure={one}" for one in measures),
        *(f"--run={one}" for one in others),
    ]
