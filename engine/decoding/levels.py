"""Beam search of several queries at once, level by level, by a scorer that can pick the best children itself.

The general search (:mod:`engine.decoding.beam`) has every candidate scored, because a picture of the decode needs them all. A
search that only wants the hits need not: a scorer that can tell which candidates cannot win may skip them. Such a scorer has the
two methods of :class:`LevelScorer`; what it returns must equal what the general search returns.
"""

import time
from typing import Any, Protocol, runtime_checkable

import numpy as np

from engine.decoding.trace import Candidates, Step, Trace
from engine.errors import TriescopeError
from engine.kernels.best import Best
from engine.trie import ROOT, Trie
from engine.trie.view import View


@runtime_checkable
class LevelScorer(Protocol):
    """What a :class:`engine.scorers.base.Scorer` may offer beyond: to select as well as score."""

    name: str

    def start_all(self, tree: Trie | View, queries: np.ndarray, temperature: float = 1.0) -> Any | None:
        """State for float32 ``(q, d)`` queries; None where it cannot promise the same result as :meth:`score` (another trie than
        its own, a number that is not finite), and the general search takes over."""
        ...

    def best_children(self, state: Any, old: Best, beams: int) -> Best:
        """The ``beams`` best legal children of each query's beams, by total; equal totals in node order. A finished beam is its
        own only child, with the total it has."""
        ...


def search_levels(
    tree: Trie | View, scorer: Any, queries: np.ndarray, beams: int, temperature: float = 1.0, narrow: tuple[int, ...] = ()
) -> list[Trace] | None:
    """Traces of float32 ``(q, d)`` queries without what was pruned; None where the scorer leaves it to the general search.

    The hits are those of :func:`engine.decoding.beam.beam_search`, bit for bit. No log-probabilities: they take the scores of all
    siblings, so they are NaN. ``narrow`` is that of the general search. A step's milliseconds are the level's, shared equally
    among the queries.

    Raises
    ------
    TriescopeError
        ``beams`` below 1, or a total that is not finite.
    """
    if min(beams, *narrow, beams) < 1:
        raise TriescopeError(f"beams must be at least 1, not {min(beams, *narrow, beams)}")
    # Not isinstance: a protocol looks all its members up again each time, which takes as long as a level.
    state = scorer.start_all(tree, queries, temperature) if hasattr(scorer, "start_all") else None
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
        best = scorer.best_children(state, best, narrow[level - 1] if level <= len(narrow) else beams)
        ms = (time.perf_counter() - start) * 1e3 / max(1, count)
        seen += best.seen
        for query, (node, parent, total, size) in enumerate(zip(best.node, best.parent, best.total, best.size, strict=True)):
            total = total[:size]
            if not np.isfinite(total).all():
                raise TriescopeError(f"scorer {scorer.name}: a score at level {level} is not a finite number")
            kept = Candidates(node[:size], parent[:size], np.full(size, np.nan, np.float32), total)
            steps[query].append(Step(level, kept, Candidates(*(array[:0] for array in kept)), 0.0, ms))
    last = [kept[-1].kept for kept in steps]
    return [
        Trace(beams, kept, leaves.node, leaves.total, scored=int(number))
        for kept, leaves, number in zip(steps, last, seen, strict=True)
    ]
