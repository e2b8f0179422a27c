"""Hybrid: weighted reciprocal rank fusion of BM25, dense and generative, with an ANN fallback.

RRF (Cormack et al. 2009): a document scores ``sum_r weight_r / (60 + rank_r)``. Plain RRF loses to its best member
where one is much the stronger, so weights are chosen on development queries when a set has them, and are equal
otherwise. The fallback: when the generator's best path is less probable than a threshold, its list
is replaced by that of the ANN index, which also holds documents that have no identifier yet.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from engine.kernels.top_k import top_k
from engine.retrievers.base import Queries, Ranking, Retriever, pack
from engine.retrievers.dense import HnswRetriever, vectors_of
from engine.retrievers.generative import GenerativeRetriever

RRF_K = 60
# Results taken from each member before fusing.
DEPTH = 100
MEMBERS = ("bm25", "dense", "generative")


class Tuning(NamedTuple):
    """Weights in the order of :data:`MEMBERS`, the confidence below which the ANN answers, and where they come from."""

    weights: tuple[float, float, float] = (1.0, 1.0, 1.0)
    threshold: float = 0.0
    chosen_on: str = "no development queries: equal weights, fallback only for an empty generative list"


class HybridRetriever:
    """Fuses three retrievers; the ANN stands in for the generator where that is unsure."""

    name = "hybrid"
    needs_vectors = True

    def __init__(self, sparse: Retriever, dense: Retriever, generative: GenerativeRetriever, ann: HnswRetriever, tuning: Tuning):
        self.sparse, self.dense, self.generative, self.ann = sparse, dense, generative, ann
        self.tuning = tuning

    def search(self, queries: Queries, k: int) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; ``sources`` names the members that brought each hit."""
        depth = max(k, DEPTH)
        sparse, dense = self.sparse.search(queries, depth), self.dense.search(queries, depth)
        results, sources = [], []
        vectors = vectors_of(self.name, queries)
        for place, trace in enumerate(self.generative.traces(queries, sure=True)):
            third, rows = "generative", trace.documents(self.generative.trie, depth)[0]
            if trace.confidence < self.tuning.threshold or not len(rows):
                third, rows = "ann", self.ann.search(Queries([""], vectors[place : place + 1]), depth).rows[0]
            lists = {"bm25": sparse.rows[place], "dense": dense.rows[place], third: rows}
            found, scores, brought = fuse(lists, self.tuning.weights)
            best = top_k(scores, k, found)
            results.append((found[best], scores[best]))
            sources.append([brought[i] for i in best])
        return pack(results, k)._replace(sources=sources)


def fuse(lists: Mapping[str, np.ndarray], weights: Sequence[float]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Weighted RRF of ranked rows (-1 is padding): documents, their scores, and who brought each.

    A member of weight 0 brings nothing.

    >>> rows, scores, brought = fuse({"a": np.array([7, 3]), "b": np.array([3, -1])}, (1, 1))
    >>> rows.tolist(), brought
    ([3, 7], ['a + b', 'a'])
    >>> round(float(scores[0]), 6) == round(1 / 62 + 1 / 61, 6)
    True
    """
    used = {name: rows[rows >= 0] for (name, rows), weight in zip(lists.items(), weights, strict=True) if weight > 0}
    found = np.unique(np.concatenate([*used.values(), np.empty(0, np.int64)]))
    parts = reciprocal_ranks(list(lists.values()), found)
    scores = parts @ np.asarray(weights, np.float64)
    names = np.array([f"{name}" for name in lists])
    present = (parts > 0) & (np.asarray(weights) > 0)
    return found, scores.astype(np.float32), [" + ".join(names[row]) for row in present]


def reciprocal_ranks(lists: Sequence[np.ndarray], found: np.ndarray) -> np.ndarray:
    """``1 / (60 + rank)`` of each document in each list, 0 where absent: float64 ``(documents, lists)``; ``found`` is sorted."""
    parts = np.zeros((len(found), len(lists)))
    for column, rows in enumerate(lists):
        ranks = np.flatnonzero(rows >= 0)
        place = np.searchsorted(found, rows[ranks])
        inside = place < len(found)
        inside[inside] = found[place[inside]] == rows[ranks[inside]]
        parts[place[inside], column] = 1 / (RRF_K + 1 + ranks[inside])
    return parts


def tune(
    sparse: Retriever,
    dense: Retriever,
    generative: GenerativeRetriever,
    ann: HnswRetriever,
    queries: Queries,
    gains: Sequence[Mapping[int, int]],
) -> Tuning:
    """Choose weights and threshold by nDCG@10 on development queries.

    Parameters
    ----------
    sparse, dense, generative, ann : Retriever
        The members, and the index that stands in for the generator.
    queries : Queries
        Development queries with their vectors.
    gains : sequence of mapping
        Document row -> grade, a query each, parallel to ``queries``.

    Returns
    -------
    Tuning
        Weights from the grid 0, .1 .. 1 that sum to 1; then the threshold among the 5% steps of the confidences seen.
        Of equal settings the more even weights and the lower threshold win.
    """
    generated, confidences = [], []
    for trace in generative.traces(queries, sure=True):
        generated.append(trace.documents(generative.trie, DEPTH)[0])
        confidences.append(trace.confidence)
    fallback = list(ann.search(queries, DEPTH).rows)
    common = [sparse.search(queries, DEPTH).rows, dense.search(queries, DEPTH).rows]
    grid = np.array([w for w in product(range(11), repeat=3) if sum(w) == 10]) / 10
    grid = grid[np.argsort(np.abs(grid - 1 / 3).sum(axis=1), kind="stable")]

    def quality(third: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
        """nDCG@10 of each query (row) under each weighting (column)."""
        return np.array([_ndcg_of_weights([common[0][i], common[1][i], third[i]], weights, gains[i]) for i in range(len(gains))])

    plain = quality(generated, grid)
    best = int(plain.mean(axis=0).argmax())
    replaced = quality(fallback, grid[best : best + 1])[:, 0]
    thresholds = np.concatenate([[0.0], np.quantile(confidences, np.arange(0.05, 0.55, 0.05))])
    unsure = np.asarray(confidences)[:, None] < thresholds
    with_fallback = np.where(unsure, replaced[:, None], plain[:, best : best + 1]).mean(axis=0)
    chosen = int(with_fallback.argmax())
    weights = tuple(float(w) for w in grid[best])
    return Tuning(weights, float(thresholds[chosen]), f"{len(gains)} development queries, nDCG@10")  # type: ignore[arg-type]


def _ndcg_of_weights(lists: list[np.ndarray], grid: np.ndarray, gains: Mapping[int, int]) -> np.ndarray:
    found = np.unique(np.concatenate(lists))
    found = found[found >= 0]
    scores = reciprocal_ranks(lists, found) @ grid.T
    gain = np.array([gains.get(int(row), 0) for row in found], float)[:, None] * (scores > 0)  # weight 0 brings nothing
    order = np.argsort(-scores, axis=0, kind="stable")[:10]
    discount = 1 / np.log2(np.arange(2, 12))
    ideal = sorted(gains.values(), reverse=True)[:10]
    best = float(np.sum(np.array(ideal) * discount[: len(ideal)]))
    ranked = np.take_along_axis(gain, order, axis=0)
    return (ranked * discount[: len(order), None]).sum(axis=0) / best if best else np.zeros(len(grid))
