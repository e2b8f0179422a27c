"""Nodes of the trie that codes with content lead to, and those that only an end or a number leads to."""

import numpy as np

from engine.trie import Trie


def content_nodes(content: np.ndarray, trie: Trie) -> np.ndarray:
    """The deepest node that codes with content lead to, for each document in leaf order: int ``(documents in the trie,)``.

    ``content`` is :attr:`engine.identifiers.base.Identifiers.content`.
    """
    leaves = np.flatnonzero(np.diff(trie.first_child) == 0)
    leaves = leaves[np.argsort(trie.doc_start[leaves])]
    deepest = np.repeat(leaves, trie.counts[leaves])
    level, told = _levels(trie), content[trie.documents]
    while (climbing := level[deepest] > told).any():
        deepest[climbing] = trie.parent(deepest[climbing])
    return deepest


def numbering_nodes(content: np.ndarray, trie: Trie) -> np.ndarray:
    """Nodes that are entered by a code which is only a number or an end, for every document below: bool, one entry a node.

    >>> from engine.trie import build
    >>> codes = np.array([[0, 4], [0, 5], [1, 4], [1, 5], [2, 7]], np.int32)
    >>> numbering_nodes(np.array([1, 1, 1, 1, 2]), build(codes)).tolist()
    [False, False, False, False, True, True, True, True, False]
    """
    means_something = np.zeros(len(trie.code), bool)
    reached = np.unique(content_nodes(content, trie))
    while len(reached):
        means_something[reached] = True
        reached = np.unique(trie.parent(reached[reached > 0]))
    return ~means_something


def numbered_shares(trie: Trie, numbering: np.ndarray) -> list[float]:
    """For each level from the first: the share of its documents whose code there is only a number."""
    bounds = zip(trie.level_start[1:-1], trie.level_start[2:], strict=True)
    return [float(numbering[low:high] @ trie.counts[low:high] / trie.counts[low:high].sum()) for low, high in bounds]


def _levels(trie: Trie) -> np.ndarray:
    """Level of each node, the root's 0."""
    return np.repeat(np.arange(trie.levels + 1), np.diff(trie.level_start))
