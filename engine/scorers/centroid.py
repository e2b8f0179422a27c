"""The centroid scorer: no training at all.

Give each trie node the mean embedding of the documents under it. The mass that dense search would put under a node is
``sum_d exp(scale * query . d)``; with the mean in place of each document its logarithm is

    node score = scale * query . mean + log(documents below)

and at a leaf that is the dense score itself, so a beam that keeps everything ranks as exact dense search does. The
beam ranks by the node score rather than by summed conditionals: summing them adds up each level's error of the mean,
and costs a fifth of nDCG on NFCorpus (.258 against .314 at scale 20).
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.scorers.base import Scored, log_softmax_within, log_sum_exp_within
from engine.trie import Children, Trie

# Inverse temperature of the cosine. 10 to 50 retrieve alike; 20 is the temperature .05 of contrastive training.
SCALE = 20.0


class Query(NamedTuple):
    """``vector`` is the query times the scale; ``code_scores`` its product with every codebook row, a level each."""

    vector: np.ndarray
    code_scores: list[np.ndarray]


class CentroidScorer:
    """Scores by node means.

    Parameters
    ----------
    trie : Trie
        The tree scored over.
    means : np.ndarray
        Float32 ``(nodes, d)``, as :func:`node_means` makes them.
    codebooks : list of np.ndarray
        Needed only to say what an unconstrained decoder would do with codes that the tree lacks.
    """

    name = "centroid"

    def __init__(self, trie: Trie, means: np.ndarray, codebooks: list[np.ndarray]):
        self.trie = trie
        self.means = means
        self.codebooks = codebooks
        self.log_counts = np.log(trie.counts).astype(np.float32)

    def start(self, query: np.ndarray, temperature: float = 1.0) -> Query:
        """Scale the query once: the temperature divides the scale of the cosine."""
        vector = np.float32(SCALE / temperature) * query
        return Query(vector, [codebook @ vector for codebook in self.codebooks])

    def node_scores(self, state: Query, nodes: np.ndarray) -> np.ndarray:
        """Node score of each node, float32."""
        # The children of one node are a run, and a run is a view: no gather.
        run = len(nodes) > 0 and nodes[-1] - nodes[0] == len(nodes) - 1 and bool((np.diff(nodes) == 1).all())
        means = self.means[nodes[0] : nodes[-1] + 1] if run else self.means[nodes]
        # Rounded because BLAS gives equal rows scores that differ in the last digit, and ties must be ties.
        return np.round(means @ state.vector, 4) + self.log_counts[nodes]

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


def node_means(trie: Trie, embeddings: np.ndarray, rows_at_once: int = 200_000) -> np.ndarray:
    """Mean embedding of the documents under every node: float32 ``(nodes, d)``.

    Documents stand in leaf order, so each level is one segmented sum; float64 sums, taken in blocks of documents so
    that a million documents need no second copy.
    """
    sums = np.zeros((len(trie.code), embeddings.shape[1]), np.float32)
    for level in range(len(trie.level_start) - 1):
        nodes = np.arange(trie.level_start[level], trie.level_start[level + 1])
        starts, stops = trie.doc_start[nodes], trie.doc_stop[nodes]
        first = 0
        while first < len(nodes):
            last = max(first + 1, int(np.searchsorted(starts, starts[first] + rows_at_once)))
            low, high = int(starts[first]), int(stops[last - 1])
            block = embeddings[trie.documents[low:high]].astype(np.float64)
            # Documents whose identifiers end above this level lie between two nodes; even places are nodes, odd ones gaps.
            bounds = np.column_stack([starts[first:last], stops[first:last]]).ravel() - low
            summed = np.add.reduceat(np.vstack([block, np.zeros(block.shape[1])]), bounds, axis=0)[::2]
            sums[nodes[first:last]] = summed / trie.counts[nodes[first:last], None]
            first = last
    return sums


def save(means: np.ndarray, folder: Path) -> None:
    """Write the means."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "centroid.npy", means, allow_pickle=False)


def load(trie: Trie, codebooks: list[np.ndarray], folder: Path) -> CentroidScorer:
    """Map the means that :func:`save` wrote."""
    return CentroidScorer(trie, np.load(folder / "centroid.npy", mmap_mode="r", allow_pickle=False), codebooks)
