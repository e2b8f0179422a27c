"""Sums of document vectors below the nodes of a trie, from the leaves up.

Each level adds up the sums of the level below it rather than the documents again, and a level at which every document is alone
costs nothing.
"""

from collections.abc import Iterator

import numpy as np

from engine.kernels.sums import sum_runs
from engine.trie import Trie


def node_sums(trie: Trie, places: np.ndarray, vectors: np.ndarray, levels: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Sums of some documents below each node that has any of them.

    Parameters
    ----------
    trie : Trie
        The tree.
    places : np.ndarray
        Int ``(n,)``, ascending: where the documents stand in leaf order.
    vectors : np.ndarray
        Float ``(n, d)``: theirs, in that order.
    levels : int
        The level to begin at; one deeper than the trie has no nodes.

    Yields
    ------
    nodes, sums : np.ndarray
        Nodes of a level, ascending, and their sums, ``(nodes, d)``: float64, or ``vectors`` themselves while every document is
        alone. From the deepest level up to the root.

    >>> from engine.trie import build
    >>> trie = build(np.array([[0, 1], [0, 2], [3, 0]], np.int32))
    >>> below = node_sums(trie, np.array([0, 1]), np.array([[1.0], [2.0]]), 2)
    >>> [(nodes.tolist(), sums.ravel().tolist()) for nodes, sums in below]
    [([3, 4], [1.0, 2.0]), ([1], [3.0]), ([0], [3.0])]
    """
    for level in range(levels, -1, -1):
        if level > trie.levels:
            yield np.empty(0, np.int64), vectors[:0]
            continue
        low, high = trie.level_start[level], trie.level_start[level + 1]
        node = low + np.searchsorted(trie.doc_stop[low:high], places, side="right")
        inside = node < high
        inside[inside] = trie.doc_start[node[inside]] <= places[inside]
        # An identifier that ended above this level waits, alone, between two nodes.
        alone = np.where(inside, node, -1 - np.arange(len(node)))
        first = np.flatnonzero(np.append(True, alone[1:] != alone[:-1])[: len(alone)])
        if len(first) < len(places):
            summed = np.empty((len(first), vectors.shape[1]))
            sum_runs(vectors, np.append(first, len(places)), summed)
            vectors, places, inside, node = summed, places[first], inside[first], node[first]
        yield node[inside], vectors if inside.all() else vectors[inside]
