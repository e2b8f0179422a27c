"""Quality and latency of retrievers on judged queries.

Metrics are computed by ir-measures at document level. A query without results counts as zero, never as missing. Our
own order decides ties: the runs handed over carry ``-rank`` as score. Means come with 95% bootstrap intervals over queries.
"""

import platform
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ir_measures
import numpy as np
from ir_measures import RR, R, Success, nDCG

from engine.builds.opened import Build
from engine.builds.opening import check_encoder
from engine.errors import TriescopeError
from engine.retrievers import DEFAULT_BEAMS, Queries
from engine.text import embed

MEASURES = {"nDCG@10": nDCG @ 10, "Recall@10": R @ 10, "Recall@100": R @ 100, "MRR@10": RR @ 10, "Hit@1": Success @ 1}
DEPTH = 100
RESAMPLES = 2000


class Interval(NamedTuple):
    """A mean and the 2.5% and 97.5% points of its bootstrap distribution."""

    mean: float
    low: float
    high: float


def measure(qrels: dict[str, dict[str, int]], run: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
    """Per-query values of every measure.

    Parameters
    ----------
    qrels : dict
        Query id -> document id -> grade.
    run : dict
        Query id -> document ids, best first.

    Returns
    -------
    dict
        Measure name -> float64 ``(queries,)``, in the order of ``qrels``.

    >>> values = measure({"q": {"a": 1}, "r": {"b": 1}}, {"q": ["x", "a"]})
    >>> values["MRR@10"].tolist(), values["Hit@1"].tolist()
    ([0.5, 0.0], [0.0, 0.0])
    """
    scored = {query: {doc: -float(rank) for rank, doc in enumerate(docs)} for query, docs in run.items() if len(docs)}
    place = {query: i for i, query in enumerate(qrels)}
    name_of = {str(measure): name for name, measure in MEASURES.items()}
    values = {name: np.zeros(len(qrels)) for name in MEASURES}
    if scored:
        for metric in ir_measures.iter_calc(list(MEASURES.values()), qrels, scored):
            values[name_of[str(metric.measure)]][place[metric.query_id]] = metric.value
    return values


def interval(values: np.ndarray, seed: int = 0) -> Interval:
    """Mean with its 95% bootstrap interval (percentile method, queries resampled with replacement)."""
    drawn = np.random.default_rng(seed).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))


def paired_p(ours: np.ndarray, theirs: np.ndarray, seed: int = 0) -> float:
    """Two-sided p of a paired randomization test on the means (Smucker et al. 2007): signs of the differences are flipped at
    random 9,999 times, so the smallest value is 1e-4.

    >>> paired_p(np.array([1.0, 1.0]), np.array([1.0, 1.0]))
    1.0
    """
    difference = ours - theirs
    flips = np.random.default_rng(seed).integers(0, 2, (9999, len(difference)), dtype=np.int8) * 2 - 1
    as_far = np.abs(flips @ difference) >= abs(difference.sum()) - 1e-12
    return float((1 + as_far.sum()) / 10_000)


def evaluate(opened: Build, split: str, names: Sequence[str], beams: int = DEFAULT_BEAMS) -> dict[str, Any]:
    """Evaluate retrievers on one split, query by query, warm.

    Returns
    -------
    dict
        ``{"split", "queries", "beams", "encoding_ms", "device", "retrievers": {name: {measure: {mean, low, high},
        "latency_ms": {p50, p95}}}}``. Encoding is timed once, apart; a retriever's latency starts with the encoded query.

    Raises
    ------
    TriescopeError
        The build has no such split, or no such retriever.
    """
    qrels = opened.corpus.qrels.get(split)
    if not qrels:
        splits = ", ".join(opened.corpus.qrels) or "none"
        raise TriescopeError(f"{opened.name} has no judged queries in split {split!r}; it has {splits}")
    searchers = {name: opened.retriever(name, beams) for name in names}
    texts = [opened.corpus.queries[query] for query in qrels]
    vectors, encoding = None, []
    if any(searcher.needs_vectors for searcher in searchers.values()):
        check_encoder(opened.manifest)
        embed.encode_query(texts[0], opened.model)  # warm
        encoded = [embed.encode_query(text, opened.model) for text in texts]
        vectors, encoding = np.stack([vector for vector, _ in encoded]), [ms for _, ms in encoded]
    ids = np.array([document.id for document in opened.corpus.documents], dtype=object)
    results = {}
    for name, searcher in searchers.items():
        run, latency = {}, []
        searcher.search(Queries(texts[:1], None if vectors is None else vectors[:1]), DEPTH)  # warm
        for place, query in enumerate(qrels):
            one = Queries(texts[place : place + 1], None if vectors is None else vectors[place : place + 1])
            start = time.perf_counter()
            rows = searcher.search(one, DEPTH).rows[0]
            latency.append((time.perf_counter() - start) * 1e3)
            run[query] = list(ids[rows[rows >= 0]])
        values = measure(qrels, run)
        results[name] = {metric: interval(of_queries)._asdict() for metric, of_queries in values.items()}
        results[name]["latency_ms"] = _percentiles(latency)
    return {
        "corpus": opened.name,
        "split": split,
        "queries": len(qrels),
        "beams": beams,
        "encoding_ms": _percentiles(encoding),
        "device": device(),
        "retrievers": results,
    }


def device() -> str:
    """Where figures were measured, in a line."""
    import os

    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}, CPU"


def _percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    if not len(milliseconds):
        return {"p50": 0.0, "p95": 0.0}
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}
