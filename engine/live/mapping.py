"""Where one trie stands in another: the arithmetic of :class:`engine.live.overlay.Overlay`, on whole arrays at once."""

import numpy as np

from engine.trie import Trie


def live_below(tree: Trie, alive: np.ndarray, nodes: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Documents below each node that are alive."""
    if alive.all():
        return tree.doc_stop[nodes] - tree.doc_start[nodes]
    running = np.zeros(len(alive) + 1, np.int32)
    np.cumsum(alive, out=running[1:])
    return running[tree.doc_stop[nodes]] - running[tree.doc_start[nodes]]


def identifiers_of(tree: Trie) -> np.ndarray:
    """Identifiers in leaf order, int32 ``(documents, levels)``, -1 padded."""
    table = np.full((len(tree.documents), tree.levels), -1, np.int32)
    for level in range(1, tree.levels + 1):
        nodes = slice(tree.level_start[level], tree.level_start[level + 1])
        start, size = tree.doc_start[nodes].astype(np.int64), tree.counts[nodes]
        ends = np.cumsum(size)
        places = np.arange(ends[-1]) + np.repeat(start - (ends - size), size)
        table[places, level - 1] = np.repeat(tree.code[nodes], size)
    return table


def stack(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """One table under another, the narrower padded with -1."""
    table = np.full((len(above) + len(below), max(above.shape[1], below.shape[1])), -1, np.int32)
    table[: len(above), : above.shape[1]] = above
    table[len(above) :, : below.shape[1]] = below
    return table


def bisect(codes: np.ndarray, low: np.ndarray, high: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """First place in each run ``codes[low:high]`` (sorted) whose code is not below the one wanted; all runs at once."""
    low, high = low.astype(np.int64), high.astype(np.int64)
    while len(open_runs := np.flatnonzero(low < high)):
        middle = (low[open_runs] + high[open_runs]) // 2
        below = codes[middle] < wanted[open_runs]
        low[open_runs] = np.where(below, middle + 1, low[open_runs])
        high[open_runs] = np.where(below, high[open_runs], middle)
    return low


def mapped(base: Trie, delta: Trie) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each node and document of the delta stands in the base.

    Gives ``number``, ``before`` and ``place`` of :class:`engine.live.merged.Merged`.
    """
    number, before = np.zeros(len(delta.code), np.int64), np.zeros(len(delta.code), np.int64)
    # Base documents before those of a node; for a node that the base has, before whatever it lacks at the end of that node.
    place = np.full(len(delta.code), len(base.documents), np.int64)
    free = len(base.code)
    for level in range(1, delta.levels + 1):
        nodes = np.arange(delta.level_start[level], delta.level_start[level + 1])
        parent = delta.parent(nodes)
        # A parent that the base lacks stands before some base node, and its children before the children of that one.
        low = base.first_child[before[parent]]
        high = np.where(number[parent] < len(base.code), base.first_child[np.minimum(before[parent] + 1, len(base.code))], low)
        at = bisect(base.code, low, high, delta.code[nodes])
        inside = np.minimum(at, len(base.code) - 1)
        found = (at < high) & (base.code[inside] == delta.code[nodes])
        number[nodes] = np.where(found, at, free + np.cumsum(~found) - 1)
        free += int((~found).sum())
        before[nodes] = at
        place[nodes] = np.where(found, base.doc_stop[inside], np.where(at < high, base.doc_start[inside], place[parent]))
    leaves = np.flatnonzero(delta.is_leaf(np.arange(len(delta.code))) & (delta.counts > 0))
    leaves = leaves[np.argsort(delta.doc_start[leaves])]
    return number, before, np.repeat(place[leaves], delta.counts[leaves])
