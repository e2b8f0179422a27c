"""Histories in batches, pass by pass: what a step learns from follows from (seed, step) alone, so a training that was stopped
goes on as one that never was."""

from dataclasses import dataclass

import numpy as np

from engine.data.histories import Histories


@dataclass(frozen=True)
class Passes:
    """What losses share that take each history once a pass, in an order drawn anew.

    Attributes
    ----------
    histories : Histories
        Of training.
    batch : int
        Histories a step.
    seed : int
        Of the order.
    """

    histories: Histories
    batch: int
    seed: int

    @property
    def steps(self) -> int:
        """Steps of one pass."""
        return -(-self.histories.people // self.batch)

    def taken(self, step: int) -> tuple[np.ndarray, np.random.Generator]:
        """Histories of a step, int64 ``(b,)``, and what else is drawn in its pass: the same at every step of that.

        >>> passes = Passes(Histories.of([[1], [2], [3]]), 2, 0)
        >>> sorted(np.concatenate([passes.taken(step)[0] for step in range(passes.steps)]).tolist())
        [0, 1, 2]
        """
        turn, place = divmod(step, self.steps)
        rng = np.random.default_rng([self.seed, turn])
        return rng.permutation(self.histories.people)[place * self.batch : (place + 1) * self.batch], rng
