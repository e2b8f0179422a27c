"""Two builds side by side on the page Builds: what differs, how much of the identifiers is kept, and which finds more."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.common import address, commands, exports, guard, resources, state
from engine.builds.opened import Build
from engine.data.figures import told, told_p
from engine.errors import TriescopeError
from engine.evaluation import two_builds
from engine.retrievers import usual

# Judged queries up to so many are asked while somebody waits; more are left to the shell.
MOST = 1000


def offer(names: Sequence[str], chosen: str) -> None:
    """Two pickers, and what is known of the two."""
    other = next(name for name in names if name != chosen)
    with st.container(horizontal=True):
        a = st.selectbox("A", names, width=300, **address.own("a-build", address.one_of("a-build", names, chosen, "build A")))
        b = st.selectbox("B", names, width=300, **address.own("b-build", address.one_of("b-build", names, other, "build B")))
    if a == b:
        st.caption("A build is itself: choose another.")
        return
    try:
        first, second = resources.opened(a), resources.opened(b)
        found = _beside(first.version, second.version, a, b, first, second)
    except TriescopeError as error:
        st.error(state.plain(str(error)), icon=":material/error:")
        return
    of = found.documents
    st.write(
        f"Documents in both: {of.both:,}, changed {of.changed:,}; only in {state.plain(a)}: {of.only_first:,}; only in "
        f"{state.plain(b)}: {of.only_second:,}."
    )
    left, right = st.columns(2, gap="medium")
    if found.asked:
        left.dataframe(
            pd.DataFrame([(name, _told(one), _told(two)) for name, one, two in found.asked], columns=["Setting", "A", "B"]),
            hide_index=True,
            alt="What the two were asked for otherwise",
        )
    else:
        left.caption("They were asked for alike.")
    right.dataframe(
        pd.DataFrame(found.kept, columns=["Codes", "Same", "Same after renaming"]),
        hide_index=True,
        column_config={
            "Codes": st.column_config.NumberColumn("First codes"),
            "Same": st.column_config.NumberColumn(format="percent", help="Documents whose first codes are the same in both."),
            "Same after renaming": st.column_config.NumberColumn(
                format="percent",
                help="The same once the codes of one are renamed as well as can be: what is lost even then has moved. Empty "
                "where there are too many groups to match.",
            ),
        },
        alt="Share of documents that keep their identifier, by depth",
    )
    right.caption(
        "The first rows tell most: with all codes every identifier is its own, so that any one can be renamed to any other."
    )
    _figures(a, b, first, second)


def _told(value: object) -> str:
    return "" if value is None else ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _figures(a: str, b: str, first: Build, second: Build) -> None:
    """Which finds more of what is judged in both, after a press."""
    splits = [split for split in first.corpus.qrels if split in second.corpus.qrels]
    if not splits:
        st.caption("No split of judged queries is in both, so nobody can say which finds more.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.selectbox("Judged queries", splits, key="two-split", width=200)
        few = len(first.corpus.qrels[split]) <= MOST
        pressed = st.button("Ask both", icon=":material/compare_arrows:", key="two-ask", disabled=not few or guard.read_only())
        commands.offer(commands.line(["versus", a, b, "--split", split]))
    if not few:
        st.caption(f"More than {MOST:,} queries take longer than a page should: the command above asks them.")
    key = (first.version, second.version, a, b, split)
    if pressed:
        st.session_state["two-asked"] = key
    if st.session_state.get("two-asked") != key:
        return
    try:
        queries, figures = _asked(*key, first, second)
    except TriescopeError as error:
        st.error(state.plain(str(error)), icon=":material/error:")
        return
    frame = pd.DataFrame(
        [
            (of.retriever, of.measure, told(of.first), told(of.second), told(of.difference, sign=True), told_p(of.difference))
            for of in figures
        ],
        columns=["Retriever", "Measure", "A", "B", "B − A", "Paired p"],
    )
    st.dataframe(frame, hide_index=True, height="content", alt="How well each finds what is judged")
    st.caption(
        f"{queries:,} queries that are judged alike in both, [95% interval]; a p below .05 says that the difference is more than "
        "chance, where it is the only one that is looked at."
    )
    exports.offer("Figures, CSV", exports.csv(frame), "two-builds.csv")


@st.cache_data(max_entries=8, show_spinner="Holding the two against each other")
def _beside(version: str, other: str, a: str, b: str, _first: Build, _second: Build) -> two_builds.Beside:
    return two_builds.beside(_first, _second)


@st.cache_data(max_entries=8, show_spinner="Asking both")
def _asked(
    version: str, other: str, a: str, b: str, split: str, _first: Build, _second: Build
) -> tuple[int, list[two_builds.Figure]]:
    return two_builds.figures(_first, _second, split, usual())
