"""Constrained beam search over a tree of identifiers, one query at a time.

At each level all children of all beams are gathered at once, scored at once, and the best ``beams`` are kept. Only
codes that continue the identifier of some document are ever considered (GENRE, De Cao et al. 2021), so every output is
a document; a leaf that is reached early waits, unchanged, until the others finish.
"""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.decoding.confidence import Fork, log_share
from engine.decoding.plan import Plan
from engine.decoding.trace import Candidates, Step, Trace
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.scorers.base import Scored, Scorer
from engine.trie import ROOT, Children, Tree


class Went(NamedTuple):
    """Where a search came to: its last beams and their totals, its steps, what it considered at each (children and their totals),
    and how many nodes it scored."""

    nodes: np.ndarray
    totals: np.ndarray
    steps: list[Step]
    considered: list[tuple[Children, np.ndarray]]
    seen: int


def search_one(tree: Tree, scorer: Scorer, query: np.ndarray, beams: int, explain: bool, temperature: float, plan: Plan) -> Trace:
    """Decode one query, every candidate scored; see :func:`engine.decoding.decode`, which calls it."""
    nodes, totals = np.array([ROOT]), np.zeros(1, np.float32)
    widths = [*plan.widths, *[beams] * tree.levels][: tree.levels]
    went = go_on(tree, scorer, scorer.start(query, temperature), nodes, totals, widths, explain, plan.below)
    share = _share_of_first(went.steps, went.considered)
    return Trace(beams, went.steps, went.nodes, went.totals, scored=went.seen, log_share=share)


def go_on(
    tree: Tree,
    scorer: Scorer,
    state: Any,
    nodes: np.ndarray,
    totals: np.ndarray,
    widths: Sequence[int],
    explain: bool,
    below: Sequence[float] = (),
) -> Went:
    """Search the last levels of the tree, one for each of ``widths``, from the beams ``nodes`` on; ``state`` has scored what led
    there. After the first levels nothing is kept that lies further than ``below`` the best."""
    steps: list[Step] = []
    considered: list[tuple[Children, np.ndarray]] = []
    seen = 0
    for level, width in enumerate(widths, tree.levels - len(widths) + 1):
        start = time.perf_counter()
        children, scored = expand(tree, scorer, state, level, nodes, totals)
        key = tree.tie_key(children.node)
        best = top_k(scored.total, width, key)
        if len(steps) < len(below) and len(best):
            best = best[scored.total[best] >= scored.total[best[0]] - np.float32(below[len(steps)])]
        seen += len(children.node)
        kept = Candidates(children.node[best], children.parent[best], scored.log_prob[best], scored.total[best])
        ms = (time.perf_counter() - start) * 1e3
        pruned, mass = Candidates(*(array[:0] for array in kept)), 0.0
        if explain:
            cut = np.ones(len(children.node), bool)
            cut[best] = False
            rest = np.flatnonzero(cut)
            rest = rest[np.lexsort((key[rest], -scored.total[rest]))]
            pruned = Candidates(children.node[rest], children.parent[rest], scored.log_prob[rest], scored.total[rest])
            mass = masked_mass(tree, scorer, state, level, nodes, totals)
        steps.append(Step(level, kept, pruned, mass, ms))
        considered.append((children, scored.total))
        nodes, totals = kept.node, kept.total
    return Went(nodes, totals, steps, considered, seen)


def _share_of_first(steps: list[Step], considered: list[tuple[Children, np.ndarray]]) -> float:
    """Log-probability of the path to the first leaf, from what the search has scored; NaN where it found nothing."""
    place, forks = 0, []
    for step, (children, total) in zip(reversed(steps), reversed(considered), strict=True):
        if not len(step.kept.node):
            return np.nan
        node, parent = step.kept.node[place], step.kept.parent[place]
        together = children.parent == parent
        ours = together & (children.node == node)
        forks.append(Fork(float(total[ours][0]), total[together & ~ours]))
        place = int(parent)
    return log_share(forks[::-1])


def score_children(scorer: Scorer, state, level: int, nodes: np.ndarray, totals: np.ndarray, children: Children) -> Scored:
    """Scores of children, refused unless finite: a NaN would sort anywhere, an infinity hide everything below it.

    Raises
    ------
    TriescopeError
        One is not (the message names the scorer).
    """
    scored = scorer.score(state, nodes, totals, children)
    if not np.isfinite(scored.total).all():
        raise TriescopeError(f"scorer {scorer.name}: a score at level {level} is not a finite number")
    return scored


def expand(tree: Tree, scorer: Scorer, state, level: int, nodes: np.ndarray, totals: np.ndarray) -> tuple[Children, Scored]:
    """Children of the beams with their scores; a finished beam stands as its own only child, at probability 1."""
    children = tree.children(nodes)
    scored = score_children(scorer, state, level, nodes, totals, children)
    finished = np.flatnonzero(tree.is_leaf(nodes))
    if len(finished):
        children = Children(np.append(children.parent, finished), np.append(children.node, nodes[finished]))
        scored = Scored(
            np.append(scored.log_prob, np.zeros(len(finished), np.float32)), np.append(scored.total, totals[finished])
        )
    return children, scored


def masked_mass(tree: Tree, scorer: Scorer, state, level: int, nodes: np.ndarray, totals: np.ndarray) -> float:
    """Probability that the scorer spends on codes that the tree lacks, averaged over the unfinished beams by their share."""
    open_beams = ~tree.is_leaf(nodes)
    if not open_beams.any():
        return 0.0
    nodes, totals = nodes[open_beams], totals[open_beams]
    share = np.exp(totals - totals.max())
    masked = scorer.masked(state, level, nodes, tree.children(nodes))
    return float((masked * share).sum() / share.sum())
