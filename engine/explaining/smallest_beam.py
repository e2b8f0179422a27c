"""The smallest beam that keeps a document to the end, found without decoding again.

Beam search is not monotone in its width: a wider beam also admits rivals, so a document that 20 beams reach can be lost at 30,
and bisection would be wrong. But totals depend on the prefix alone, so one ranking of each level replays every width, and whole
ranges of widths can be settled at once. For the widths ``low..high`` keep two sets a level, given that the document is still in:

    surely kept     a surely kept parent, and better than the document or fewer than ``low`` possible rivals ahead
    possibly kept   a possibly kept parent, and fewer than ``high`` sure rivals ahead

The document needs more beams than it has sure rivals, and is safe where its possible rivals are fewer than ``low``. A range that
neither settles is halved, the lower half first; at a single width both sets are the beam itself, so the answer is exact.
"""

from typing import NamedTuple

import numpy as np

from engine.decoding.exact import Level
from engine.trie import Tree


class Order(NamedTuple):
    """All that a beam without limit holds after one step, best first, ties by the tree's key.

    Attributes
    ----------
    node : np.ndarray
        Nodes of the level, and the leaves of identifiers that ended above it.
    parent : np.ndarray
        Place of each one's parent in the order of the step before; a waiting leaf is its own. Zeros at the first step.
    total, log_prob : np.ndarray
        What the scorer says of each.
    """

    node: np.ndarray
    parent: np.ndarray
    total: np.ndarray
    log_prob: np.ndarray


class Ranked(NamedTuple):
    """One document in the order of a step: nodes and parents of the whole :class:`Order`, and of the document's own prefix its
    place, from 0, and what the scorer says of it."""

    node: np.ndarray
    parent: np.ndarray
    place: int
    total: float
    log_prob: float


def order_levels(tree: Tree, levels: list[Level]) -> list[Order]:
    """The order of every level of :func:`engine.decoding.exact.score_all`, the same for all documents."""
    found = []
    node, total = np.empty(0, np.int64), np.empty(0, np.float32)
    # Of the step before: the place in the order of each of its nodes, as they stand in `node`.
    placed = np.zeros(1, np.int64)
    for level in levels:
        waiting = np.flatnonzero(tree.is_leaf(node)) if len(node) else np.empty(0, np.int64)
        node = np.append(level.node, node[waiting])
        total = np.append(level.total, total[waiting])
        log_prob = np.append(level.log_prob, np.zeros(len(waiting), np.float32))
        parent = placed[np.append(level.parent, waiting)]
        order = np.lexsort((tree.tie_key(node), -total))
        placed = np.empty(len(order), np.int64)
        placed[order] = np.arange(len(order))
        found.append(Order(node[order], parent[order], total[order], log_prob[order]))
    return found


def on_path(orders: list[Order], path: list[int]) -> list[Ranked]:
    """A document in every order; ``path`` has its node at each: its leaf, once it ended."""
    found = []
    for order, own in zip(orders, path, strict=True):
        place = int(np.flatnonzero(order.node == own)[0])
        found.append(Ranked(order.node, order.parent, place, float(order.total[place]), float(order.log_prob[place])))
    return found


def smallest_beams(levels: list[Ranked]) -> int:
    """The smallest width at which beam search keeps the document to the end.

    One pass over the ranking a range of widths; at most some hundred ranges on real catalogues, most often fewer than ten.
    """
    # Candidates of a step are some of its ranking, so a width above every place on the path surely keeps the document.
    ranges = [(1, 1 + max(level.place for level in levels))]
    while True:
        low, high = ranges.pop()
        needed, safe = _rivals(levels, low, high)
        if safe:
            return low
        low = max(low, needed)
        if low <= high:
            middle = (low + high) // 2
            ranges += [(middle + 1, high)] * (middle < high) + [(low, middle)]


def _rivals(levels: list[Ranked], low: int, high: int) -> tuple[int, bool]:
    """Of the widths ``low..high``: the least that any which keeps the document can be, and whether all of them keep it."""
    sure = possible = np.ones(1, bool)
    needed, safe = low, True
    for level in levels:
        sure_now, possible_now = sure[level.parent], possible[level.parent]
        sure_until, possible_until = np.cumsum(sure_now), np.cumsum(possible_now)
        needed = max(needed, int(sure_until[level.place]))
        safe = safe and int(possible_until[level.place]) <= low
        if needed > high:
            return needed, False
        sure = sure_now & (possible_until <= low)
        sure[: level.place + 1] = sure_now[: level.place + 1]
        possible = possible_now & (sure_until - sure_now < high)
    return needed, safe
