"""What the Compare page sets side by side: one column a retriever."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import streamlit as st

from app.common import address, state
from app.common.beside_dense import told
from engine.builds import runs
from engine.builds.hits import Hit, evidence
from engine.builds.opened import Build
from engine.builds.results import Results
from engine.errors import TriescopeError
from engine.retrievers import RETRIEVERS, method_of, usual
from engine.text import models
from engine.text.matched import Snippet, snippet, wanted

# Columns shown unless others are chosen, and the most that can be.
SHOWN, MOST = 4, 7


class Column(NamedTuple):
    """Results of one retriever, and of each the part of its text with the words of the query, and what speaks for it. An error
    leaves the rest empty."""

    hits: list[Hit]
    snippets: list[Snippet]
    evidence: list[str]
    error: str = ""


class Question(NamedTuple):
    """A search of one retriever: the build and when it was made, the retriever, what it reads that may be made anew, and what is
    asked, the hash of the query's vector with it, for turns move that. Equal questions have equal answers."""

    folder: str
    created: str
    name: str
    stamp: str
    query: str
    k: int
    beams: int
    allowed: str
    vector: str = ""


def offered(build: Build) -> list[str]:
    """Names of the columns there can be; with a trained scorer, every scorer has its own."""
    names = build.scorer_names if len(build.scorer_names) > 1 else []
    judged = build.manifest.corpus.queries
    there = [
        name
        for name, method in RETRIEVERS.items()
        if all(judged.get(split) for split in method.splits) and method.there(build.folder) and not method.model
    ]
    named = {method: models.names(method.model) for method in RETRIEVERS.values() if method.model}
    alone = [f"{method.name}:{name}" for method, known in named.items() if method.there(build.folder) for name in known]
    readers = [f"{method.name}:{name}" for method, known in named.items() if not method.there(build.folder) for name in known]
    read = [f"{first}~{reader}" for first in ("bm25", "dense") for reader in readers]
    return [
        *there,
        *alone,
        *read,
        *(f"{method.name}:{name}" for method in RETRIEVERS.values() if method.takes_scorer for name in names),
    ]


def shown_first(build: Build) -> list[str]:
    """Columns unless others are chosen: the usual retrievers; the last one makes place for the best trained scorer where there
    is one and another decodes: with the centroid scorer, `generative` hardly differs from `dense`."""
    best = runs.best(build.folder)
    other = [f"generative:{best}"] if best and best != build.default_scorer else []
    return [*usual()[: SHOWN - len(other)], *other]


def choose(build: Build) -> list[str]:
    """The field that chooses columns; the page stops with a hint while none is chosen."""
    asked = st.query_params.get_all(state.COLUMNS)
    emptied = asked == [""]
    wrong = [] if emptied else [name for name in asked if not _can_be(build, name)]
    if wrong:
        address.say(state.COLUMNS, f"{len(wrong)} of the columns that the address asks for cannot be had, and are left out.")
    if len(asked) > MOST:
        st.warning(f"{MOST} of the {len(asked)} columns of the address are shown.", icon=":material/link_off:")
    usable = list(dict.fromkeys(name for name in asked if name not in wrong))[:MOST]
    now = [] if emptied else usable or shown_first(build)
    chosen = st.multiselect(
        "Columns",
        list(dict.fromkeys([*offered(build), *now])),
        max_selections=MOST,
        **address.own(state.COLUMNS, now),
        accept_new_options=True,
        help="`generative` and `hybrid` decode with the build's default scorer, `generative:NAME` with the scorer named. Others "
        "can be typed: `bm25:k1=0.9,b=0.4,method=atire`, a fusion, `.3*bm25+.7*dense`, or one list in the order of another, "
        "`bm25~dense`; `bm25~cross:NAME` has it ordered by a cross-encoder.",
    )
    if not chosen:
        st.info("Choose at least one column above.", icon=":material/view_column:")
        st.stop()
    return chosen


def _can_be(build: Build, name: str) -> bool:
    """Whether a name of the address is that of a column."""
    try:
        named = method_of(name)[1]
    except TriescopeError:
        return False
    return not named.scorer or named.scorer in build.scorer_names


