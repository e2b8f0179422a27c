"""Means by how often people ask: a query log beside judged queries, so that a common query weighs what it is worth.

What is asked often is usually easy; a mean over different queries says nothing of how often people are content.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats

from engine.data import query_logs
from engine.data.figures import Interval
from engine.errors import TriescopeError

RESAMPLES = 2000


class Log(NamedTuple):
    """How often each judged query was asked, by id; searches of the log in all, and those that are of judged queries."""

    counts: dict[str, int]
    searches: int
    judged: int


def read(path: Path, queries: Mapping[str, str]) -> Log:
    """A log of a file (:mod:`engine.data.query_logs`), matched to queries.

    Raises
    ------
    TriescopeError
        It cannot be read, a count is none, or no search in it is of these queries.
    """
    found = query_logs.read(path)
    log = matched(found.searches, queries)
    if not log.judged:
        raise TriescopeError(f"{path}: none of its {log.searches:,} searches is of a judged query")
    return log


def matched(searches: Mapping[str, int], queries: Mapping[str, str]) -> Log:
    """Searches, text -> how often, of queries, id -> text: by their id or by their words, in any case and spacing."""
    of_words = {query_logs.plain(text): query for query, text in queries.items()}
    counts = dict.fromkeys(queries, 0)
    for text, times in searches.items():
        query = text if text in counts else of_words.get(query_logs.plain(text))
        if query is not None:
            counts[query] += times
    return Log(counts, sum(searches.values()), sum(counts.values()))


def mean(values: np.ndarray, weights: np.ndarray, seed: int = 0) -> Interval:
    """Weighted mean of float64 ``(queries,)`` with its 95% bootstrap interval: queries are resampled, each with its weight.

    >>> mean(np.array([1.0, 0.0]), np.array([3, 1])).mean
    0.75
    """
    asked = np.flatnonzero(weights)
    values, weights = values[asked], weights[asked].astype(np.float64)
    whole = float(values @ weights / weights.sum()) if len(asked) else float("nan")
    if len(asked) < 2:
        return Interval(whole, whole, whole)

    def of(some: np.ndarray, their: np.ndarray, axis: int) -> np.ndarray:
        return (some * their).sum(axis=axis) / their.sum(axis=axis)

    rng = np.random.default_rng(seed)
    drawn = stats.bootstrap(
        (values, weights), of, paired=True, vectorized=True, n_resamples=RESAMPLES, method="percentile", rng=rng
    ).confidence_interval
    return Interval(whole, float(drawn.low), float(drawn.high))


def told(log: Log) -> str:
    """What it covers, in a line."""
    asked = sum(count > 0 for count in log.counts.values())
    share = f"{log.judged:,} of {log.searches:,} searches of the log ({log.judged / log.searches:.1%})"
    return f"{share} are of {asked:,} of {len(log.counts):,} judged queries"
