"""How long each retriever searches: measured when someone asks for it, after the lists have been drawn."""

import statistics
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from app.charts import latency
from app.common import resources, state
from app.compare import comparing
from engine.builds.opened import Build
from engine.evaluation import device

# A retriever is timed so often, or for so long: one that runs a language model would keep the page waiting.
REPEATS, FEWEST, SECONDS = 20, 3, 0.6
ASKED = "timing-asked"


class Timing(NamedTuple):
    """Median of ``repeats`` warm searches, ms."""

    ms: float
    repeats: int


def show(
    build: Build, query: str, names: Sequence[str], k: int, beams: int, vector: np.ndarray, allowed: str, encode_ms: float
) -> None:
    """The button, and what was measured once it is pressed for this question."""
    question = (build.folder.name, build.version, query, tuple(names), k, beams, allowed)
    st.header("Where the time goes")
    if st.session_state.get(ASKED) != question:
        seconds = f"{SECONDS * len(names):.0f} s at most unless a retriever is slow"
        st.button("Time each search", icon=":material/timer:", on_click=_ask, args=(question,), key="time-them")
        st.caption(f"Up to {REPEATS} warm runs of each, one after the other; {seconds}.")
        return
    found = {name: timed(build, query, name, k, beams, vector, allowed) for name in names}
    st.plotly_chart(latency.figure(_ms(found)), key="latency", alt=latency.describe(_ms(found)))
    fewer = ", ".join(f"{one.repeats} of {name}" for name, one in found.items() if one.repeats < REPEATS)
    told = state.plain(f" ({fewer})") if fewer else ""
    once = ""
    if any(build.retriever(name, beams).needs_vectors for name in names):
        once = f" {resources.encoding_told(encode_ms)} That is the same for all that need a vector, and not in the bars."
    st.caption(
        f"Medians of {REPEATS} warm runs{told}, one query at a time, on a logarithmic scale. What a scorer reads of the query's "
        f"text counts as its search.{once} {device()}."
    )
    with st.expander("The picture as a table"):
        st.dataframe(
            pd.DataFrame([(name, one.ms, one.repeats) for name, one in found.items()], columns=["Retriever", "ms", "Runs"]),
            hide_index=True,
            column_config={"ms": st.column_config.NumberColumn(format="%.3f")},
        )


def _ask(question: tuple) -> None:
    st.session_state[ASKED] = question


def _ms(found: Mapping[str, Timing]) -> dict[str, float]:
    return {name: one.ms for name, one in found.items()}


def timed(build: Build, query: str, name: str, k: int, beams: int, vector: np.ndarray, allowed: str = "") -> Timing:
    """Time one retriever under a filter; asked again, it says what was measured the first time."""
    return _timed(comparing.question(build, query, name, k, beams, allowed, vector), build, vector)


@st.cache_data(max_entries=256, show_spinner="Timing")
def _timed(asked: comparing.Question, _build: Build, _vector: np.ndarray) -> Timing:
    comparing.search(_build, asked, _vector)  # opens what it needs, so it is not timed
    times: list[float] = []
    start = time.perf_counter()
    while len(times) < FEWEST or (len(times) < REPEATS and time.perf_counter() - start < SECONDS):
        times.append(comparing.search(_build, asked, _vector)[1]["search"])
    return Timing(statistics.median(times), len(times))
