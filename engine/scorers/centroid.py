"""The centroid scorer: no training at all.

Give each trie node the mean embedding of the documents under it. The mass that dense search would put under a node is
``sum_d exp(scale * query . d)``; with the mean in place of each document its logarithm is

    node score = scale * query . mean + log(documents below)

and at a leaf that is the dense score itself, so a beam that keeps everything ranks as exact dense search does. The
beam ranks by the node score rather than by summed conditionals: summing them adds up each level's error of the mean,
and costs a fifth of nDCG on NFCorpus (.258 against .314 at scale 20).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.kernels.best import Best
from engine.scorers.base import Abilities, Scored, log_softmax_within, log_sum_exp_within
from engine.scorers.bound import Spread, measure_spread, upper_bound
from engine.trie import Children, Tree, Trie

if TYPE_CHECKING:
    from engine.scorers.selection import NodeSearch, SearchState

# Inverse temperature of the cosine. 10 to 50 retrieve alike; 20 is the temperature .05 of contrastive training.
SCALE = 20.0
# What :func:`save` writes into its folder.
MEANS_FILE = "centroid.npy"


class Query(NamedTuple):
    """``vector`` is the query times the scale; ``code_scores`` its product with every codebook row, a level each."""

    vector: np.ndarray
    code_scores: list[np.ndarray]


class MeanScorer(ABC):
    """What scoring by node means is, wherever the means come from: a trie's array or a live catalogue's.

    Attributes
    ----------
    trie : Tree
        The tree scored over.
    means : array
        Float32 ``(nodes, d)``, or what gathers rows as such an array does.
    codebooks : list of np.ndarray
        Needed only to say what an unconstrained decoder would do with codes that the tree lacks.
    """

    name = "centroid"
    abilities = Abilities(dense=True, ahead=True)
    trie: Tree
    means: Any
    codebooks: list[np.ndarray]

    def start(self, query: np.ndarray, temperature: float = 1.0) -> Query:
        """Scale the query once: the temperature divides the scale of the cosine."""
        vector = np.float32(SCALE / temperature) * query
        return Query(vector, [codebook @ vector for codebook in self.codebooks])

    def at_once(self, state: Query) -> list[np.ndarray]:
        """See :class:`engine.scorers.base.AheadScorer`: the query against the codes' vectors, so that a sum is the query against
        what the codes make of a document."""
        return state.code_scores

    @abstractmethod
    def node_scores(self, state: Query, nodes: np.ndarray) -> np.ndarray:
        """Node score of each node, float32."""

    def score(self, state: Query, nodes: np.ndarray, totals: np.ndarray, children: Children) -> Scored:
        """See :class:`engine.scorers.base.Scorer`."""
        total = self.node_scores(state, children.node)
        return Scored(log_softmax_within(total, children.parent, len(nodes)), total)

    def masked(self, state: Query, level: int, nodes: np.ndarray, children: Children) -> np.ndarray:
        """Probability spent on absent codes, when a code that no document has here counts as one document at the beam's mean
        plus the code's vector. Zero at levels whose codes have no vectors."""
        if level > len(self.codebooks):
            return np.zeros(len(nodes), np.float32)
        code_scores = state.code_scores[level - 1]
        absent = (self.means[nodes] @ state.vector)[:, None] + code_scores
        absent[children.parent, self.trie.code[children.node]] = -np.inf
        peak = absent.max(axis=1, initial=-np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            absent_mass = np.where(np.isneginf(peak), -np.inf, peak + np.log(np.exp(absent - peak[:, None]).sum(axis=1)))
        legal_mass = log_sum_exp_within(self.node_scores(state, children.node), children.parent, len(nodes))
        return np.exp(absent_mass - np.logaddexp(absent_mass, legal_mass))

    def dense(self, state: Query, level: int, nodes: np.ndarray, totals: np.ndarray, prefixes: np.ndarray) -> np.ndarray:
        """See :class:`engine.scorers.base.DenseScorer`. An absent code counts as in :meth:`masked`, and so does every code after
        an absent prefix: as one document, at the last mean that exists plus the vectors of all codes since, which is the beam's
        total plus the code's score. An absent prefix ends where codes have no vectors."""
        real = np.flatnonzero(nodes >= 0)
        children = self.trie.children(nodes[real])
        code = self.trie.code[children.node].astype(np.int64)
        if level > len(self.codebooks):
            scores = np.full((len(nodes), int(code.max(initial=-1)) + 1), -np.inf, np.float32)
        else:
            at = totals.astype(np.float32)
            at[real] = self.node_scores(state, nodes[real]) - np.log(self.trie.counts_of(nodes[real])).astype(np.float32)
            # Rounded because BLAS gives equal code vectors scores that differ in the last digit.
            scores = np.round(at[:, None] + state.code_scores[level - 1], 4)
        scores[real[children.parent], code] = self.node_scores(state, children.node)
        return scores


class CentroidScorer(MeanScorer):
    """Scores by node means.

    Parameters
    ----------
    trie : Trie
        The tree scored over.
    means : np.ndarray
        Float32 ``(nodes, d)``, as :func:`node_means` makes them.
    codebooks : list of np.ndarray
        See :class:`MeanScorer`.
    """

    abilities = Abilities(selects=True, bounds=True, dense=True, ahead=True)

    def __init__(self, trie: Trie, means: np.ndarray, codebooks: list[np.ndarray]):
        self.trie: Trie = trie
        self.means: np.ndarray = means
        self.codebooks = codebooks
        self.log_counts = np.log(trie.counts).astype(np.float32)
        # Equal documents have equal means; taking both from one place makes their scores equal beyond doubt.
        self.holder = holders(trie)

    def node_scores(self, state: Query, nodes: np.ndarray) -> np.ndarray:
        """Node score of each node, float32."""
        if len(state.vector) != self.means.shape[1]:
            raise ValueError(f"the query has {len(state.vector)} dimensions, the means have {self.means.shape[1]}")
        products, means = self._products
        return products(means, self.holder[nodes], state.vector.astype(np.float64)) + self.log_counts[nodes]

    @cached_property
    def _products(self):
        # Compiled code is loaded by the first decode, not by whoever only opens a build.
        from engine.kernels.best_children import products
        from engine.kernels.compiled import fixed

        return products, fixed(self.means)

    def all_totals(self, queries: np.ndarray) -> np.ndarray:
        """Node scores of all nodes, float32 ``(queries, nodes)``, by one product of matrices: :meth:`node_scores` but for the
        last digits."""
        return (np.float32(SCALE) * np.asarray(queries, np.float32)) @ self.means.T + self.log_counts

    @cached_property
    def search(self) -> "NodeSearch":
        """Selects the best children without scoring all; a byte a dimension of memory, made by the first search that asks."""
        from engine.scorers.selection import NodeSearch

        return NodeSearch(self.trie, self.means, self.log_counts, self.holder)

    def start_all(self, tree: Tree, queries: np.ndarray | Sequence[np.ndarray], temperature: float = 1.0) -> "SearchState | None":
        """See :class:`engine.scorers.base.SelectingScorer`."""
        return self.search.start(tree, np.float32(SCALE / temperature) * np.asarray(queries))

    def best_children(self, state: "SearchState", old: Best, beams: int) -> Best:
        """See :class:`engine.scorers.base.SelectingScorer`."""
        return self.search.best_children(state, old, beams)

    @cached_property
    def spread(self) -> Spread:
        """How far leaves lie from the means above them; measured when first asked for."""
        return measure_spread(self.trie, self.means)

    def bound(self, state: Query, nodes: np.ndarray, totals: np.ndarray) -> np.ndarray:
        """See :class:`engine.scorers.base.BoundedScorer`."""
        return upper_bound(self.spread, state.vector, nodes, totals)


def node_means(trie: Trie, embeddings: np.ndarray, rows_at_once: int = 200_000, out: np.ndarray | None = None) -> np.ndarray:
    """Mean embedding of the documents under every node: float32 ``(nodes, d)``.

    Documents stand in leaf order, so each level is one segmented sum; float64 sums, taken in blocks of documents so
    that a million documents need no second copy (where numba is missing: the compiled loop makes none). They are written to
    ``out`` where it is given.
    """
    from engine.kernels.compiled import fixed
    from engine.kernels.means import run_means

    means = np.empty((len(trie.code), embeddings.shape[1]), np.float32) if out is None else out
    for level in range(len(trie.level_start) - 1):
        nodes = np.arange(trie.level_start[level], trie.level_start[level + 1])
        starts, stops = trie.doc_start[nodes], trie.doc_stop[nodes]
        first = 0
        while first < len(nodes):
            last = max(first + 1, int(np.searchsorted(starts, starts[first] + rows_at_once)))
            run_means(
                fixed(embeddings), fixed(trie.documents), starts[first:last], stops[first:last], means[nodes[0] :][first:last]
            )
            first = last
    return means


def holders(trie: Trie) -> np.ndarray:
    """The highest node with the same documents, for each node: int32. Only children share their parent's.

    >>> from engine.trie import build
    >>> holders(build(np.array([[0, 1, 0], [0, 2, 0], [3, 0, 0]], np.int32))).tolist()
    [0, 1, 2, 3, 4, 2, 3, 4, 2]
    """
    holder = np.arange(len(trie.code), dtype=np.int32)
    sizes = np.diff(trie.first_child)
    for level in range(1, trie.levels + 1):
        above = np.arange(trie.level_start[level - 1], trie.level_start[level])
        single = above[sizes[above] == 1]
        holder[trie.first_child[single]] = holder[single]
    return holder


def save(means: np.ndarray, folder: Path) -> None:
    """Write the means."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / MEANS_FILE, means, allow_pickle=False)


def load(trie: Trie, codebooks: list[np.ndarray], folder: Path) -> CentroidScorer:
    """Map the means that :func:`save` wrote."""
    return CentroidScorer(trie, np.load(folder / MEANS_FILE, mmap_mode="r", allow_pickle=False), codebooks)
