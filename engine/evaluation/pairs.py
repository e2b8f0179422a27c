"""Every system beside every other on the same queries: the difference, how sure it is, who wins how often, what can be shown."""

import math
from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np

from engine.data.figures import Difference
from engine.evaluation.power import TIE, needed, smallest
from engine.evaluation.significance import difference, together


class Pair(NamedTuple):
    """One system less another, by one measure.

    Attributes
    ----------
    ours, theirs : str
        Their names.
    difference : Difference
        Ours less theirs; p is corrected among all pairs of the measure (Holm).
    wins, ties, losses : int
        Queries on which ours is the better, neither, the worse.
    shows : float
        The smallest mean difference that so many queries can show (:mod:`engine.evaluation.power`); NaN with fewer than two.
    needed : int or None
        Queries that would show the difference that was seen; None where there is none.
    """

    ours: str
    theirs: str
    difference: Difference
    wins: int
    ties: int
    losses: int
    shows: float
    needed: int | None

    def as_json(self) -> dict[str, object]:
        """Plain values; the difference stands among the others, NaN is null."""
        rest = {key: value for key, value in self._asdict().items() if key != "difference"}
        return rest | self.difference._asdict() | {"shows": None if math.isnan(self.shows) else self.shows}


def pairs(values: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, list[Pair]]:
    """Measure -> every pair of systems, in their order; ``values`` is system -> measure -> float64 ``(queries,)``."""
    names = list(values)
    found: dict[str, list[Pair]] = {}
    for one in values[names[0]] if names else ():
        two = list(combinations(names, 2))
        compared = together([difference(values[ours][one], values[theirs][one]) for ours, theirs in two])
        found[one] = []
        for (ours, theirs), of in zip(two, compared, strict=True):
            less = values[ours][one] - values[theirs][one]
            found[one].append(Pair(ours, theirs, of, *count(less), smallest(less), needed(less)))
    return found


def count(differences: np.ndarray) -> tuple[int, int, int]:
    """Queries won, tied and lost.

    >>> count(np.array([0.5, 0.0, -0.25, 0.1]))
    (2, 1, 1)
    """
    wins, losses = int((differences > TIE).sum()), int((differences < -TIE).sum())
    return wins, len(differences) - wins - losses, losses
