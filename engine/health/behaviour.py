"""What identifiers say of who took what: prefixes against what is taken together, head and tail, and what another fit changes.

With the report card these are the probes of SIDScope (arXiv 2606.10375): use, aliasing, prefix against co-occurrence, head,
middle and tail, structural cost, churn. Use and aliasing of all items stand in the card already.
"""

from typing import NamedTuple

import numpy as np

from engine.data.histories import Histories
from engine.health.agreement import entropy_bits
from engine.trie import Trie

# Beams that the work of a search is told for.
BEAMS = 10
PARTS = ("head", "middle", "tail")


class Together(NamedTuple):
    """Items taken one after another that share their first ``depth`` codes: their ``share`` of such ``pairs``, and that of any
    two different items drawn as often as they are taken, ``chance``."""

    depth: int
    pairs: int
    share: float
    chance: float


class Part(NamedTuple):
    """Items by how often they are taken: a third of all interactions is on the ``head``, one on the ``middle``, the rest on the
    ``tail``, which has the items that nobody took too.

    ``alone``: the share of them whose codes of content are theirs alone. ``evenness``: entropy of their first code over the most
    that the codes in use allow.
    """

    name: str
    items: int
    interactions: int
    alone: float
    evenness: float


class Structure(NamedTuple):
    """What a tree costs: its nodes, the codes that a table of tokens holds, levels, and the nodes that a search of
    :data:`BEAMS` beams scores."""

    nodes: int
    codes: int
    levels: int
    scored: int


class Churn(NamedTuple):
    """Of the pairs of documents that shared their first ``depth`` codes in one fit, the share that does in another."""

    depth: int
    pairs: int
    kept: float


def taken_together(histories: Histories, paths: np.ndarray) -> list[Together]:
    """Prefixes against what is taken together, by depth from 1 on.

    Parameters
    ----------
    histories : Histories
        Of training.
    paths : np.ndarray
        As :func:`engine.health.agreement.node_paths` gives them.

    >>> paths = np.array([[0, 1, 3], [0, 1, 4], [0, 2, 5]])
    >>> [(row.depth, row.pairs, row.share) for row in taken_together(Histories.of([[0, 1], [1, 0, 2]]), paths)]
    [(1, 3, 0.6666666666666666), (2, 3, 0.0)]
    """
    same = histories.person[:-1] == histories.person[1:]
    first, then = histories.items[:-1][same], histories.items[1:][same]
    other = first != then
    first, then = first[other], then[other]
    times = np.bincount(histories.items, minlength=len(paths)).astype(np.float64)
    rows = []
    for depth in range(1, paths.shape[1]):
        mine = paths[:, depth]
        deep = mine >= 0
        both = deep[first] & deep[then]
        itself = float((times[deep] ** 2).sum())
        together = float((np.bincount(mine[deep], times[deep]) ** 2).sum()) - itself
        any_two = float(times[deep].sum() ** 2) - itself
        if both.any() and any_two > 0:
            share = float((mine[first[both]] == mine[then[both]]).mean())
            rows.append(Together(depth, int(both.sum()), share, together / any_two))
    return rows


def by_frequency(times: np.ndarray, alone: np.ndarray, first: np.ndarray) -> list[Part]:
    """Head, middle and tail.

    Parameters
    ----------
    times : np.ndarray
        How often each item was taken.
    alone : np.ndarray
        Bool: whose codes of content are theirs alone.
    first : np.ndarray
        First code of each item, -1 where it has none.
    """
    order = np.argsort(-times, kind="stable")
    before = np.cumsum(times[order]) - times[order]
    total, codes = max(float(times.sum()), 1.0), len(np.unique(first[first >= 0]))
    part = np.minimum((3 * before / total).astype(int), len(PARTS) - 1)
    part[times[order] == 0] = len(PARTS) - 1
    rows = []
    for number, name in enumerate(PARTS):
        items = order[part == number]
        if len(items):
            used = first[items][first[items] >= 0]
            bits = entropy_bits(np.unique(used, return_counts=True)[1]) if len(used) else 0.0
            evenness = bits / np.log2(codes) if codes > 1 else 0.0
            rows.append(Part(name, len(items), int(times[items].sum()), float(alone[items].mean()), float(evenness)))
    return rows


def structure(trie: Trie) -> Structure:
    """What a tree costs."""
    children, codes, scored = np.diff(trie.first_child), 0, 0.0
    for depth in range(trie.levels):
        low, high, below = (int(trie.level_start[depth + step]) for step in range(3))
        codes += int(np.asarray(trie.code[high:below]).max()) + 1
        inner = children[low:high][children[low:high] > 0]
        scored += min(BEAMS, len(inner)) * float(inner.mean())
    return Structure(len(trie.code), codes, trie.levels, round(scored))


def churn(before: np.ndarray, after: np.ndarray) -> list[Churn]:
    """How many pairs that shared a prefix still do, by depth from 1 on; both are paths of the same documents, row by row.

    What a code is called may change from fit to fit, so pairs are counted and not codes.

    >>> churn(np.array([[0, 1], [0, 1], [0, 1], [0, 2]]), np.array([[0, 7], [0, 7], [0, 8], [0, 8]]))
    [Churn(depth=1, pairs=3, kept=0.3333333333333333)]
    """
    rows = []
    for depth in range(1, min(before.shape[1], after.shape[1])):
        one, other = before[:, depth].astype(np.int64), after[:, depth].astype(np.int64)
        deep = one >= 0
        pairs = _pairs(np.unique(one[deep], return_counts=True)[1])
        both = deep & (other >= 0)
        still = _pairs(np.unique(one[both] * (int(other.max(initial=0)) + 1) + other[both], return_counts=True)[1])
        if pairs:
            rows.append(Churn(depth, pairs, still / pairs))
    return rows


def _pairs(sizes: np.ndarray) -> int:
    return int((sizes.astype(np.int64) * (sizes - 1) // 2).sum())
