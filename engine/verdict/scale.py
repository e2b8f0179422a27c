"""Time and memory of generative and of exact dense search today, and at ten and a hundred times the size: measured, not reckoned.

The larger catalogues are made of the vectors there are (:mod:`engine.verdict.grown`). They have no texts, so keyword search does
not stand here; and no queries taught them, so the centroid scorer decodes, whatever the build's default is.
"""

import time
from functools import partial
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from engine.builds.opened import Build
from engine.decoding import DEFAULT_BEAMS
from engine.evaluation import DEPTH, Asked, Latency
from engine.evaluation.run import Tell, spread_over, timed
from engine.retrievers import Queries, Retriever
from engine.retrievers.dense import ExactRetriever
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers.centroid import CentroidScorer, node_means
from engine.verdict.grown import FITTED_ON, Named, Spread, grown, identifiers_of, spread_of, tree_of

TIMES = (10, 100)
# What is not gone beyond: documents, bytes that are held at once, seconds to make one size.
MOST_DOCUMENTS, MOST_BYTES, MOST_S = 1_000_000, 3 << 30, 60.0
# Vectors, means of about as many nodes, a rough copy of these, a block of work: float32 rows held for each row.
HELD = 2.6
# Queries that are timed, and of each list the first so many that are held against exact search.
TIMED, FIRST = 40, 10


class Sized(NamedTuple):
    """One size.

    Attributes
    ----------
    documents : int
        How many.
    wanted : int
        How many were asked for; more than ``documents`` where a limit stood before it.
    generative, dense : Latency
        Milliseconds of a search, after encoding.
    agree : float
        Share of the first ten of exact search that generative search has among its own first ten.
    tree_bytes, dense_bytes : int
        What each holds in memory: trie, node means and their rough copies; the vectors.
    made_s, fit_s : float
        Seconds that its vectors, identifiers, tree and means took, and those of it that go into fitting identifiers to a sample.
    told : str
        How its identifiers came about.
    """

    documents: int
    wanted: int
    generative: Latency
    dense: Latency
    agree: float
    tree_bytes: int
    dense_bytes: int
    made_s: float
    fit_s: float
    told: str


class Scale(NamedTuple):
    """All sizes, today's first; the spread that the noise has, how many queries were timed, and a line on each limit met."""

    sizes: list[Sized]
    spread: Spread
    queries: int
    limits: list[str]


def scale(opened: Build, asked: Asked, beams: int = DEFAULT_BEAMS, seed: int = 0, tell: Tell = lambda *_: None) -> Scale:
    """Measure today's size, and larger ones as far as the limits allow."""
    texts = list(asked.queries.values())
    sample = [texts[place] for place in spread_over(len(texts))][:TIMED]
    queries = Queries(sample, opened.embed_queries(sample))
    embeddings = np.array(opened.embeddings, np.float32)
    start = time.perf_counter()
    centroid = CentroidScorer(opened.trie, np.asarray(opened.parts.means), opened.parts.codebooks)
    spread = spread_of(opened.trie, embeddings, centroid.means)
    tell("scale", 0, 1 + len(TIMES))
    opened_s = time.perf_counter() - start
    found = [
        _sized(embeddings, centroid, queries, beams, len(embeddings), opened_s, Named(opened.identifiers, "the build's own"))
    ]
    limits: list[str] = []
    for place, factor in enumerate(TIMES, 1):
        tell("scale", place, 1 + len(TIMES))
        wanted = factor * len(embeddings)
        documents, why = allowed(wanted, embeddings.shape[1], found[1:])
        if why:
            limits.append(f"{factor} times the size, {wanted:,} documents, {why}: {documents:,} were measured instead.")
        if documents <= found[-1].documents:
            continue
        found.append(_grown(opened, embeddings, spread, documents, queries, beams, seed)._replace(wanted=wanted))
    tell("scale", 1 + len(TIMES), 1 + len(TIMES))
    return Scale(found, spread, len(sample), limits)


def allowed(wanted: int, width: int, before: list[Sized]) -> tuple[int, str]:
    """How many of so many documents may be made, and which limit stands before the others; ``before`` are the grown sizes so far.

    >>> allowed(500_000, 384, []), allowed(2_000_000, 64, [])
    ((500000, ''), (1000000, 'are more than 1,000,000'))
    """
    limits = {f"are more than {MOST_DOCUMENTS:,}": MOST_DOCUMENTS}
    limits[f"would hold more than {MOST_BYTES >> 30} GB"] = int(MOST_BYTES / (HELD * 4 * width))
    if before:
        last = before[-1]
        fit_s = last.fit_s * FITTED_ON / min(last.documents, FITTED_ON)
        a_document = max(last.made_s - last.fit_s, 1e-9) / last.documents
        limits[f"would take more than {MOST_S:.0f} s"] = int(max(0.0, MOST_S - fit_s) / a_document)
    why, most = min(limits.items(), key=lambda one: one[1])
    return (wanted, "") if wanted <= most else (most, why)


def _grown(
    opened: Build, embeddings: np.ndarray, spread: Spread, documents: int, queries: Queries, beams: int, seed: int
) -> Sized:
    spec, start = opened.manifest.spec, time.perf_counter()
    rows = grown(embeddings, documents, spread.value, seed)
    fit_s = opened.manifest.stages.get("identifiers", 0.0)
    named = identifiers_of(spec.scheme, dict(spec.settings), opened.identifiers, fit_s, rows, seed)
    tree = tree_of(named.fitted)
    scorer = CentroidScorer(tree, node_means(tree, rows), named.fitted.codebooks)
    _ = scorer.search
    return _sized(rows, scorer, queries, beams, documents, time.perf_counter() - start, named)


def _sized(
    rows: np.ndarray, scorer: CentroidScorer, queries: Queries, beams: int, wanted: int, made_s: float, named: Named
) -> Sized:
    ours, exact = GenerativeRetriever(scorer.trie, scorer, beams), ExactRetriever(rows)
    lists = [_first(searcher, queries) for searcher in (ours, exact)]
    shared = [len(np.intersect1d(mine[mine >= 0], theirs)) / len(theirs) for mine, theirs in zip(*lists, strict=True)]
    every = range(len(queries.texts))
    # One thread each: two that wait for a core which others use take many times what one does.
    with threadpool_limits(1):
        generative, dense = (timed(partial(searcher.search, k=DEPTH), queries, every) for searcher in (ours, exact))
    return Sized(
        documents=len(rows),
        wanted=wanted,
        generative=generative,
        dense=dense,
        agree=float(np.mean(shared)),
        tree_bytes=scorer.trie.nbytes + scorer.means.nbytes + scorer.search.nbytes,
        dense_bytes=rows.nbytes,
        made_s=made_s,
        fit_s=named.fit_s,
        told=named.told,
    )


def _first(searcher: Retriever, queries: Queries) -> list[np.ndarray]:
    return [row[row >= 0] for row in searcher.search(queries, FIRST).rows]
