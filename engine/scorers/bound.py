"""An upper bound on the centroid scorer's leaves: how far below a node they can be from its mean.

A leaf's mean is the node's mean plus a step no longer than the node's radius, so by Cauchy and Schwarz

    scale * query . leaf mean <= scale * (query . node mean + |query| * radius)

(the ball bound of metric trees, Omohundro 1989). Adding the logarithm of the largest leaf count below bounds every leaf total.
"""

from typing import NamedTuple

import numpy as np

from engine.trie import Trie

# A total is rounded to 4 digits, up or down by half of one; so is the one it is compared with.
ROUNDED = 1e-4


class Spread(NamedTuple):
    """What lies below each node: arrays of one entry a node, float32 where nothing else is said.

    Attributes
    ----------
    radius : np.ndarray
        At least the distance from the node's mean to that of any leaf below it; 0 at a leaf.
    log_largest : np.ndarray
        Logarithm of the documents of the fullest leaf below it.
    log_count : np.ndarray
        Logarithm of all documents below it.
    is_leaf : np.ndarray
        Bool: which nodes are complete identifiers, whose bound is their own total.
    longest : float
        Length of the longest mean.
    """

    radius: np.ndarray
    log_largest: np.ndarray
    log_count: np.ndarray
    is_leaf: np.ndarray
    longest: float


def measure_spread(trie: Trie, means: np.ndarray, rows_at_once: int = 50_000) -> Spread:
    """Measure every node: one pass over the leaf means for each level, in blocks.

    Parameters
    ----------
    trie : Trie
        The tree scored over.
    means : np.ndarray
        Float32 ``(nodes, d)``, as :func:`engine.scorers.centroid.node_means` makes them.
    rows_at_once : int
        Leaves in a block; bounds the memory, not the result.
    """
    counts = trie.counts
    nodes = np.arange(len(counts))
    ends = trie.is_leaf(nodes)
    leaves = nodes[ends][np.argsort(trie.doc_start[nodes[ends]], kind="stable")]
    radius, largest = np.zeros(len(counts), np.float32), np.where(ends, counts, 0)
    blocks = range(0, len(counts), rows_at_once)
    longest = max(float(np.linalg.norm(means[low : low + rows_at_once], axis=1).max()) for low in blocks)
    # A float32 sum of d squares may be too small by d roundings, a difference and a root by a few more.
    up = np.float32(1 + (means.shape[1] + 8) * np.finfo(np.float32).eps)
    level, ancestor = trie.level_of(leaves), leaves
    for depth in range(trie.levels - 1, -1, -1):
        ancestor = np.where(trie.level_of(ancestor) > depth, trie.parent(ancestor), ancestor)
        below, above = leaves[level > depth], ancestor[level > depth]
        for low in range(0, len(below), rows_at_once):
            leaf, node = below[low : low + rows_at_once], above[low : low + rows_at_once]
            step = means[leaf] - means[node]
            distance = np.sqrt(np.einsum("ij,ij->i", step, step)) * up
            # Leaves stand in leaf order, so those below one node stand together; a block may begin in their middle.
            first = np.flatnonzero(np.r_[True, node[1:] != node[:-1]])
            for highest, values in ((radius, distance), (largest, counts[leaf])):
                highest[node[first]] = np.maximum(highest[node[first]], np.maximum.reduceat(values, first))
    return Spread(radius, np.log(largest).astype(np.float32), np.log(counts).astype(np.float32), ends, longest)


def upper_bound(spread: Spread, vector: np.ndarray, nodes: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Upper bound of the total of every leaf below each node, float64 ``(n,)``, nats; at a leaf, its total.

    Parameters
    ----------
    spread : Spread
        Of the scorer's trie.
    vector : np.ndarray
        Float32 ``(d,)``: the query times the scale.
    nodes, totals : np.ndarray
        Int and float32 ``(n,)``: the nodes with their centroid totals.
    """
    length = float(np.linalg.norm(vector.astype(np.float64)))
    total = totals.astype(np.float64)
    radius = spread.radius[nodes].astype(np.float64)
    ball = total - spread.log_count[nodes] + length * radius + spread.log_largest[nodes]
    # Both products of d terms may be off by d roundings of the longest possible product, sums by a few of their own size.
    eps = float(np.finfo(np.float32).eps)
    slack = ROUNDED + eps * ((len(vector) + 8) * length * spread.longest + 4 * (np.abs(total) + np.abs(ball)))
    return np.where(spread.is_leaf[nodes], total, ball + slack)
