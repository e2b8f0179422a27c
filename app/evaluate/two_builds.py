"""Which of two builds finds more of what is judged in both, retriever by retriever: asked after a press, by a link too."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.charts import differences
from app.common import address, commands, exports, guard, second, state
from app.compare import comparing
from engine.builds.opened import Build
from engine.data.figures import told, told_p
from engine.errors import TriescopeError
from engine.evaluation import two_builds
from engine.evaluation.measures import MEASURES
from engine.evaluation.two_builds import Figure
from engine.retrievers import usual

# Judged queries up to so many are asked while somebody waits; more are left to the shell.
MOST = 1000
# The split that both are asked, the retrievers, and the measure that is drawn.
ASKED, SPLIT, NAMES, MEASURE = "b-asked", "b-split", "b-retrievers", "b-by"


def show(a: Build, b: Build) -> None:
    """The section of the Evaluate page."""
    st.header(f"Beside build {state.plain(b.folder.name)}")
    st.caption(second.documents_told(a, b))
    ask(a, b)


def ask(a: Build, b: Build) -> None:
    """What to ask both, and what came out once they were asked."""
    splits = [split for split in a.corpus.qrels if split in b.corpus.qrels]
    if not splits:
        st.info("No split of judged queries is in both, so nobody can say which finds more.", icon=":material/rule:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        usually = "dev" if "dev" in splits else splits[0]
        split = str(
            st.selectbox(
                "Judged queries of both",
                splits,
                width=200,
                help="Choose by dev, report by test: whoever chooses by the queries that judge is flattered.",
                **address.own(SPLIT, address.one_of(SPLIT, splits, usually, "split of both"), (ASKED,)),
            )
        )
        names = _retrievers(a, b)
    few = len(a.corpus.qrels[split]) <= MOST
    with st.container(horizontal=True, vertical_alignment="center"):
        refused = not few or not names or guard.read_only()
        press: dict[str, Any] = {"on_click": state.focus, "args": (ASKED, split), "disabled": refused}
        st.button("Ask both", icon=":material/compare_arrows:", key="two-ask", **press)
        told_names = [part for name in names for part in ("--retriever", name)]
        commands.offer(commands.line(["versus", a.folder.name, b.folder.name, "--split", split, *told_names]))
    if not few:
        st.caption(f"More than {MOST:,} queries take longer than a page should: the command above asks them.")
    if state.parameter(ASKED) != split or refused:
        return
    try:
        queries, figures = _asked(a.version, b.version, str(a.folder), str(b.folder), split, tuple(names), a, b)
    except TriescopeError as error:
        st.error(state.said(str(error)), icon=":material/error:")
        return
    _draw(a, b, split, queries, figures)


def _retrievers(a: Build, b: Build) -> list[str]:
    """The field with those that both builds have."""
    there = comparing.offered(b)
    both = [name for name in comparing.offered(a) if name in there]
    asked = [name for name in dict.fromkeys(st.query_params.get_all(NAMES)) if name in both]
    now = [*asked] if asked else [name for name in usual() if name in both]
    return list(st.multiselect("Retrievers of both", both, max_selections=comparing.MOST, **address.own(NAMES, now, (ASKED,))))


def _draw(a: Build, b: Build, split: str, queries: int, figures: Sequence[Figure]) -> None:
    measure = str(st.segmented_control("Differences by", MEASURES, key=MEASURE, default=MEASURES[0], required=True))
    found = {of.retriever: of.difference for of in figures if of.measure == measure}
    picture, rows = st.columns([2, 3], gap="medium")
    drawn = differences.figure(found, measure)
    picture.plotly_chart(drawn, key="b-differences", alt=differences.describe(found, measure))
    frame = table(figures)
    rows.dataframe(frame[frame["Measure"] == measure], hide_index=True, alt="How well each finds what is judged")
    left = len({*a.corpus.qrels[split], *b.corpus.qrels[split]}) - queries
    st.caption(
        f"{queries:,} queries of {state.plain(split)} that are judged alike in both"
        + (f"; {left:,} that are not are left out" if left else "")
        + f", [95% interval]; p of the paired randomization test, corrected for all {len(figures)} comparisons of the table "
        "(Holm). A judged document that only one of them has counts as missed in the other. The file holds every measure."
    )
    exports.offer("Both builds, CSV", exports.csv(frame), "two-builds.csv")


def table(figures: Sequence[Figure]) -> pd.DataFrame:
    """A row a retriever and measure."""
    rows = [
        (of.retriever, of.measure, told(of.first), told(of.second), told(of.difference, sign=True), told_p(of.difference))
        for of in figures
    ]
    return pd.DataFrame(rows, columns=["Retriever", "Measure", "A", "B", "B − A", "Paired p"])


@st.cache_data(max_entries=8, show_spinner="Asking both")
def _asked(
    version: str, other: str, folder: str, its_folder: str, split: str, names: tuple[str, ...], _a: Build, _b: Build
) -> tuple[int, list[Figure]]:
    return two_builds.figures(_a, _b, split, names)
