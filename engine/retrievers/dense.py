"""Dense search: one vector a document, inner product (DPR, Karpukhin et al. 2020), with faiss.

``dense`` compares the query with every document; ``dense-hnsw`` walks a graph (Malkov and Yashunin 2018) and is approximate.
Under a filter it does not walk: where the filter cuts out the neighbourhood of a query, a walk that passes over what is left out
misses much of the rest (with faiss's IDSelector, of 100,000 clustered vectors of which half were allowed, up to 40% of the ten
nearest). It then compares all vectors of its graph, and is exact.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import TriescopeError
from engine.retrievers import faiss_file, hnsw_width
from engine.retrievers.base import Index, Method, Named, cosine
from engine.retrievers.lost import BELOW, SEARCH, Lack, Loss, by_cosine, places
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking, best, pack, vectors_of
from engine.stored import passages
from engine.stored.arrays import mapped
from engine.stored.remembered import once

# Links a node, and width of the search while building; while searching it is that of :mod:`engine.retrievers.hnsw_width`.
HNSW_LINKS, HNSW_BUILD = 32, 200
GRAPH, NODES = "dense.faiss", "dense-nodes.npy"


def build_hnsw(embeddings: np.ndarray, folder: Path, width: int = HNSW_BUILD) -> None:
    """Build the HNSW graph over float32 ``(n, d)`` unit vectors and write it, with the node of each document.

    ``width`` is that of the search for a node's links: a narrower one is sooner done, and makes a graph of the same size that
    takes a wider walk.

    Equal vectors are one node. A graph links a node to its nearest, and the nearest of a copy are the other copies: more of them
    than links make an island that the search, once in, does not leave, or never reaches.
    """

    import faiss

    vectors = np.ascontiguousarray(embeddings, np.float32)
    whole_rows = vectors.view(np.dtype((np.void, vectors.itemsize * vectors.shape[1])))[:, 0]
    _, first, place = np.unique(whole_rows, return_index=True, return_inverse=True)
    in_order = np.argsort(first)  # the first of each, in document order
    node_of = np.empty(len(first), np.int32)
    node_of[in_order] = np.arange(len(first), dtype=np.int32)
    index = faiss.IndexHNSWFlat(vectors.shape[1], HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = width
    index.add(vectors[first[in_order]])
    hnsw_width.write(folder, hnsw_width.choose(index, vectors[first[in_order]]))
    faiss.write_index(index, str(folder / GRAPH))
    np.save(folder / NODES, node_of[place.reshape(-1)], allow_pickle=False)


class ExactRetriever:
    """Compares with every document: the truth that approximate search is measured against."""

    name = "dense"
    needs_vectors = True
    floor = -1.0

    def __init__(self, embeddings: np.ndarray):
        self.embeddings = embeddings

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are cosines."""
        results = []
        for query in vectors_of(self.name, queries):
            scores = cosines(self.embeddings, query)
            found = best(scores, k, allowed)
            results.append((found, scores[found]))
        return pack(results, k)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`."""
        vectors = vectors_of(self.name, queries)
        return [cosines(self.embeddings[of], query) for query, of in zip(vectors, rows, strict=True)]


def cosines(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Of vectors with a query: equal documents must have equal scores, and BLAS may differ in the last digit."""
    return np.round(vectors @ query, 6)


class HnswRetriever:
    """Approximate search over the graph that :func:`build_hnsw` wrote; exact under a filter.

    Parameters
    ----------
    folder : Path
        Where it lies.
    shape : tuple of int, optional
        Documents and dimensions; given, the graph is held to it before faiss reads it (:mod:`engine.retrievers.faiss_file`).

    Raises
    ------
    TriescopeError
        The folder holds no such graph, or one of other documents.
    """

    name = "dense-hnsw"
    needs_vectors = True
    floor = -1.0

    def __init__(self, folder: Path, shape: tuple[int, int] | None = None):
        import faiss

        path = folder / GRAPH
        if shape:
            once(f"graph {shape[1]}", [path], lambda: faiss_file.check(path, shape[1]))
        try:
            self.index = faiss.read_index(str(path))
        except (RuntimeError, MemoryError) as error:
            raise TriescopeError(f"{path}: not a faiss index") from error
        if not isinstance(self.index, faiss.IndexHNSWFlat):
            raise TriescopeError(f"{path}: not an HNSW index")
        self.width = hnsw_width.read(folder)
        self.index.hnsw.efSearch = self.width.width
        storage: Any = faiss.downcast_index(self.index.storage)
        self.vectors = faiss.rev_swig_ptr(storage.get_xb(), self.index.ntotal * self.index.d).reshape(-1, self.index.d)
        # A build of format 2 has no such file: its graph has a node a document, in their order.
        known = (folder / NODES).is_file()
        node = np.asarray(mapped(folder / NODES, "int32")) if known else np.arange(self.index.ntotal, dtype=np.int32)
        inside = not len(node) or (node.min() >= 0 and node.max() < self.index.ntotal)
        if not inside or (shape and len(node) != shape[0]):
            raise TriescopeError(f"{folder / NODES if known else path}: it is not of this graph, or of other documents")
        sizes = np.bincount(node, minlength=self.index.ntotal)
        self.rows, self.first = np.argsort(node, kind="stable"), np.concatenate([[0], np.cumsum(sizes)])
        self.node = node

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are cosines."""
        if allowed is not None:
            return self.compared(vectors_of(self.name, queries), k, allowed)
        depth = min(k, self.index.ntotal)
        scores, nodes = self.index.search(np.ascontiguousarray(vectors_of(self.name, queries)), depth)
        results = []
        for node, score in zip(nodes, scores, strict=True):
            node, score = node[node >= 0], score[node >= 0]
            sizes = self.first[node + 1] - self.first[node]
            within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
            rows = self.rows[np.repeat(self.first[node], sizes) + within]
            score = np.round(np.repeat(score, sizes), 6)  # as exact search, so that equal documents are equal here too
            order = np.lexsort((rows, -score))
            results.append((rows[order], score[order]))
        return pack(results, k)

    @property
    def over_rows(self) -> "HnswRetriever":
        """The walk over the rows that were indexed: itself, unless they are passages."""
        return self

    def compared(self, queries: np.ndarray, k: int, allowed: np.ndarray | None) -> Ranking:
        """Every vector of the graph compared with each query, the best of the documents allowed."""
        results = []
        for query in queries:
            scores = cosines(self.vectors, query)[self.node]
            found = best(scores, k, allowed)
            results.append((found, scores[found]))
        return pack(results, k)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`; exact, from the vectors of the graph's nodes."""
        vectors = vectors_of(self.name, queries)
        return [cosines(self.vectors[self.node[of]], query) for query, of in zip(vectors, rows, strict=True)]


