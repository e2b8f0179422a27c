"""Dense search: one vector a document, inner product (DPR, Karpukhin et al. 2020), with faiss.

``dense`` compares the query with every document; ``dense-hnsw`` walks a graph (Malkov and Yashunin 2018) and is approximate.
"""

from pathlib import Path

import faiss
import numpy as np

from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.retrievers.base import Queries, Ranking, pack

# Links a node, and width of the search while building and while searching.
HNSW_LINKS, HNSW_BUILD, HNSW_SEARCH = 32, 200, 128


def build_hnsw(embeddings: np.ndarray, path: Path) -> None:
    """Build the HNSW graph over float32 ``(n, d)`` unit vectors and write it."""
    index = faiss.IndexHNSWFlat(embeddings.shape[1], HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = HNSW_BUILD
    index.add(np.ascontiguousarray(embeddings, np.float32))
    faiss.write_index(index, str(path))


class ExactRetriever:
    """Compares with every document: the truth that approximate search is measured against."""

    name = "dense"
    needs_vectors = True

    def __init__(self, embeddings: np.ndarray):
        self.embeddings = embeddings

    def search(self, queries: Queries, k: int) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are cosines."""
        results = []
        for query in vectors_of(self.name, queries):
            # Equal documents must have equal scores, and BLAS may differ in the last digit.
            scores = np.round(self.embeddings @ query, 6)
            best = top_k(scores, k)
            results.append((best, scores[best]))
        return pack(results, k)


class HnswRetriever:
    """Approximate search over the graph that :func:`build_hnsw` wrote."""

    name = "dense-hnsw"
    needs_vectors = True

    def __init__(self, path: Path):
        try:
            self.index = faiss.read_index(str(path))
        except RuntimeError as error:
            raise TriescopeError(f"{path}: not a faiss index") from error
        if not isinstance(self.index, faiss.IndexHNSWFlat):
            raise TriescopeError(f"{path}: not an HNSW index")
        self.index.hnsw.efSearch = HNSW_SEARCH

    def search(self, queries: Queries, k: int) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are cosines."""
        depth = min(k, self.index.ntotal)
        scores, rows = self.index.search(np.ascontiguousarray(vectors_of(self.name, queries)), depth)
        results = []
        for row, score in zip(rows, scores, strict=True):
            row, score = row[row >= 0], score[row >= 0]
            order = np.lexsort((row, -score))
            results.append((row[order], score[order]))
        return pack(results, k)


def vectors_of(name: str, queries: Queries) -> np.ndarray:
    """The queries' vectors, or an error that says who needed them."""
    if queries.vectors is None:
        raise ValueError(f"{name} needs query vectors")
    return queries.vectors
