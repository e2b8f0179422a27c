"""The centroid scorer over an overlay: only the means that additions and deletions touch are computed.

The mean of a node is a sum over a count, and both can be brought up to date:

    mean = (base mean x base count + sum of what was added - sum of what was removed) / new count

Every other mean is read from the base's array, which may be mapped. Subtracting loses digits when little is left of a large sum,
so where half of a base node's documents or more are removed, those that remain are summed instead. Either way the work is
proportional to what changed, and an error in a base mean at most doubles: a mean is within a few units in the last place of
float32 of the rebuilt one, so its product with the query, which is rounded to four decimals, is the same or one such step away.
Totals therefore agree with a rebuilt scorer's to :data:`TOLERANCE`, and documents further apart than that rank the same. (A
document alone at its leaf has exactly the total it would have there.)
"""

from functools import cached_property

import numpy as np

from engine.kernels.best_children import products
from engine.kernels.compiled import fixed
from engine.kernels.sums import blend
from engine.live.mapping import live_below
from engine.live.overlay import Overlay
from engine.live.sums import node_sums
from engine.scorers.base import Abilities
from engine.scorers.bound import Spread, measure_spread, upper_bound
from engine.scorers.centroid import CentroidScorer, MeanScorer, Query

# Nats by which a total may differ from a rebuilt scorer's: one step of the rounding, and the last digits of a float32.
TOLERANCE = 1.2e-4


class OverlayMeans:
    """Node means of an overlay, as an array that only gathers: fresh rows for the nodes touched, the base's for all others.

    Parameters
    ----------
    base : np.ndarray
        Float32 ``(base nodes, d)``; read, never copied whole.
    fresh : np.ndarray
        Float32 ``(n, d)``.
    slot : np.ndarray
        Int32, one a node: its row in ``fresh``, or -1. Nodes with the same single document may share one.
    """

    def __init__(self, base: np.ndarray, fresh: np.ndarray, slot: np.ndarray):
        self.base, self.fresh, self.slot = base, fresh, slot

    def __getitem__(self, nodes: np.ndarray) -> np.ndarray:
        slot = self.slot[nodes]
        touched = slot >= 0
        rows = np.empty((len(slot), self.fresh.shape[1]), np.float32)
        rows[touched] = self.fresh[slot[touched]]
        rows[~touched] = self.base[nodes[~touched]]
        return rows


class OverlayScorer(MeanScorer):
    """What :class:`engine.scorers.centroid.CentroidScorer` is to a trie; made by :func:`overlay_scorer`.

    Parameters
    ----------
    base : CentroidScorer
        Scores every node that is not touched.
    overlay : Overlay
        The tree scored over.
    means : OverlayMeans
        Means of its nodes. Those of ``overlay.nodes`` are the means of the compacted trie.
    """

    abilities = Abilities(bounds=True, dense=True, ahead=True)

    def __init__(self, base: CentroidScorer, overlay: Overlay, means: OverlayMeans):
        self.base, self.overlay, self.means, self.codebooks = base, overlay, means, base.codebooks
        self.trie = overlay

    def node_scores(self, state: Query, nodes: np.ndarray) -> np.ndarray:
        """Node score of each node, float32."""
        slot = self.means.slot[nodes]
        touched = slot >= 0
        scores = np.empty(len(nodes), np.float32)
        scores[touched] = products(fixed(self.means.fresh), slot[touched], state.vector.astype(np.float64))
        scores[touched] += np.log(self.overlay.counts[nodes[touched]]).astype(np.float32)
        scores[~touched] = self.base.node_scores(state, nodes[~touched])
        return scores

    @cached_property
    def spread(self) -> Spread:
        """How far leaves lie from the means above them, measured on the compacted trie when first asked for: best-first search
        reads all means once."""
        nodes = self.overlay.nodes
        flat = measure_spread(self.overlay.compact(), self.means[nodes])
        radius, largest, count = (np.zeros(len(self.overlay.code), np.float32) for _ in range(3))
        radius[nodes], largest[nodes], count[nodes] = flat.radius, flat.log_largest, flat.log_count
        return Spread(radius, largest, count, self.overlay.is_leaf(np.arange(len(radius))), flat.longest)

    def bound(self, state: Query, nodes: np.ndarray, totals: np.ndarray) -> np.ndarray:
        """See :class:`engine.scorers.base.BoundedScorer`; an empty catalogue, which has nothing to ask, is not measured."""
        return upper_bound(self.spread, state.vector, nodes, totals) if len(nodes) else np.zeros(0)


