"""What strategies share: growing all beams by one code, writing a step down, and steps from leaves found in another order."""

from typing import Any, NamedTuple

import numpy as np

from engine.decoding.beam import expand, masked_mass
from engine.decoding.trace import Candidates, Step
from engine.errors import TriescopeError
from engine.scorers.base import Scorer
from engine.trie import ROOT, Tree


class Beams(NamedTuple):
    """Hypotheses after a step, in order of rank.

    Attributes
    ----------
    node : np.ndarray
        Int ``(n,)``.
    total : np.ndarray
        Float32 ``(n,)``: the scorer's total.
    path : np.ndarray
        Float64 ``(n,)``, nats: the scorer's ``log_prob`` summed from the root.
    """

    node: np.ndarray
    total: np.ndarray
    path: np.ndarray


class Pool(NamedTuple):
    """Everything that may follow the beams: their legal children, and finished beams, which wait as their own only child.

    Arrays as in :class:`Beams`; ``parent`` is the place of the beam a candidate comes from, ``waits`` marks the finished, and
    ``key`` settles equal scores, the smaller first.
    """

    node: np.ndarray
    parent: np.ndarray
    log_prob: np.ndarray
    total: np.ndarray
    path: np.ndarray
    waits: np.ndarray
    key: np.ndarray

    def keep(self, places: np.ndarray) -> Beams:
        """Beams of the chosen candidates."""
        return Beams(self.node[places], self.total[places], self.path[places])


def root() -> Beams:
    """The one beam that every search begins with."""
    return Beams(np.array([ROOT]), np.zeros(1, np.float32), np.zeros(1))


def check_finite(scorer: Scorer, level: int, values: np.ndarray) -> None:
    """Refuse scores that cannot be ranked.

    Raises
    ------
    TriescopeError
        A value is NaN or infinite.
    """
    if not np.isfinite(values).all():
        raise TriescopeError(f"scorer {scorer.name}: a score at level {level} is not a finite number")


def grow(tree: Tree, scorer: Scorer, state: Any, level: int, beams: Beams) -> Pool:
    """Score all candidates of one step.

    Raises
    ------
    TriescopeError
        A total or a log-probability is not finite (the message names the scorer).
    """
    children, scored = expand(tree, scorer, state, level, beams.node, beams.total)
    check_finite(scorer, level, scored.log_prob)
    path = beams.path[children.parent] + scored.log_prob
    waits = children.node == beams.node[children.parent]
    return Pool(children.node, children.parent, scored.log_prob, scored.total, path, waits, tree.tie_key(children.node))


def cut(level: int, pool: Pool, places: np.ndarray, shown: np.ndarray, mass: float, ms: float) -> Step:
    """The step that keeps the candidates at ``places``, in that order, and prunes the rest.

    Parameters
    ----------
    level : int
        Position of the code, from 1.
    pool : Pool
        All candidates.
    places : np.ndarray
        Int: the kept, best first.
    shown : np.ndarray
        One value a candidate, written down as its total; the pruned stand in order of it, equal ones in order of their keys.
    mass, ms : float
        The masked mass, and the milliseconds that the step took.
    """
    pruned = np.ones(len(pool.node), bool)
    pruned[places] = False
    rest = np.flatnonzero(pruned)
    rest = rest[np.lexsort((pool.key[rest], -shown[rest]))]
    kept, pruned_ones = (
        Candidates(pool.node[part], pool.parent[part], pool.log_prob[part], shown[part].astype(np.float32))
        for part in (places, rest)
    )
    return Step(level, kept, pruned_ones, mass, ms)


def lineage(tree: Tree, leaves: np.ndarray) -> np.ndarray:
    """Ancestor of each leaf at each level from 1: int ``(levels, leaves)``; a leaf stands for itself below its own level.

    >>> from engine.trie import build
    >>> lineage(build(np.array([[0, 1], [0, 2], [3, -1]], np.int32)), np.array([4, 2])).tolist()
    [[1, 2], [4, 2]]
    """
    rows = np.empty((tree.levels, len(leaves)), np.int64)
    node = np.asarray(leaves, np.int64)
    for level in range(tree.levels, 0, -1):
        rows[level - 1] = node
        node = np.where(tree.level_of(node) == level, tree.parent(node), node)
    return rows


def steps_to(tree: Tree, scorer: Scorer, state: Any, leaves: np.ndarray, search_ms: float) -> list[Step]:
    """Steps of a search that did not go level by level, rebuilt from the leaves that it found.

    Kept at each level are the prefixes of ``leaves``, in order of first appearance; pruned are the other legal children of what
    was kept before. The time of the whole search is shared out evenly, because none of it belongs to a level.

    Parameters
    ----------
    tree, scorer, state
        Of the search.
    leaves : np.ndarray
        Int ``(n,)``: distinct legal leaves, in order of rank.
    search_ms : float
        Milliseconds of the search.
    """
    beams, steps = root(), []
    rows = lineage(tree, leaves)
    for level, ancestors in enumerate(rows, 1):
        pool = grow(tree, scorer, state, level, beams)
        wanted = ancestors[np.sort(np.unique(ancestors, return_index=True)[1])]
        sorter = np.argsort(pool.node)
        places = sorter[np.searchsorted(pool.node, wanted, sorter=sorter)]
        mass = masked_mass(tree, scorer, state, level, beams.node, beams.total)
        steps.append(cut(level, pool, places, pool.total, mass, search_ms / len(rows)))
        beams = pool.keep(places)
    return steps
