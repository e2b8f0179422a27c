"""Dense search of documents in passages: a document counts as its best one (MaxP, Dai and Callan 2019, arXiv:1905.09217).

``dense`` compares the query with every passage, ``dense-hnsw`` walks a graph of passages; both give documents.
"""

from collections.abc import Sequence

import numpy as np

from engine.retrievers.dense import ExactRetriever, HnswRetriever, cosines
from engine.retrievers.ranking import Queries, Ranking, best, pack, vectors_of
from engine.stored.passages import Passages


class PassageRetriever(ExactRetriever):
    """Compares with every passage."""

    def __init__(self, passages: Passages):
        self.passages = passages

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are cosines of the best passages."""
        results = []
        for query in vectors_of(self.name, queries):
            scores = self.passages.best(cosines(self.passages.vectors, query))
            found = best(scores, k, allowed)
            results.append((found, scores[found]))
        return pack(results, k)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`."""
        found = []
        for query, of in zip(vectors_of(self.name, queries), rows, strict=True):
            some = self.passages.taken(np.asarray(of, np.int64))
            found.append(some.best(cosines(some.vectors, query)))
        return found


class PassageWalk(HnswRetriever):
    """Approximate search over a graph of passages; under a filter every passage is compared.

    Parameters
    ----------
    walk : HnswRetriever
        Whose rows are passages.
    passages : Passages
        The same.
    """

    def __init__(self, walk: HnswRetriever, passages: Passages):
        self.walk, self.exact, self.width = walk, PassageRetriever(passages), walk.width
        self.document, self.longest = passages.document, int(passages.sizes.max())

    @property
    def over_rows(self) -> HnswRetriever:
        """The walk over passages."""
        return self.walk

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are cosines of the best passages."""
        if allowed is not None:
            return self.exact.search(queries, k, allowed)
        wanted = min(k, int(self.document[-1]) + 1)
        return pack([self._walked(query, wanted) for query in vectors_of(self.name, queries)], k)

    def _walked(self, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Documents of the nearest passages, more and more of those until there are ``k``."""
        depth, most = min(2 * k, len(self.document)), min(k * self.longest, len(self.document))
        while True:
            found = self.walk.search(Queries([""], query[None]), depth)
            there = found.rows[0] >= 0
            rows, scores = self.document[found.rows[0][there]], found.scores[0][there]
            _, first = np.unique(rows, return_index=True)
            if len(first) >= k or depth >= most:
                break
            depth = min(2 * depth, most)
        first = first[np.lexsort((rows[first], -scores[first]))]
        return rows[first], scores[first]

    def compared(self, queries: np.ndarray, k: int, allowed: np.ndarray | None) -> Ranking:
        """Every passage compared with each query, the best of the documents allowed."""
        return self.exact.search(Queries([""] * len(queries), queries), k, allowed)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`; exact."""
        return self.exact.scores(queries, rows, allowed)
