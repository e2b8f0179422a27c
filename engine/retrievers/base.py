"""What every retriever takes and returns."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np


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


class Retriever(Protocol):
    """Anything that ranks documents for queries."""

    name: str
    needs_vectors: bool

    def search(self, queries: Queries, k: int) -> Ranking:
        """The best ``k`` documents of each query; no document twice, equal scores in document order."""
        ...


def pack(results: Sequence[tuple[np.ndarray, np.ndarray]], k: int) -> Ranking:
    """Ranking from one (rows, scores) pair a query, padded to ``k``."""
    rows = np.full((len(results), k), -1, np.int64)
    scores = np.full((len(results), k), -np.inf, np.float32)
    for place, (row, score) in enumerate(results):
        rows[place, : len(row)], scores[place, : len(row)] = row[:k], score[:k]
    return Ranking(rows, scores, [])
