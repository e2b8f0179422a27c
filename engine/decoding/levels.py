"""Beam search of several queries at once, level by level, by a scorer that can pick the best children itself.

What it returns must equal what the general search (:mod:`engine.decoding.beam`) returns, which has every candidate scored.
"""

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.decoding.plan import Plan
from engine.decoding.trace import Candidates, Step, Trace
from engine.errors import TriescopeError
from engine.kernels.best import Best, keep_near
from engine.trie import ROOT, Tree

# What a search that selects does not tell of a step: no array is made of it, for a query takes a tenth of a millisecond in all.
UNTOLD = np.full(1024, np.nan, np.float32)
UNTOLD.flags.writeable = False
NONE_PRUNED = Candidates(np.empty(0, np.int64), np.empty(0, np.int64), UNTOLD[:0], UNTOLD[:0])


def search_levels(
    tree: Tree, scorer: Any, queries: Sequence[np.ndarray] | np.ndarray, beams: int, temperature: float, plan: Plan
) -> list[Trace] | None:
    """Traces of queries, as the scorer takes them, without what was pruned, by a scorer that selects
    (:class:`engine.scorers.base.SelectingScorer`); None where it leaves them to the general search.

    No log-probabilities: they take the scores of all siblings, so they are NaN. A step's milliseconds are the level's, shared
    equally among the queries. See :func:`engine.decoding.decode`, which calls it.

    Raises
    ------
    TriescopeError
        A total is not finite.
    """
    state = scorer.start_all(tree, queries, temperature)
    if state is None:
        return None
    count = len(queries)
    best = Best(
        np.full((count, 1), ROOT),
        np.zeros((count, 1), np.int64),
        np.zeros((count, 1), np.float32),
        np.ones(count, np.int64),
        np.zeros(count, np.int64),
    )
    steps: list[list[Step]] = [[] for _ in queries]
    seen = np.zeros(count, np.int64)
    for level in range(1, tree.levels + 1):
        start = time.perf_counter()
        best = scorer.best_children(state, best, plan.widths[level - 1] if level <= len(plan.widths) else beams)
        if level <= len(plan.below):
            keep_near(best.total, best.size, np.float32(plan.below[level - 1]))
        ms = (time.perf_counter() - start) * 1e3 / max(1, count)
        seen += best.seen
        for query, size in enumerate(best.size.tolist()):
            total = best.total[query, :size]
            if not math.isfinite(total.sum(dtype=np.float64)):
                raise TriescopeError(f"scorer {scorer.name}: a score at level {level} is not a finite number")
            untold = UNTOLD[:size] if size <= len(UNTOLD) else np.full(size, np.nan, np.float32)
            kept = Candidates(best.node[query, :size], best.parent[query, :size], untold, total)
            steps[query].append(Step(level, kept, NONE_PRUNED, 0.0, ms))
    last = [kept[-1].kept for kept in steps]
    return [
        Trace(beams, kept, leaves.node, leaves.total, scored=int(number))
        for kept, leaves, number in zip(steps, last, seen, strict=True)
    ]
