"""A trained scorer over a tree that changed since: what its weights are there.

What was trained of a node or a code that is still there stays as it is. A node that is new begins as the centroid scorer's would,
the mean of its documents and the logarithm of their number, and takes over what training added to the nearest node above it that
was there before. A code that is new, a number that keeps documents apart, gets what an average code of its level has.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from engine.scorers.centroid import holders
from engine.trie import ROOT, Trie


class Change(NamedTuple):
    """A tree before and after.

    Attributes
    ----------
    before, after : Trie
        The tree that was trained on, and the one to score over.
    means_before, means : np.ndarray
        Float32 ``(nodes, d)``: their means.
    came : np.ndarray
        Int64, one a node of ``after``: the node of ``before`` with the same prefix, or -1.
    """

    before: Trie
    after: Trie
    means_before: np.ndarray
    means: np.ndarray
    came: np.ndarray

    def known(self, nodes: np.ndarray) -> np.ndarray:
        """The node of ``before`` that each node descends from, itself if it was there: int64."""
        found, above = self.came[nodes], np.array(nodes, np.int64)
        while len(lost := np.flatnonzero(found < 0)):
            above[lost] = self.after.parent(above[lost])
            found[lost] = np.where(above[lost] == ROOT, ROOT, self.came[above[lost]])
        return found


def vectors(change: Change, learned: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Vectors of ``nodes`` of the tree after, float32 ``(nodes, d)``; ``learned`` has one a node of the tree before."""
    known, new = change.known(nodes), np.flatnonzero(change.came[nodes] < 0)
    found = learned[known].astype(np.float32)
    found[new] += change.means[nodes[new]] - change.means_before[known[new]]
    return found


def biases(change: Change, learned: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """The same for a bias a node, which begins as the logarithm of the documents below it: float32 ``(nodes,)``."""
    known, new = change.known(nodes), np.flatnonzero(change.came[nodes] < 0)
    found = learned[known].astype(np.float32)
    found[new] += np.log(change.after.counts[nodes[new]] / change.before.counts[known[new]]).astype(np.float32)
    return found


def held_nodes(tree: Trie) -> np.ndarray:
    """For each node that is no only child, in node order, the last node with the same documents: int64. Where a node lost all
    children but one, that one says best what is left."""
    held, row = np.unique(holders(tree), return_inverse=True)
    last = np.zeros(len(held), np.int64)
    last[row] = np.arange(len(row))  # nodes stand level by level, so the deepest is written last
    return last


def rows_of_codes(table: np.ndarray, before: Sequence[int], after: Sequence[int], fill: str = "mean") -> np.ndarray:
    """A table with a row for every code of every level, level by level, for other numbers of codes.

    >>> rows_of_codes(np.array([[1.0], [3.0], [7.0]]), (2, 1), (3, 1)).ravel().tolist()
    [1.0, 3.0, 2.0, 7.0]
    """
    parts, first = [], 0
    for size, wanted in zip(before, after, strict=True):
        level = table[first : first + size]
        first += size
        start = {"mean": level.mean(axis=0), "least": level.min(axis=0), "zero": np.zeros_like(level[0])}[fill]
        parts.append(level[:wanted])
        parts.append(np.repeat(start[None], max(0, wanted - size), axis=0).astype(table.dtype))
    return np.concatenate(parts)


def codes_of(tree: Trie) -> tuple[int, ...]:
    """Codes of each level of a tree: the largest and one more.

    >>> from engine.trie import build
    >>> codes_of(build(np.array([[0, 1], [0, 7], [3, -1]], np.int32)))
    (4, 8)
    """
    return tuple(int(tree.code[low:high].max()) + 1 for low, high in pairwise(tree.level_start[1:]))


def others(tensors: Mapping[str, np.ndarray], *names: str) -> dict[str, np.ndarray]:
    """All tensors but those named."""
    return {name: tensor for name, tensor in tensors.items() if name not in names}
