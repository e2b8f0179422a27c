"""What the Compare page sets side by side: one column a retriever, searched and timed; a document followed through them."""

import statistics
import time
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from app.common import state
from engine import retrievers
from engine.builds import runs
from engine.builds.opened import Build, Hit
from engine.decoding.exact import exact_search
from engine.errors import TriescopeError
from engine.explaining.survival import survival, verdict

PLAIN = ("bm25", "dense", "generative", "hybrid")
SAYS = {
    "bm25": "keywords: words in common, rare ones count more",
    "dense": "vectors: nearest of all documents, exact",
    "generative": "writes identifiers, one code at a time",
    "hybrid": "fuses the three by rank",
}
# Columns shown unless others are chosen, and the most that can be.
SHOWN, MOST = 5, 7
# A retriever is timed so often, or for so long: one that runs a language model would keep the page waiting.
REPEATS, FEWEST, SECONDS = 20, 3, 0.6


class Column(NamedTuple):
    """Results of one retriever; ``search_ms`` is the median of ``repeats`` warm runs. An error leaves the rest empty."""

    hits: list[Hit]
    search_ms: float
    repeats: int
    error: str = ""


def offered(build: Build) -> list[str]:
    """Names of the columns there can be; with a trained scorer, every scorer has its own."""
    names = build.scorer_names if len(build.scorer_names) > 1 else []
    return [*PLAIN, *(f"{kind}:{name}" for kind in retrievers.DECODING for name in names)]


def choose(build: Build) -> list[str]:
    """The field that chooses columns; the page stops with a hint while none is chosen."""
    default = build.default_scorer
    others = [*build.scorer_names[1:], runs.CENTROID]
    first = [*PLAIN, *(f"generative:{name}" for name in others if name != default)][:SHOWN]
    chosen = st.multiselect(
        "Columns",
        offered(build),
        first,
        key=state.COLUMNS,
        bind="query-params",
        max_selections=MOST,
        help="`generative` and `hybrid` decode with the build's default scorer, `generative:NAME` with the scorer named.",
    )
    if not chosen:
        st.info("Choose at least one column above.", icon=":material/view_column:")
        st.stop()
    return chosen


def says(build: Build, name: str) -> str:
    """A retriever in a line."""
    kind, scorer = retrievers.split_name(name)
    if kind not in retrievers.DECODING or len(build.scorer_names) == 1:
        return SAYS[kind]
    return f"{SAYS[kind]}; scorer {scorer}" if scorer else f"{SAYS[kind]}; the default scorer, {build.default_scorer}"


def short(name: str) -> str:
    """A retriever's name where many of them stand in a line: that of its scorer, if one is named.

    >>> short("bm25"), short("generative:node"), short("hybrid:node")
    ('bm25', 'node', 'hybrid:node')
    """
    return name.removeprefix("generative:")


def column(build: Build, query: str, name: str, k: int, beams: int, vector: np.ndarray) -> Column:
    """Search and time one retriever; asked again, it says what it measured the first time."""
    kind, scorer = retrievers.split_name(name)
    try:
        stamp = runs.stamp(build.folder, scorer or build.default_scorer) if kind in retrievers.DECODING else ""
        return _column(str(build.folder), build.manifest.created, name, stamp, query, k, beams, build, vector)
    except TriescopeError as error:
        return Column([], 0.0, 0, str(error))


@st.cache_data(max_entries=256, show_spinner="Searching and timing")
def _column(
    folder: str, created: str, name: str, stamp: str, query: str, k: int, beams: int, _build: Build, _vector: np.ndarray
) -> Column:
    found = _build.search(query, name, k, beams, _vector)[0]  # opens what it needs, so it is not timed
    times: list[float] = []
    start = time.perf_counter()
    while len(times) < FEWEST or (len(times) < REPEATS and time.perf_counter() - start < SECONDS):
        times.append(_build.search(query, name, k, beams, _vector)[1]["search"])
    return Column(found, statistics.median(times), len(times))


def grades_of(build: Build, query: str) -> dict[str, int]:
    """Judgements of a query that was judged word for word; empty for any other."""
    judged = {i for i, text in build.corpus.queries.items() if text == query}
    return next((grades[i] for grades in build.corpus.qrels.values() for i in grades if i in judged), {})


def follow(build: Build, query: str, names: list[str], pinned: str, beams: int, vector: np.ndarray) -> None:
    """A pinned document: its rank in every column, and where each decode lost it.

    Raises
    ------
    TriescopeError
        A scorer cannot be opened.
    """
    row = build.row_of[pinned]
    path = build.trie.path(row)
    st.text(f"{build.corpus.documents[row].title or pinned} · identifier {build.identifier(row) or 'none'}")
    decoding = [name for name in names if retrievers.split_name(name)[0] == "generative"]
    with st.container(horizontal=True):
        for name in names:
            kind = retrievers.split_name(name)[0]
            depth = 100 if kind in retrievers.DECODING else len(build.corpus.documents)
            hits = build.search(query, name, depth, beams, vector)[0]
            place = next((hit.rank for hit in hits if hit.id == pinned), None)
            st.metric(f"{name} rank", place or {"generative": "cut", "hybrid": "> 100"}.get(kind, "not found"), width="content")
        for name in decoding:
            scorer = build.scorer(retrievers.split_name(name)[1])
            leaves, _ = exact_search(build.trie, scorer, build.query_for(scorer, query, vector))
            exact = int((leaves == path[-1]).argmax()) + 1 if path else "no identifier"
            of = "" if len(decoding) == 1 else f"{name} "
            st.metric(f"{of}rank if nothing were cut", exact, width="content")
    table = pd.DataFrame()
    for name in decoding:
        trace = build.decode(query, beams, vector, scorer=retrievers.split_name(name)[1])
        stages = survival(trace, build.trie, row)
        st.write(verdict(stages, beams) if len(decoding) == 1 else f"{state.plain(name)}: {verdict(stages, beams)}")
        if table.empty:
            levels = [(stage.level, stage.code, build.names[stage.node]) for stage in stages]
            table = pd.DataFrame(levels, columns=["Level", "Code", "Words"])
        of = "" if len(decoding) == 1 else f", {name}"
        table[f"Rank among candidates{of}"] = pd.array([stage.rank for stage in stages], "Int64")
        table[f"Fate{of}"] = ["kept" if stage.kept else "cut" if stage.rank else "gone" for stage in stages]
    if decoding:
        st.dataframe(table, hide_index=True)
