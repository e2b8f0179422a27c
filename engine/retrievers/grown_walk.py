"""Search by a walk over a graph whose catalogue changed: the graph stays, what is gone is passed over, what came is compared.

faiss cannot take a node out of such a graph, and adding to it would change a file that others have mapped. So the walk goes over
the graph as it was, wider until enough of what it found is still there, and where too much is gone all vectors are compared. The
additions are few beside the rest, or it is time to fold them in.
"""

from collections.abc import Sequence

import numpy as np

from engine.retrievers.dense import HnswRetriever
from engine.retrievers.ranking import Queries, Ranking, best, pack, vectors_of

# The walk is widened up to this share of the graph; behind it comparing all is as fast, and exact.
WIDEST = 0.1


class GrownWalk(HnswRetriever):
    """Approximate search over what is left of a graph, exact over what came since, and under a filter.

    Parameters
    ----------
    whole : HnswRetriever
        Over the documents as they were.
    kept : np.ndarray
        Int64, ascending: rows of them that stay; they come first.
    added : np.ndarray
        Float32 ``(n, d)``: vectors of those that come behind.
    """

    def __init__(self, whole: HnswRetriever, kept: np.ndarray, added: np.ndarray):
        self.whole, self.kept, self.added, self.width = whole, kept, added, whole.width
        self.row = np.full(len(whole.node), -1, np.int64)
        self.row[kept] = np.arange(len(kept))

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are cosines."""
        vectors = vectors_of(self.name, queries)
        if allowed is not None:
            return self.compared(vectors, k, allowed)
        walked = [self._walked(query, min(k, len(self.kept))) for query in vectors]
        return self._with_added(vectors, walked, k)

    def _walked(self, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """What a walk finds of those that are still there, at least ``k`` of them."""
        depth, gone = k, len(self.row) - len(self.kept)
        while depth <= max(k, WIDEST * len(self.row)):
            found = self.whole.search(Queries([""], query[None]), depth)
            there = found.rows[0] >= 0
            rows, scores = self.row[found.rows[0][there]], found.scores[0][there]
            if not gone or (rows >= 0).sum() >= k:
                return rows[rows >= 0], scores[rows >= 0]
            depth = 2 * depth + 1
        exact = self.whole.compared(query[None], k, self.row >= 0)
        return self.row[exact.rows[0]], exact.scores[0]

    def _with_added(self, queries: np.ndarray, found: Sequence[tuple[np.ndarray, np.ndarray]], k: int) -> Ranking:
        results = []
        for query, (rows, scores) in zip(queries, found, strict=True):
            rows = np.concatenate([rows, len(self.kept) + np.arange(len(self.added))])
            scores = np.concatenate([scores, np.round(self.added @ query, 6)])
            order = np.lexsort((rows, -scores))[:k]
            results.append((rows[order], scores[order]))
        return pack(results, k)

    def compared(self, queries: np.ndarray, k: int, allowed: np.ndarray | None) -> Ranking:
        """Every vector compared with each query, the best of the documents allowed."""
        results = []
        for query in queries:
            scores = self._cosines(query)
            found = best(scores, k, allowed)
            results.append((found, scores[found]))
        return pack(results, k)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`; exact."""
        return [self._cosines(query)[of] for query, of in zip(vectors_of(self.name, queries), rows, strict=True)]

    def _cosines(self, query: np.ndarray) -> np.ndarray:
        of_graph = np.round(self.whole.vectors @ query, 6)[self.whole.node[self.kept]]
        return np.concatenate([of_graph, np.round(self.added @ query, 6)])
