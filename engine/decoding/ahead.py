"""What lies below a node, before anything is written: the best sum of code scores that any identifier below it reaches.

Some scorers score a code without knowing its prefix, so the sum over all codes of an identifier is there before the first is
written. Planning ahead (PAG, Zeng et al. 2024) takes the best such sum below a node as a prior of that node: a prefix whose own
score is middling stays in the beam when something good lies below it. Here the sums of all legal identifiers are taken, down the
tree and back up; PAG takes them of the best thousand.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.trie import ROOT, Tree


class Ahead(NamedTuple):
    """Legal nodes but the root, ascending, and the best sum at or below each, float32."""

    node: np.ndarray
    best: np.ndarray

    def of(self, nodes: np.ndarray) -> np.ndarray:
        """Best sum at or below each of some legal ``nodes``, in any order."""
        return self.best[np.searchsorted(self.node, nodes)]


def look_ahead(tree: Tree, at_once: Sequence[np.ndarray]) -> Ahead:
    """Sum the scores of all identifiers and carry the best of them up.

    Parameters
    ----------
    tree : Tree
        The legal identifiers.
    at_once : sequence of np.ndarray
        Float ``(codes,)`` a level, from the first: the score of each code, whatever comes before it, nats up to a constant. Codes
        behind them (a number that tells documents apart) add nothing.

    >>> from engine.trie import build
    >>> tree = build(np.array([[0, 1], [0, 2], [3, 0]], np.int32))
    >>> ahead = look_ahead(tree, [np.array([0.0, 0, 0, 1]), np.array([0.0, 5, 2])])
    >>> [tree.prefix(node) for node in (1, 2, 4)], ahead.of(np.array([1, 2, 4])).tolist()
    ([(0,), (3,), (0, 2)], [5.0, 1.0, 2.0])
    """
    nodes, sums, parents = [np.array([ROOT])], [np.zeros(1, np.float32)], [np.zeros(1, np.int64)]
    for level in range(1, tree.levels + 1):
        children = tree.children(nodes[-1])
        code = np.asarray(tree.code[children.node], np.int64)
        known = np.asarray(at_once[level - 1] if level <= len(at_once) else (), np.float32)
        scored = code < len(known)
        added = np.zeros(len(code), np.float32)
        added[scored] = known[code[scored]]
        nodes.append(children.node)
        sums.append(sums[-1][children.parent] + added)
        parents.append(children.parent)
    best = sums
    for level in range(tree.levels, 1, -1):
        # Children stand in order of their parents; a parent without any is a leaf and keeps its own sum.
        first = np.flatnonzero(np.r_[True, np.diff(parents[level]) > 0])
        if len(nodes[level]):
            best[level - 1][parents[level][first]] = np.maximum.reduceat(best[level], first)
    found, sums_below = np.concatenate(nodes[1:]), np.concatenate(best[1:])
    order = np.argsort(found, kind="stable")
    return Ahead(found[order], sums_below[order])
