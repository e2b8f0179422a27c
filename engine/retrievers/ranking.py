"""What retrievers are asked and what they answer, as values."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.kernels.top_k import top_k


class Queries(NamedTuple):
    """Texts and, where a retriever needs them, their unit embeddings, float32 ``(queries, d)``.

    Vectors are made once and shared, so that comparing four retrievers encodes a query once and timing can count it apart.
    """

    texts: Sequence[str]
    vectors: np.ndarray | None = None


class Ranking(NamedTuple):
    """Results of several queries.

    Attributes
    ----------
    rows : np.ndarray
        Int64 ``(queries, k)``: document rows, best first, -1 where a query has fewer results.
    scores : np.ndarray
        Float32 ``(queries, k)``: in the retriever's own scale, higher is better.
    sources : list of list of str
        Which path brought each hit, where there is more than one; else empty.
    """

    rows: np.ndarray
    scores: np.ndarray
    sources: list[list[str]]


def best(scores: np.ndarray, k: int, allowed: np.ndarray | None = None) -> np.ndarray:
    """Rows of the ``k`` highest scores among those ``allowed``, best first, equal ones in document order.

    >>> best(np.array([0.5, 0.9, 0.5]), 2).tolist(), best(np.array([0.5, 0.9, 0.5]), 2, np.array([True, False, True])).tolist()
    ([1, 0], [0, 2])
    """
    if allowed is None:
        return top_k(scores, k)
    rows = np.flatnonzero(allowed)
    return rows[top_k(scores[rows], k)]


def pack(results: Sequence[tuple[np.ndarray, np.ndarray]], k: int) -> Ranking:
    """Ranking from one (rows, scores) pair a query, padded to ``k``."""
    rows = np.full((len(results), k), -1, np.int64)
    scores = np.full((len(results), k), -np.inf, np.float32)
    for place, (row, score) in enumerate(results):
        rows[place, : len(row)], scores[place, : len(row)] = row[:k], score[:k]
    return Ranking(rows, scores, [])


def vectors_of(name: str, queries: Queries) -> np.ndarray:
    """The queries' vectors, or an error that says who needed them."""
    if queries.vectors is None:
        raise ValueError(f"{name} needs query vectors")
    return queries.vectors
