"""Beam search that looks ahead: a prefix is also worth what the best identifier below it promises.

A beam ranks a prefix by what its codes have said so far, so it cuts a branch whose mean is middling though one of its documents
is the best of all. Planning ahead (PAG, Zeng et al. 2024) adds what is known of the rest. With a scorer that scores all codes at
once that is the best sum below (:mod:`engine.decoding.ahead`), and weight says how much it counts:

    rank of a prefix = (1 - weight) * total + weight * best sum at or below it

At the last level nothing lies ahead, and the scorer's own totals rank. Weight 0 is plain beam search; at weight 1 the one-pass
scorer, whose totals are such sums, is exact at any width.
"""

import time
from typing import cast

import numpy as np

from engine.decoding.ahead import look_ahead
from engine.decoding.beam import masked_mass
from engine.decoding.strategies.base import Search, Strategy
from engine.decoding.strategies.paths import check_finite, cut, grow, root
from engine.decoding.trace import Trace
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.options import Option
from engine.scorers.base import AheadScorer


def run(search: Search) -> Trace:
    """Keep the best by total and promise. Totals in the steps are the ranks, those of the last one the scorer's own.

    Raises
    ------
    TriescopeError
        The scorer scores no code without its prefix, or a score is not finite (the message names the scorer).
    """
    tree, weight = search.tree, np.float32(search.settings["weight"])
    if not search.scorer.abilities.ahead:
        raise TriescopeError(f"scorer {search.scorer.name} scores no code without its prefix, which look-ahead needs; use beam")
    scorer = cast(AheadScorer, search.scorer)
    state = scorer.start(search.query, search.temperature)
    at_once = scorer.at_once(state)
    if not at_once:
        raise TriescopeError(f"scorer {scorer.name}: the codes of this tree have no vectors, which look-ahead needs; use beam")
    start = time.perf_counter()
    ahead = look_ahead(tree, at_once)
    beams, steps, seen = root(), [], 0
    for level in range(1, tree.levels + 1):
        pool = grow(tree, scorer, state, level, beams)
        rank = pool.total
        if level < tree.levels:
            rank = (1 - weight) * pool.total + weight * ahead.of(pool.node)
            check_finite(scorer, level, rank)
        best = top_k(rank, search.beams, pool.key)
        ms = (time.perf_counter() - start) * 1e3
        seen += int((~pool.waits).sum())
        steps.append(cut(level, pool, best, rank, masked_mass(tree, scorer, state, level, beams.node, beams.total), ms))
        beams = pool.keep(best)
        start = time.perf_counter()
    return Trace(search.beams, steps, beams.node, steps[-1].kept.total, scored=seen)


STRATEGY = Strategy(
    name="look-ahead",
    summary="A beam that also counts the best that lies below a prefix, as all codes scored at once promise it; a "
    "total before the last level is that mixture.",
    citation="Zeng et al. 2024 (PAG)",
    options=(
        Option(
            name="weight",
            type=float,
            default=0.25,
            low=0.0,
            high=1.0,
            help="Share of what lies ahead in a prefix's rank: 0 is plain beam search, 1 looks at nothing else.",
        ),
    ),
    run=run,
)
