"""Many queries through one search: the same hits as one by one, for less time a query.

All queries go down the trie together, a level at a time, so what a level costs beside its scores (calls into compiled code,
Python around them) is paid once for all of them. Each query has beams of its own; nothing that one query does reaches another.
"""

import numpy as np

from engine.decoding.beam import Searched, beam_search
from engine.decoding.levels import search_levels
from engine.decoding.trace import Trace
from engine.errors import TriescopeError
from engine.live.overlay import Overlay
from engine.scorers.base import Scorer

# Queries that go down together. Beams of all of them are held at once, some 25 bytes a beam and level.
TOGETHER = 256


def beam_search_batch(
    tree: Searched,
    scorer: Scorer,
    queries: np.ndarray | list[np.ndarray],
    beams: int,
    temperature: float = 1.0,
    narrow: tuple[int, ...] = (),
) -> list[Trace]:
    """Decode several queries.

    Parameters
    ----------
    tree : Trie, View or Overlay
        The legal identifiers, the same for all queries.
    scorer : Scorer
        Where it is a :class:`engine.decoding.levels.LevelScorer` too, the queries go down together, :data:`TOGETHER` at once; any
        other scorer is asked query by query.
    queries : np.ndarray or list of np.ndarray
        Float32 ``(q, d)``, unit rows, or what a :class:`engine.scorers.base.TextScorer` encoded, one array a query.
    beams : int
        Hypotheses kept after each level.
    temperature : float
        Of the scorer.
    narrow : tuple of int
        Fewer beams after the first levels; see :func:`engine.decoding.beam.beam_search`.

    Returns
    -------
    list of Trace
        One a query: what ``beam_search(tree, scorer, query, beams, explain=False, ...)`` returns, bit for bit but for the
        milliseconds, which are a query's share of its group's.

    Raises
    ------
    TriescopeError
        ``beams`` below 1, or a score that is not finite.
    """
    if min(beams, *narrow, beams) < 1:
        raise TriescopeError(f"beams must be at least 1, not {min(beams, *narrow, beams)}")
    traces: list[Trace] = []
    for start in range(0, len(queries), TOGETHER):
        group = queries[start : start + TOGETHER]
        found = None
        if isinstance(group, np.ndarray) and not isinstance(tree, Overlay):
            found = search_levels(tree, scorer, group, beams, temperature, narrow)
        if found is None:
            found = [beam_search(tree, scorer, query, beams, False, temperature, narrow) for query in group]
        traces += found
    return traces