def pinned(build: Build, name: str) -> str:
    """A column's name that means the same on another day: with its scorer, where it decodes.

    A fusion of named members says all by its name already.
    """
    method, named = method_of(name)
    return (
        f"{method.name}:{build.default_scorer}"
        if method.takes_scorer and not (named.scorer or named.members or named.settings)
        else name
    )


def says(build: Build, name: str) -> str:
    """A retriever in a line: what it does, what it was given in this build, and which scorer decodes."""
    method, named = method_of(name)
    parts = [method.summary, method.told(build, named)]
    decodes = any(method_of(member)[0].takes_scorer for member in named.members) if named.members else method.takes_scorer
    if decodes and len(build.scorer_names) > 1:
        parts.append(f"scorer {named.scorer}" if named.scorer else f"the default scorer, {build.default_scorer}")
    return "; ".join(part for part in parts if part)


def short(name: str) -> str:
    """A retriever's name where many of them stand in a line: that of its scorer, if one is named.

    >>> short("bm25"), short("generative:node"), short("hybrid:node")
    ('bm25', 'node', 'hybrid:node')
    """
    return name.removeprefix("generative:")


def column(build: Build, query: str, name: str, k: int, beams: int, vector: np.ndarray, allowed: str) -> Column:
    """Search one retriever, among the documents that pass the filter ``allowed``."""
    try:
        return _column(question(build, query, name, k, beams, allowed, vector), build, vector)
    except TriescopeError as error:
        return Column([], [], [], str(error))


def question(build: Build, query: str, name: str, k: int, beams: int, allowed: str, vector: np.ndarray | None = None) -> Question:
    """What a search answers, and so what its answer is kept by.

    Raises
    ------
    TriescopeError
        There is no such retriever or scorer.
    """
    moved = "" if vector is None else hashlib.sha256(np.ascontiguousarray(vector).tobytes()).hexdigest()[:16]
    stamp, wide = _stamp(build, name), width(name, beams)
    return Question(str(build.folder), build.version, name, stamp, query, k, wide, allowed, moved)


def _stamp(build: Build, name: str) -> str:
    """What changes when something that a retriever, or a member of it, reads is made anew."""
    method, named = method_of(name)
    weights = runs.stamp(build.folder, named.scorer or build.default_scorer) if method.decodes else ""
    return " ".join([method.stamp(build.folder), weights, *(_stamp(build, member) for member in named.members)])


def width(name: str, beams: int) -> int:
    """What does not decode finds the same at every width, so another width is no other question."""
    return beams if method_of(name)[0].decodes else 1


def search(build: Build, asked: Question, vector: np.ndarray) -> Results:
    """What the retriever finds, and how long it took."""
    return build.search(asked.query, asked.name, asked.k, asked.beams, vector, asked.allowed)


@st.cache_data(max_entries=256, show_spinner="Searching")
def _column(asked: Question, _build: Build, _vector: np.ndarray) -> Column:
    hits, stems = search(_build, asked, _vector)[0], wanted(asked.query, _build.language)
    snippets = [snippet(stems, _build.documents[_build.row_of[hit.id]].text) for hit in hits]
    return Column(hits, snippets, evidence(_build, asked.query, asked.name, hits))


def beside_dense(
    build: Build, query: str, results: Mapping[str, list[Hit]], k: int, vector: np.ndarray, allowed: str
) -> list[str]:
    """Why each list that was decoded is, or is not, that of dense search: sentences of Markdown."""
    decoded = [name for name in results if method_of(name)[0].name == "generative"]
    # The default scorer may have two columns.
    of_scorer = {method_of(name)[1].scorer or build.default_scorer: name for name in reversed(decoded)}
    if not of_scorer:
        return []
    dense = results.get("dense") or build.search(query, "dense", k, vector=vector, filter=allowed)[0]
    vectors = [hit.id for hit in dense]
    return [told(build, scorer, [hit.id for hit in results[of_scorer[scorer]]], vectors) for scorer in reversed(of_scorer)]