def overlay_scorer(base: CentroidScorer, overlay: Overlay, embeddings: np.ndarray, added: np.ndarray) -> OverlayScorer:
    """Bring the means of a centroid scorer up to date with an overlay of its trie.

    Parameters
    ----------
    base : CentroidScorer
        Of ``overlay.base``.
    overlay : Overlay
        The tree to score over.
    embeddings : np.ndarray
        Float32 ``(base_rows, d)``, those of the base's documents; read only where documents were removed.
    added : np.ndarray
        Float32 ``(rows - base_rows, d)``, those of all documents ever added, in the order of their rows.

    Raises
    ------
    ValueError
        The embeddings are not as many as the rows.
    """
    if (len(embeddings), len(added)) != (overlay.base_rows, overlay.rows - overlay.base_rows):
        raise ValueError(
            f"{len(embeddings)} and {len(added)} embeddings for {overlay.rows} rows, {overlay.base_rows} of the base"
        )
    trie, counts = overlay.base, overlay.counts
    live, all_of = live_below(trie, overlay.base_alive), trie.counts
    few = live * 2 <= all_of
    removed = np.flatnonzero(~overlay.base_alive)
    # What is left below the nodes that lost half or more.
    edges = np.bincount(trie.doc_start[few], minlength=len(trie.documents) + 1)
    edges = edges - np.bincount(trie.doc_stop[few], minlength=len(trie.documents) + 1)
    left = np.flatnonzero((np.cumsum(edges[:-1]) > 0) & overlay.base_alive)
    new = np.flatnonzero(overlay.delta_alive)
    most = len(new) + int((live_below(overlay.delta, overlay.delta_alive) > 0).sum() + (live < all_of).sum())
    fresh, slot = np.empty((most, base.means.shape[1]), np.float32), np.full(len(overlay.code), -1, np.int32)
    # The new documents come first: most have a leaf to themselves, and its mean is there already.
    alone, filled = fresh[: len(new)], len(new)
    alone[:] = added[overlay.delta.documents[new] - overlay.base_rows]
    levels = max(trie.levels, overlay.delta.levels)
    means = fixed(base.means)
    for (gained, plus), (lost, minus), (rest, remaining) in zip(
        node_sums(overlay.delta, new, alone, levels),
        node_sums(trie, removed, embeddings[trie.documents[removed]], levels),
        node_sums(trie, left, embeddings[trie.documents[left]], levels),
        strict=True,
    ):
        nodes, total = overlay.number[gained], plus
        if not len(lost) and plus is alone and (counts[nodes] == 1).all():
            slot[nodes] = np.arange(len(nodes))
            continue
        if len(lost):
            nodes = np.union1d(nodes, lost[counts[lost] > 0])
            total = np.zeros((len(nodes), fresh.shape[1]))
            gone = ~few[lost] & (counts[lost] > 0)
            for numbers, part in (
                (overlay.number[gained], plus),
                (lost[gone], -minus[gone]),
                (rest[few[rest]], remaining[few[rest]]),
            ):
                total[np.searchsorted(nodes, numbers)] += part
        twin = np.where(nodes < len(trie.code), nodes, 0)
        weight = np.where((twin != nodes) | few[twin], 0, all_of[twin])
        slot[nodes] = np.arange(filled, filled + len(nodes))
        blend(means, twin, weight, total, counts[nodes], fresh[filled : filled + len(nodes)])
        filled += len(nodes)
    return OverlayScorer(base, overlay, OverlayMeans(base.means, fresh[:filled], slot))
