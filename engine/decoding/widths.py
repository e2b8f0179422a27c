"""How narrow a beam search may be and still find a share of the exact list: a plan (:mod:`engine.decoding.plan`) is read off
queries of which everything was scored. At which rank, and how far below the best, did the paths stand that lead to what is
wanted?
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.decoding.exact import Level, score_all
from engine.decoding.plan import Plan
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.scorers.base import Scorer
from engine.trie import Tree

# Of what may be lost so much is: other queries lose more than those that a plan was chosen on.
SPARED = 0.5
# Of the paths that may be lost, which part the width loses; the threshold loses the rest.
PARTS = (0.0, 0.1, 0.3, 0.6, 1.0)
# So many of a level's best totals are remembered, to count what a threshold keeps.
REMEMBERED = 4096
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
    levels = score_all(tree, scorer, query)
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
    """The cheapest plan found that keeps a share of ``recall`` of what the queries want, and half of the rest.

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
    aim = 1 - SPARED * (1 - recall)
    plans = [_loosest(rank, below, seen, aim, part) for part in PARTS]
    return min(plans, key=lambda plan: np.mean([cost(of, plan, each) for of in seen]))


def _loosest(rank: np.ndarray, below: np.ndarray, seen: Sequence[Passed], recall: float, part: float) -> Plan:
    """The narrowest plan that keeps enough, where every level loses the same share of paths, a ``part`` of it by its width."""
    low, high = 0.0, 1.0 - recall  # shares that a level loses: what is kept falls as it grows
    plan = _losing(rank, below, low, part)
    for _ in range(20):
        middle = (low + high) / 2
        tried = _losing(rank, below, middle, part)
        if np.mean([kept(of, tried) for of in seen]) >= recall:
            low, plan = middle, tried
        else:
            high = middle
    return plan


def _losing(rank: np.ndarray, below: np.ndarray, share: float, part: float) -> Plan:
    widths = np.quantile(rank, 1 - share * part, axis=1, method="higher")
    nats = np.quantile(below, 1 - share * (1 - part), axis=1, method="higher")
    # A hundredth more: the threshold is compared with totals that were rounded on their way.
    return Plan(tuple(int(width) for width in widths), tuple(round(float(of) + 0.005, 2) for of in nats))
