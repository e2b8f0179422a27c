"""Best-first search with a bound: the exact best leaves without visiting all of them.

A* (Hart, Nilsson and Raphael 1968) over the trie. Inner nodes wait with an upper bound of every total below them; the most
promising are opened first, and the search ends when no waiting node can beat the worst leaf that would be returned. A node whose
bound only equals that leaf is still opened, since a leaf of smaller key with the same total may be below it: so ties come out
as in exact search.
"""

import time
from typing import cast

import numpy as np

from engine.decoding.strategies.base import Search, Strategy
from engine.decoding.strategies.paths import check_finite, root, steps_to
from engine.decoding.trace import Trace
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.scorers.base import BoundedScorer


def run(search: Search) -> Trace:
    """The first ``beams`` leaves of :func:`engine.decoding.exact.exact_search`.

    Needs a scorer that bounds (:class:`engine.scorers.base.BoundedScorer`). Several nodes are opened at once, twice as many each
    time: NumPy then works on long arrays, and the nodes opened in vain are at most about as many as all opened before.

    Raises
    ------
    TriescopeError
        The scorer has no bound, or gives one that is NaN, or a score that is not finite (the message names the scorer).
    """
    tree = search.tree
    if not search.scorer.abilities.bounds:
        raise TriescopeError(f"scorer {search.scorer.name} gives no upper bound, which best-first search needs; use exact")
    scorer = cast(BoundedScorer, search.scorer)
    state = scorer.start(search.query, search.temperature)
    start = time.perf_counter()
    waiting, waiting_total, _ = root()
    bound = np.full(1, np.inf)
    leaves, totals = np.empty(0, np.int64), np.empty(0, np.float32)
    seen, at_once = 0, 1
    while len(waiting):
        opened = top_k(bound, at_once, tree.tie_key(waiting))
        children = tree.children(waiting[opened])
        scored = scorer.score(state, waiting[opened], waiting_total[opened], children)
        wrong = np.flatnonzero(~np.isfinite(scored.total))
        check_finite(scorer, int(tree.level_of(children.node[wrong[:1]]).max(initial=0)), scored.total)
        seen += len(children.node)
        ends = tree.is_leaf(children.node)
        leaves, totals = np.append(leaves, children.node[ends]), np.append(totals, scored.total[ends])
        best = top_k(totals, search.beams, tree.tie_key(leaves))
        leaves, totals = leaves[best], totals[best]
        inner, inner_total = children.node[~ends], scored.total[~ends]
        inner_bound = scorer.bound(state, inner, inner_total)
        if np.isnan(inner_bound).any():
            raise TriescopeError(f"scorer {scorer.name}: an upper bound is not a number")
        waiting = np.append(np.delete(waiting, opened), inner)
        waiting_total = np.append(np.delete(waiting_total, opened), inner_total)
        bound = np.append(np.delete(bound, opened), inner_bound)
        if len(leaves) == search.beams:
            able = bound >= totals[-1]
            waiting, waiting_total, bound = waiting[able], waiting_total[able], bound[able]
        at_once *= 2
    ms = (time.perf_counter() - start) * 1e3
    return Trace(search.beams, steps_to(tree, scorer, state, leaves, ms), leaves, totals, scored=seen)


STRATEGY = Strategy(
    name="best-first",
    summary="Exact search that leaves out every branch that provably cannot win.",
    citation="Hart, Nilsson and Raphael 1968 (A*)",
    options=(),
    run=run,
)
