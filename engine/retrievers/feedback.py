"""Generation helps vectors: the identifiers that a decoder writes are put back together into vectors, and the query moves there.

Where a document's vector is nearly the sum of its codes' vectors (residual and product quantization), a path of codes is a vector
even if nobody looks the document up. The best paths of a decode, weighed by their probability among themselves, are one vector of
what the decoder thinks of; the query plus a share of it is searched exactly. Pseudo-relevance feedback (Rocchio 1971) whose
feedback was generated. It is here to be looked at, not for its lists: on development queries of the films it loses at every share
tried (nDCG@10 .263 without, .241 with a quarter, .220 with a half; with the trained node scorer .245 and .243).
"""

from collections.abc import Sequence

import numpy as np

from engine.decoding.trace import Candidates
from engine.errors import TriescopeError
from engine.retrievers.base import Method, Named, cosine
from engine.retrievers.dense import ExactRetriever
from engine.retrievers.generative import GenerativeRetriever
from engine.retrievers.lost import by_cosine
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking, vectors_of
from engine.trie import Tree

# Paths that are put together, and how much their vector weighs beside the query.
PATHS, SHARE = 10, 0.25


class FeedbackRetriever:
    """Exact search by queries moved towards what was decoded.

    Parameters
    ----------
    decodes : GenerativeRetriever
        Who writes identifiers.
    codebooks : sequence of np.ndarray
        Float32 ``(codes, d)`` a level; levels behind them add nothing.
    embeddings : np.ndarray
        Float32 ``(documents, d)``, unit rows.
    """

    name = "feedback"
    needs_vectors = True
    floor = -1.0

    def __init__(self, decodes: GenerativeRetriever, codebooks: Sequence[np.ndarray], embeddings: np.ndarray):
        self.decodes, self.codebooks, self.documents = decodes, codebooks, ExactRetriever(embeddings)

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are cosines to the moved query."""
        return self.documents.search(self.moved(queries, allowed), k, allowed)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`."""
        return self.documents.scores(self.moved(queries, allowed), rows)

    def moved(self, queries: Queries, allowed: np.ndarray | None = None) -> Queries:
        """The queries, their vectors moved; what does not pass the filter is not written. Where nothing can be, they stay."""
        vectors, tree = vectors_of(self.name, queries), self.decodes.tree(allowed)
        if tree is None:
            return queries
        written = [self._written(trace.steps[-1].kept, tree) for trace in self.decodes.traces(queries, tree=tree)]
        moved = vectors + SHARE * np.array(written, np.float32)
        return Queries(queries.texts, (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32))

    def _written(self, kept: Candidates, tree: Tree) -> np.ndarray:
        """What the best paths mean: the mean of their vectors, weighed by their probability, float64 ``(d,)``, length 1."""
        best = np.argsort(-kept.total, kind="stable")[:PATHS]
        weights = np.exp(kept.total[best].astype(np.float64) - kept.total[best].max(initial=-np.inf))
        found = np.zeros(self.codebooks[0].shape[1])
        for weight, node in zip(weights / weights.sum(), kept.node[best], strict=True):
            for book, code in zip(self.codebooks, tree.prefix(int(node)), strict=False):
                found += weight * book[code]
        return found / max(float(np.linalg.norm(found)), 1e-9)


def _open(opened: Opened, beams: int, named: Named) -> FeedbackRetriever:
    books = opened.codebooks
    if not books:
        raise TriescopeError("feedback needs identifiers whose codes have vectors that add up to a document's, like rq-kmeans")
    return FeedbackRetriever(GenerativeRetriever(opened.trie, opened.scorer(named.scorer), beams), books, opened.embeddings)


def _told(opened: Opened, named: Named) -> str:
    return f"the query plus {SHARE:g} times what the best {PATHS} paths add up to"


METHOD = Method(
    name="feedback",
    summary="vectors, the query moved towards the codes that a decoder writes for it, put together again",
    citation="Rocchio 1971; codes as Rajput et al. 2023",
    color="#4B6A88",
    open=_open,
    evidence=cosine,
    decodes=True,
    told=_told,
    lost=by_cosine,
)
