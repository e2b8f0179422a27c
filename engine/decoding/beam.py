"""Constrained beam search over the trie, and the exact search that it approximates.

At each level all children of all beams are gathered at once, scored at once, and the best ``beams`` are kept. Only
codes that continue the identifier of some document are ever considered (GENRE, De Cao et al. 2021), so every output is
a document; a leaf that is reached early waits, unchanged, until the others finish.
"""

import time
from typing import NamedTuple

import numpy as np

from engine.decoding.levels import search_levels
from engine.decoding.trace import Candidates, Step, Trace
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.live.overlay import Overlay
from engine.scorers.base import Scored, Scorer
from engine.trie import ROOT, Children, Trie
from engine.trie.view import View

Tree = Trie | View
Searched = Tree | Overlay


def beam_search(
    trie: Searched,
    scorer: Scorer,
    query: np.ndarray,
    beams: int,
    explain: bool = True,
    temperature: float = 1.0,
    narrow: tuple[int, ...] = (),
) -> Trace:
    """Decode identifiers for one query.

    Parameters
    ----------
    trie : Trie, View or Overlay
        The legal identifiers.
    scorer : Scorer
        Gives log-probabilities and totals.
    query : np.ndarray
        Float32 ``(d,)``, unit length.
    beams : int
        Hypotheses kept after each level.
    explain : bool
        Keep the pruned candidates and measure the mass that the mask removes. The hits are the same without; a scorer that can
        select for itself (:class:`engine.decoding.levels.LevelScorer`) then does, and leaves log-probabilities NaN.
    temperature : float
        Of the scorer; above 1 evens the odds.
    narrow : tuple of int
        Beams after the first levels, where fewer than ``beams`` will do: a documented approximation of the full beam, off by
        default. Upper levels have the widest nodes, so most of the scoring is saved there.

    Raises
    ------
    TriescopeError
        ``beams`` below 1, or a score that is not finite (the message names the scorer).
    """
    if min(beams, *narrow, beams) < 1:
        raise TriescopeError(f"beams must be at least 1, not {min(beams, *narrow, beams)}")
    if not explain and not isinstance(trie, Overlay):
        traces = search_levels(trie, scorer, query[None], beams, temperature, narrow)
        if traces is not None:
            return traces[0]
    state = scorer.start(query, temperature)
    nodes, totals = np.array([ROOT]), np.zeros(1, np.float32)
    steps: list[Step] = []
    seen = 0
    for level in range(1, trie.levels + 1):
        start = time.perf_counter()
        children, scored = expand(trie, scorer, state, level, nodes, totals)
        key = trie.tie_key(children.node)
        best = top_k(scored.total, narrow[level - 1] if level <= len(narrow) else beams, key)
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
            mass = masked_mass(trie, scorer, state, level, nodes, totals)
        steps.append(Step(level, kept, pruned, mass, ms))
        nodes, totals = kept.node, kept.total
    return Trace(beams, steps, nodes, totals, scored=seen)


def exact_search(trie: Searched, scorer: Scorer, query: np.ndarray, temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Score every node of the trie, level by level, and rank all leaves.

    The oracle of :func:`beam_search`: a beam as wide as the trie must return the same.

    Returns
    -------
    leaves, totals : np.ndarray
        Every leaf, best first; equal totals in node order.
    """
    levels = score_all(trie, scorer, query, temperature)
    leaves = np.concatenate([level.node[trie.is_leaf(level.node)] for level in levels])
    totals = np.concatenate([level.total[trie.is_leaf(level.node)] for level in levels])
    order = np.lexsort((trie.tie_key(leaves), -totals))
    return leaves[order], totals[order]


class Level(NamedTuple):
    """All legal nodes of one level, in node order, with what the scorer says of them; ``parent`` indexes the level above."""

    node: np.ndarray
    parent: np.ndarray
    log_prob: np.ndarray
    total: np.ndarray


def score_all(trie: Searched, scorer: Scorer, query: np.ndarray, temperature: float = 1.0) -> list[Level]:
    """Score every legal node, level by level from 1."""
    state = scorer.start(query, temperature)
    nodes, totals = np.array([ROOT]), np.zeros(1, np.float32)
    levels = []
    for level in range(1, trie.levels + 1):
        children = trie.children(nodes)
        scored = _scored(scorer, state, level, nodes, totals, children)
        levels.append(Level(children.node, children.parent, scored.log_prob, scored.total))
        nodes, totals = children.node, scored.total
    return levels


def _scored(scorer: Scorer, state, level: int, nodes: np.ndarray, totals: np.ndarray, children: Children) -> Scored:
    """Scores of children, refused unless finite: a NaN would sort anywhere, an infinity hide everything below it."""
    scored = scorer.score(state, nodes, totals, children)
    if not np.isfinite(scored.total).all():
        raise TriescopeError(f"scorer {scorer.name}: a score at level {level} is not a finite number")
    return scored


def expand(trie: Searched, scorer: Scorer, state, level: int, nodes: np.ndarray, totals: np.ndarray) -> tuple[Children, Scored]:
    """Children of the beams with their scores; a finished beam stands as its own only child, at probability 1."""
    children = trie.children(nodes)
    scored = _scored(scorer, state, level, nodes, totals, children)
    finished = np.flatnonzero(trie.is_leaf(nodes))
    if len(finished):
        children = Children(np.append(children.parent, finished), np.append(children.node, nodes[finished]))
        scored = Scored(
            np.append(scored.log_prob, np.zeros(len(finished), np.float32)), np.append(scored.total, totals[finished])
        )
    return children, scored


def masked_mass(trie: Searched, scorer: Scorer, state, level: int, nodes: np.ndarray, totals: np.ndarray) -> float:
    """Probability that the scorer spends on codes that the trie lacks, averaged over the unfinished beams by their share."""
    open_beams = ~trie.is_leaf(nodes)
    if not open_beams.any():
        return 0.0
    nodes, totals = nodes[open_beams], totals[open_beams]
    share = np.exp(totals - totals.max())
    masked = scorer.masked(state, level, nodes, trie.children(nodes))
    return float((masked * share).sum() / share.sum())