def _build(texts: Sequence[str], embeddings: np.ndarray, folder: Path) -> None:
    known = passages.read(folder, len(embeddings))
    build_hnsw(known.vectors if known else embeddings, folder)


def _open_exact(opened: Opened, beams: int, named: Named) -> ExactRetriever:
    if opened.passages:
        from engine.retrievers.passages import PassageRetriever

        return PassageRetriever(opened.passages)
    return ExactRetriever(opened.embeddings)


def _open_hnsw(opened: Opened, beams: int, named: Named) -> HnswRetriever:
    known = opened.passages
    walk = _walk(opened, known.vectors if known else opened.embeddings)
    if known:
        from engine.retrievers.passages import PassageWalk

        return PassageWalk(walk, known)
    return walk


def _walk(opened: Opened, vectors: np.ndarray) -> HnswRetriever:
    """Over documents, or passages where a build has them."""
    if opened.base and opened.grown:
        from engine.retrievers.grown_walk import GrownWalk

        whole, grown, before = opened.base.retriever(HNSW.name), opened.grown, opened.base.passages
        assert isinstance(whole, HnswRetriever)
        if before and grown.passages:
            return GrownWalk(whole.over_rows, before.places(grown.kept), grown.passages.vectors)
        return GrownWalk(whole, grown.kept, grown.vectors)
    return HnswRetriever(opened.folder, (len(vectors), vectors.shape[1]))


def _lost_by_walk(lack: Lack) -> list[Loss]:
    by = lack.by
    assert isinstance(by, HnswRetriever)
    exact = by.compared(vectors_of(by.name, lack.queries), lack.documents, lack.allowed)
    losses = []
    for at in places(exact, lack.rows):
        assert at is not None, "every document has a vector"
        missed = at.rank <= lack.k
        how = f"the walk missed it: exact rank {at.rank:,}" if missed else f"rank {at.rank:,}"
        losses.append(Loss(SEARCH if missed else BELOW, f"{how}, cosine {at.score:.3f}", at.rank, at.score))
    return losses


def _told_of_passages(opened: Opened, named: Named) -> str:
    known = opened.passages
    return f"a document counts as its best passage: {len(known.vectors):,} of {len(known.ends):,} documents" if known else ""


def _told_of_walk(opened: Opened, named: Named) -> str:
    told = "; ".join(filter(None, [_told_of_passages(opened, named), hnsw_width.told(hnsw_width.read(opened.folder))]))
    if not opened.grown:
        return told
    return f"{told}, before changes; {len(opened.grown.added):,} documents that came since stand beside it and are all compared"


EXACT = Method(
    name="dense",
    summary="vectors: nearest of all documents, exact",
    citation="Karpukhin et al. 2020, arXiv:2004.04906",
    color="#009E73",
    open=_open_exact,
    evidence=cosine,
    usual=True,
    told=_told_of_passages,
    lost=by_cosine,
)

HNSW = Method(
    name="dense-hnsw",
    summary="vectors: nearest documents by a walk over a graph, approximate (exact under a filter)",
    citation="Malkov and Yashunin 2018, arXiv:1603.09320",
    color="#56B4E9",
    open=_open_hnsw,
    evidence=cosine,
    needs=Index(stage="dense", build=_build),
    told=_told_of_walk,
    lost=_lost_by_walk,
    follows=True,
)
