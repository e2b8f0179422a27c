"""Constrained beam search over the trie, and the exact search that it approximates.

At each level all children of all beams are gathered at once, scored at once, and the best ``beams`` are kept. Only
codes that continue the identifier of some document are ever considered (GENRE, De Cao et al. 2021), so every output is
a document; a leaf that is reached early waits, unchanged, until the others finish.
"""

import time

import numpy as np

from engine.errors import TriescopeError
from engine.scorers.base import Scored, Scorer
from engine.top import top_k
from engine.trace import Candidates, Step, Trace
from engine.trie import ROOT, Children, Trie


def beam_search(trie: Trie, scorer: Scorer, query: np.ndarray, beams: int, explain: bool = True) -> Trace:
    """Decode identifiers for one query.

    Parameters
    ----------
    trie : Trie
        The legal identifiers.
    scorer : Scorer
        Gives log-probabilities and totals.
    query : np.ndarray
        Float32 ``(d,)``, unit length.
    beams : int
        Hypotheses kept after each level.
    explain : bool
        Keep the pruned candidates and measure the mass that the mask removes. The hits are the same without.

    Raises
    ------
    TriescopeError
        ``beams`` below 1, or a score that is NaN (the message names the scorer).
    """
    if beams < 1:
        raise TriescopeError(f"beams must be at least 1, not {beams}")
    state = scorer.start(query)
    nodes, totals = np.array([ROOT]), np.zeros(1, np.float32)
    steps: list[Step] = []
    for level in range(1, trie.levels + 1):
        start = time.perf_counter()
        children, scored = _expand(trie, scorer, state, nodes, totals)
        try:
            best = top_k(scored.total, beams, children.node)
        except ValueError as error:
            raise TriescopeError(f"scorer {scorer.name}: a score at level {level} is not a number") from error
        kept = Candidates(children.node[best], children.parent[best], scored.log_prob[best], scored.total[best])
        ms = (time.perf_counter() - start) * 1e3
        pruned, masked_mass = Candidates(*(array[:0] for array in kept)), 0.0
        if explain:
            cut = np.ones(len(children.node), bool)
            cut[best] = False
            rest = np.flatnonzero(cut)
            rest = rest[np.lexsort((children.node[rest], -scored.total[rest]))]
            pruned = Candidates(children.node[rest], children.parent[rest], scored.log_prob[rest], scored.total[rest])
            masked_mass = _masked_mass(trie, scorer, state, level, nodes, totals)
        steps.append(Step(level, kept, pruned, masked_mass, ms))
        nodes, totals = kept.node, kept.total
    return Trace(beams, steps, nodes, totals)


def exact_search(trie: Trie, scorer: Scorer, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Score every node of the trie, level by level, and rank all leaves.

    The oracle of :func:`beam_search`: a beam as wide as the trie must return the same.

    Returns
    -------
    leaves, totals : np.ndarray
        Every leaf, best first; equal totals in node order.
    """
    state = scorer.start(query)
    totals = np.zeros(len(trie.code), np.float32)
    for level in range(len(trie.level_start) - 2):
        nodes = np.arange(trie.level_start[level], trie.level_start[level + 1])
        children = trie.children(nodes)
        totals[children.node] = scorer.score(state, nodes, totals[nodes], children).total
    leaves = np.flatnonzero(np.diff(trie.first_child) == 0)
    order = np.lexsort((leaves, -totals[leaves]))
    return leaves[order], totals[leaves[order]]


def _expand(trie: Trie, scorer: Scorer, state, nodes: np.ndarray, totals: np.ndarray) -> tuple[Children, Scored]:
    """Children of the beams with their scores; a finished beam stands as its own only child, at probability 1."""
    children = trie.children(nodes)
    scored = scorer.score(state, nodes, totals, children)
    finished = np.flatnonzero(trie.first_child[nodes] == trie.first_child[nodes + 1])
    if len(finished):
        children = Children(np.append(children.parent, finished), np.append(children.node, nodes[finished]))
        scored = Scored(
            np.append(scored.log_prob, np.zeros(len(finished), np.float32)), np.append(scored.total, totals[finished])
        )
    return children, scored


def _masked_mass(trie: Trie, scorer: Scorer, state, level: int, nodes: np.ndarray, totals: np.ndarray) -> float:
    open_beams = trie.first_child[nodes] < trie.first_child[nodes + 1]
    if not open_beams.any():
        return 0.0
    nodes, totals = nodes[open_beams], totals[open_beams]
    share = np.exp(totals - totals.max())
    masked = scorer.masked(state, level, nodes, trie.children(nodes))
    return float((masked * share).sum() / share.sum())
