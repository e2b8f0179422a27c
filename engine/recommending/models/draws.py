"""Batches of histories and the losses of a sequence model, from (seed, step) alone."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.data.histories import Histories
from engine.recommending.models import full_softmax
from engine.recommending.models.sequence import SequenceModel
from engine.recommending.models.spec import HIDDEN

# Histories up to so many items are read together, at the width of the longest of them: most are short, and padding is read for
# nothing. The longest ones come last.
WIDTHS = (5, 10, 20)


class NextItem(NamedTuple):
    """The loss of any step: nats of the next item, at each true position, against all items or some that are drawn.

    Attributes
    ----------
    histories : Histories
        Of training, each of two items or more.
    batch : int
        Histories a step.
    seed : int
        Of the order.
    sampled : int
        Items drawn at random to stand for all; 0 for the full cross-entropy.
    hidden : float
        Share of a history that a model that reads both ways has to name.
    """

    histories: Histories
    batch: int
    seed: int
    sampled: int = 0
    hidden: float = HIDDEN

    @property
    def steps(self) -> int:
        """Steps of one pass."""
        return -(-self.histories.people // self.batch)

    def people(self, step: int) -> np.ndarray:
        """Whose histories a step learns from, the shortest first: each person once a pass, in an order of its own each pass."""
        turn, place = divmod(step, self.steps)
        order = np.random.default_rng([self.seed, turn]).permutation(self.histories.people)
        people = order[place * self.batch : (place + 1) * self.batch]
        return people[np.argsort(self.histories.lengths[people], kind="stable")]

    def __call__(self, model: SequenceModel, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """See :data:`engine.training.loop.Loss`."""
        chosen = self.histories.pick(self.people(step))
        width = min(int(chosen.lengths.max()), model.shape.longest + model.causal)
        device = next(model.parameters()).device
        rows = torch.as_tensor(chosen.padded(width), device=device)
        vectors = model.item_vectors()
        if model.causal:
            read, targets = rows[:, :-1], rows[:, 1:]
            told = (read >= 0) & (targets >= 0)
        else:
            told, targets = hidden(rows, self.hidden, step, self.seed), rows
            read = torch.where(told, model.items + 1, rows)
        states = torch.cat([model(read[part], vectors)[told[part]] for part in in_widths(read)])
        return self._nats(states, targets[told], vectors[: model.items], step), {}

    def _nats(self, states: Tensor, targets: Tensor, vectors: Tensor, step: int) -> Tensor:
        if not self.sampled:
            return full_softmax.nats(states, vectors, targets)
        chosen = np.random.default_rng([self.seed, step, 1]).integers(0, len(vectors), self.sampled)
        drawn = torch.as_tensor(chosen, device=vectors.device)
        right = (states * vectors[targets]).sum(1, keepdim=True)
        others = states @ vectors[drawn].T
        others = others.masked_fill(drawn == targets[:, None], -torch.inf)
        return torch.nn.functional.cross_entropy(torch.cat([right, others], 1), torch.zeros_like(targets))


def in_widths(read: Tensor) -> list[tuple[slice, slice]]:
    """Rows padded on the left, the shortest first, in parts that are as wide as their longest: slices of rows and of columns.

    >>> in_widths(torch.tensor([[-1] * 6 + [1], [-1] * 5 + [2, 3], [4] * 7]))
    [(slice(0, 2, None), slice(5, 7, None)), (slice(2, 3, None), slice(0, 7, None))]
    """
    sizes = (read >= 0).sum(1)
    ends = [int((sizes <= width).sum()) for width in WIDTHS] + [len(read)]
    length = read.shape[1]
    return [
        (slice(start, end), slice(length - int(sizes[start:end].max()), length))
        for start, end in zip([0, *ends], ends, strict=False)
        if end > start
    ]


def hidden(rows: Tensor, share: float, step: int, seed: int) -> Tensor:
    """Which items are hidden: a share at random, and the last one in a third of the histories, as it is when it is asked for."""
    rng = np.random.default_rng([seed, step, 2])
    drawn = torch.as_tensor(rng.random(tuple(rows.shape)) < share, device=rows.device)
    last = torch.as_tensor(rng.random(len(rows)) < 1 / 3, device=rows.device)
    drawn[:, -1] |= last
    drawn[~drawn.any(1), -1] = True
    return drawn & (rows >= 0)
