"""Best documents for many training queries, by BM25 and by vectors, among those that training may know.

Exact: every query is compared with every document, so many queries at a time that one table of scores stays small.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from engine.kernels.top_k import top_k
from engine.retrievers.sparse import SparseRetriever
from engine.training.source import Source

# Scores in one table: 16 MB of float32.
CELLS = 1 << 22


def trainable(source: Source, left_out: np.ndarray | None = None) -> np.ndarray:
    """Bool ``(n,)``: documents that have an identifier and are not ``left_out`` (bool ``(n,)``)."""
    return (source.leaf_of >= 0) & (True if left_out is None else ~left_out)


def chunks(queries: int, documents: int) -> Iterator[slice]:
    """Slices of the queries such that queries times documents stays within :data:`CELLS`.

    >>> [(one.start, one.stop) for one in chunks(3, CELLS // 2)]
    [(0, 2), (2, 3)]
    """
    step = max(1, CELLS // max(documents, 1))
    for start in range(0, queries, step):
        yield slice(start, min(start + step, queries))


def dense_scores(vectors: np.ndarray, source: Source) -> np.ndarray:
    """Cosines of unit queries, float32 ``(queries, d)``, with all documents: float32 ``(queries, n)``."""
    # Equal documents must have equal scores, and BLAS may differ in the last digit.
    return np.round(np.asarray(vectors, np.float32) @ source.embeddings.T, 6)


def bm25_scores(texts: Sequence[str], retriever: SparseRetriever, documents: int) -> np.ndarray:
    """BM25 of queries with all documents: float32 ``(queries, n)``, 0 where they share no term."""
    scores = np.zeros((len(texts), documents), np.float32)
    for place, known in enumerate(retriever.tokens(texts)):
        if known:
            scores[place] = retriever.index.get_scores(known)
    return scores


def best(scores: np.ndarray, allowed: np.ndarray, k: int) -> np.ndarray:
    """Rows of the ``k`` highest scores of each query among the allowed documents, best first, equal ones in document order.

    Parameters
    ----------
    scores : np.ndarray
        Float32 ``(queries, n)``; -inf is never a result.
    allowed : np.ndarray
        Bool ``(n,)`` or ``(queries, n)``.
    k : int
        Documents a query.

    Returns
    -------
    np.ndarray
        Int32 ``(queries, k)``, -1 where there are fewer.

    >>> best(np.array([[0.5, 0.9, 0.7]]), np.array([True, False, True]), 3).tolist()
    [[2, 0, -1]]
    """
    scores = np.where(allowed, scores, -np.inf)
    rows = np.full((len(scores), k), -1, np.int32)
    for place, of_query in enumerate(scores):
        found = top_k(of_query, k)
        found = found[of_query[found] > -np.inf]
        rows[place, : len(found)] = found
    return rows
