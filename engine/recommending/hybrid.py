"""Several recommenders as one: scores of separately made models, each against its own best, summed; weights from development.

Models that rank differently hit different people: two good ones summed are better than either (EnsRec, arXiv 2512.17820; and our
own figures). A network's logits become probabilities, whose square root keeps the second and third best in sight.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.data.histories import Held, Histories
from engine.errors import TriescopeError
from engine.recommending.base import TOGETHER, Ranked, Scores
from engine.recommending.judging import judge

# Weights that development chooses from: tenths that sum to one, none of them 0.
STEPS = 10
# Development questions that choose.
CHOOSING = 5000
MEASURE = "NDCG@10"
MOST = 3


class Weighed(NamedTuple):
    """Weights that were chosen, and what they reach on the questions that chose."""

    weights: tuple[float, ...]
    reached: float
    questions: int


def against_best(scores: np.ndarray, logits: bool) -> np.ndarray:
    """Scores of each history against its best one, 0 to 1, float32; below zero counts as nothing.

    >>> against_best(np.array([[0.0, 2.0, 4.0, -1.0]], np.float32), False).tolist()
    [[0.0, 0.5, 1.0, 0.0]]
    >>> against_best(np.log(np.array([[0.64, 0.16, 0.04]], np.float32)), True).astype(float).round(2).tolist()
    [[1.0, 0.5, 0.25]]
    """
    # Half of a logit is the logarithm of the square root.
    found = np.exp((scores - scores.max(axis=1, keepdims=True)) / 2) if logits else np.maximum(scores, 0)
    return (found / np.maximum(found.max(axis=1, keepdims=True), 1e-12)).astype(np.float32)


class Fused:
    """The weighted sum of several recommenders' scores, each against its best.

    Parameters
    ----------
    members : sequence of Scores
        Who is asked.
    weights : sequence of float
        Of each.
    """

    def __init__(self, members: Sequence[Scores], weights: Sequence[float]):
        self.members, self.weights = list(members), tuple(weights)
        self.name = "+".join(member.name for member in members)

    def scores(self, histories: Histories) -> np.ndarray:
        """Float32 ``(histories, items)``."""
        parts = [against_best(member.scores(histories), getattr(member, "logits", False)) for member in self.members]
        return np.einsum("m,mqi->qi", np.array(self.weights, np.float32), np.stack(parts))


def weigh(members: Sequence[Scores], dev: Held, seed: int = 0) -> Weighed:
    """Weights that are best on development questions; every member is asked once.

    Raises
    ------
    TriescopeError
        More than :data:`MOST` members, or no development to choose on.
    """
    if not 2 <= len(members) <= MOST:
        raise TriescopeError(f"a hybrid of recommenders has 2 to {MOST} members, not {len(members)}")
    if not len(dev.targets):
        raise TriescopeError("a hybrid of recommenders chooses its weights on development, and there is none")
    places = np.sort(np.random.default_rng([seed, 11]).permutation(len(dev.targets))[:CHOOSING])
    grid = [found for found in itertools.product(range(1, STEPS), repeat=len(members)) if sum(found) == STEPS]
    gained = np.zeros(len(grid))
    for start in range(0, len(places), TOGETHER):
        held = dev.pick(places[start : start + TOGETHER])
        parts = [against_best(one.scores(held.histories), getattr(one, "logits", False)) for one in members]
        for place, tenths in enumerate(grid):
            mixed = np.einsum("m,mqi->qi", np.array(tenths, np.float32) / STEPS, np.stack(parts))
            gained[place] += judge(Ranked(_Known(mixed)), held).values[MEASURE].sum()
    best = int(gained.argmax())
    return Weighed(tuple(share / STEPS for share in grid[best]), float(gained[best] / len(places)), len(places))


class _Known:
    name = "known"

    def __init__(self, found: np.ndarray):
        self.found = found

    def scores(self, histories: Histories) -> np.ndarray:
        return self.found
