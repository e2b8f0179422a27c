"""How narrow a beam search may be and still find a share of the exact list: a plan (:mod:`engine.decoding.plan`) is read off
queries of which everything was scored. At which rank, and how far below the best, did the paths stand that lead to what is
wanted?
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from engine.decoding.exact import Level, score_all
from engine.decoding.plan import Plan
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.scorers.base import Scorer
from engine.scorers.centroid import CentroidScorer
from engine.trie import Tree, Trie

# Other queries lose more than those that a plan was chosen on: their mean loss may lie so many standard errors above (one in
# twenty lies further).
SURE = 1.645
# Of the paths that may be lost, which part the width loses; the threshold loses the rest.
PARTS = (0.0, 0.1, 0.3, 0.6, 1.0)
# So many of a level's best totals are remembered, to count what a threshold keeps.
REMEMBERED = 4096
# Totals of so many nodes are held together, 128 MB.
TOGETHER = 1 << 25
# Looking at a node exactly takes as long as at so many roughly (:mod:`engine.kernels.best_children`).
EXACT = 6.0


class Passed(NamedTuple):
    """Where the paths to what one query wants stood, level by level but for the last.

    Attributes
    ----------
    rank, below : np.ndarray
        ``(levels, wanted)``: rank among all paths, from 1, and nats below the best.
    gaps : list of np.ndarray
        A level each: nats below the best of its best paths, ascending.
    leaves : np.ndarray
        The leaves that are wanted, best first.
    """

    rank: np.ndarray
    below: np.ndarray
    gaps: list[np.ndarray]
    leaves: np.ndarray


def passed(tree: Tree, scorer: Scorer, query: np.ndarray, nearest: int) -> Passed:
    """Score every node for a query, and look where the paths to its ``nearest`` best leaves stand."""
    return _placed(tree, score_all(tree, scorer, query), nearest)


def passed_all(tree: Tree, scorer: Scorer, queries: np.ndarray, nearest: int) -> Iterator[Passed]:
    """:func:`passed` of each query, float32 ``(n, d)``; over a trie whose nodes the scorer can score in one go many queries go
    together, which is several times as fast and may differ in a last digit."""
    if not (isinstance(tree, Trie) and isinstance(scorer, CentroidScorer)):
        yield from (passed(tree, scorer, query, nearest) for query in queries)
        return
    starts = tree.level_start
    nodes = [np.arange(start, stop) for start, stop in pairwise(starts[1:])]
    parents = [tree.parent(of) - start for of, start in zip(nodes, starts, strict=False)]
    block = max(1, TOGETHER // len(tree.code))
    for first in range(0, len(queries), block):
        for totals in scorer.all_totals(queries[first : first + block]):
            levels = [Level(node, parent, totals[:0], totals[node]) for node, parent in zip(nodes, parents, strict=True)]
            yield _placed(tree, levels, nearest)


def _placed(tree: Tree, levels: Sequence[Level], nearest: int) -> Passed:
    early: list[np.ndarray] = []  # totals of leaves that were reached above: they wait in the beam
    pools = []
    for level in levels:
        pools.append(np.concatenate([level.total, *early]))
        early.append(level.total[tree.is_leaf(level.node)])
    best = _best(tree, levels, nearest)
    rank = np.empty((len(levels) - 1, len(best)), np.int64)
    below = np.empty((len(levels) - 1, len(best)), np.float32)
    gaps = []
    for at, pool in enumerate(pools[:-1]):
        ascending = np.sort(-pool)
        own = np.array([totals[min(at, len(totals) - 1)] for _, totals in best], np.float32)
        rank[at] = np.searchsorted(ascending, -own) + 1
        below[at] = -own - ascending[0]
        gaps.append(ascending[:REMEMBERED] - ascending[0])
    return Passed(rank, below, gaps, np.array([leaf for leaf, _ in best], np.int64))


def _best(tree: Tree, levels: Sequence[Level], nearest: int) -> list[tuple[int, list[float]]]:
    """The best leaves, each with the totals along its path."""
    leaf = [np.flatnonzero(tree.is_leaf(level.node)) for level in levels]
    place, depth = np.concatenate(leaf), np.repeat(np.arange(len(levels)), list(map(len, leaf)))
    total = np.concatenate([level.total[of] for level, of in zip(levels, leaf, strict=True)])
    node = np.concatenate([level.node[of] for level, of in zip(levels, leaf, strict=True)])
    found = []
    for one in top_k(total, nearest, tree.tie_key(node)):
        at, path = int(place[one]), []
        for level in range(depth[one], -1, -1):
            path.append(float(levels[level].total[at]))
            at = int(levels[level].parent[at])
        found.append((int(node[one]), path[::-1]))
    return found


def kept(of: Passed, plan: Plan) -> float:
    """Share of what a query wants that a plan keeps on every level, at least: what else is cut only makes its ranks better."""
    stays = np.ones(of.rank.shape[1], bool)
    for level, (width, below) in enumerate(zip(plan.widths, plan.below, strict=True)):
        stays &= (of.rank[level] <= width) & (of.below[level] <= below)
    return float(stays.mean()) if len(stays) else 1.0


def cost(of: Passed, plan: Plan, each: Sequence[float]) -> float:
    """What a plan takes, about, in nodes that are looked at roughly: of each level the children of what was kept above, and those
    within the width once more, exactly. ``each`` is how many children a node has, from the root on."""
    wide, spent = 1, 0.0
    for gaps, width, below, children in zip(of.gaps, plan.widths, plan.below, each, strict=False):
        candidates = wide * children
        spent += candidates + EXACT * min(width, candidates)
        wide = min(width, int(np.searchsorted(gaps, below, "right")))
    return spent + wide * each[-1]


def choose(tree: Tree, seen: Sequence[Passed], recall: float) -> Plan:
    """The cheapest plan found that surely keeps a share of ``recall`` of what queries want (:func:`sure`); where so few queries
    cannot tell, one that loses nothing of what they want.

    Raises
    ------
    TriescopeError
        The share is not above 0 and at most 1, or there is no query.
    """
    if not 0 < recall <= 1:
        raise TriescopeError(f"recall must be above 0 and at most 1, not {recall:g}")
    if not seen:
        raise TriescopeError("widths are chosen on queries, and there is none")
    if tree.levels < 2:
        return Plan()
    counts = np.bincount(tree.level_of(np.arange(len(tree.code))), minlength=tree.levels + 1)
    each = (counts[1:] / np.maximum(counts[:-1], 1)).tolist()
    rank, below = (np.concatenate([getattr(of, name) for of in seen], axis=1) for name in ("rank", "below"))
    wanted = np.array([of.rank.shape[1] for of in seen])
    plans = [_loosest(rank, below, wanted, recall, part) for part in PARTS]
    return min(plans, key=lambda plan: np.mean([cost(of, plan, each) for of in seen]))


def _loosest(rank: np.ndarray, below: np.ndarray, wanted: np.ndarray, recall: float, part: float) -> Plan:
    """The narrowest plan that keeps enough, where every level loses the same share of paths, a ``part`` of it by its width."""
    low, high = 0.0, 1.0 - recall  # shares that a level loses: what is kept falls as it grows
    plan = _losing(rank, below, low, part)
    for _ in range(20):
        middle = (low + high) / 2
        tried = _losing(rank, below, middle, part)
        if sure(_lost(rank, below, wanted, tried), recall):
            low, plan = middle, tried
        else:
            high = middle
    return plan


def sure(lost: np.ndarray, recall: float) -> bool:
    """Whether what these queries lost, a share each, tells that queries lose less than ``recall`` leaves: by
    :data:`SURE` standard errors, and with one query more that loses all. Many losses are all or nothing, and that few queries saw
    none does not mean that there is none.

    >>> sure(np.zeros(200), 0.99), sure(np.zeros(300), 0.99), sure(np.array([0.0] * 299 + [1.0]), 0.99)
    (False, True, False)
    """
    seen = np.append(lost, 1.0)
    return bool(seen.mean() + SURE * seen.std() / len(seen) ** 0.5 <= 1 - recall)


def _lost(rank: np.ndarray, below: np.ndarray, wanted: np.ndarray, plan: Plan) -> np.ndarray:
    """Share of what it wants that each query loses, at most; ``wanted`` says how many columns are of each."""
    gone = ((rank > np.array(plan.widths)[:, None]) | (below > np.array(plan.below, np.float32)[:, None])).any(axis=0)
    return np.add.reduceat(gone, np.cumsum(wanted) - wanted, dtype=np.int64) / wanted


def _losing(rank: np.ndarray, below: np.ndarray, share: float, part: float) -> Plan:
    widths = np.quantile(rank, 1 - share * part, axis=1, method="higher")
    nats = np.quantile(below, 1 - share * (1 - part), axis=1, method="higher")
    # A hundredth more: the threshold is compared with totals that were rounded on their way.
    return Plan(tuple(int(width) for width in widths), tuple(round(float(of) + 0.005, 2) for of in nats))
