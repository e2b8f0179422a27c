"""How sure a decoder was of its best path against how good its list was: what a fallback that trusts that would gain.

Queries are put in the order of their confidence (:mod:`engine.decoding.confidence`); the least sure share of them is answered by
another retriever instead. A share chosen on the queries that it is judged on is flattered by them.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.data.figures import Interval
from engine.evaluation.significance import interval

# Shares that fall back: none, every twentieth, all.
SHARES = tuple(place / 20 for place in range(21))


class Point(NamedTuple):
    """One threshold.

    Attributes
    ----------
    share : float
        Of the queries, those that fall back.
    below : float
        Confidence below which they do; equal ones go together, so the share may be less than was asked for.
    mean : Interval
        Of all queries, the list that each gets.
    kept : float or None
        Mean of the decoder's own lists among the queries that do not fall back; None where all do.
    """

    share: float
    below: float
    mean: Interval
    kept: float | None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return self._asdict() | {"mean": self.mean._asdict()}


def curve(confidence: np.ndarray, ours: np.ndarray, theirs: np.ndarray, shares: Sequence[float] = SHARES) -> list[Point]:
    """A point a share that can be had, ascending.

    Parameters
    ----------
    confidence : np.ndarray
        Float64 ``(queries,)``.
    ours, theirs : np.ndarray
        Float64 ``(queries,)``: a measure of the decoder's lists, and of those in their place.
    shares : sequence of float
        Shares of the queries to let fall back, ascending.

    >>> [(p.share, p.mean.mean, p.kept) for p in curve(np.array([.1, .9]), np.array([0., 1.]), np.array([.5, .5]), (0, .5, 1))]
    [(0.0, 0.5, 0.5), (0.5, 0.75, 1.0), (1.0, 0.5, None)]
    """
    ascending = np.sort(confidence)
    points: list[Point] = []
    for share in shares:
        place = round(share * len(ascending))
        below = float(ascending[place]) if place < len(ascending) else np.inf
        falls = confidence < below
        if points and falls.mean() == points[-1].share:
            continue
        kept = None if falls.all() else float(ours[~falls].mean())
        points.append(Point(float(falls.mean()), below, interval(np.where(falls, theirs, ours)), kept))
    return points
