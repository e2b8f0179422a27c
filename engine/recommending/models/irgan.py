"""IRGAN (Wang et al. 2017): one model draws items that a person might take, another tells them from what was taken, and each
learns from the other.

Who draws has a softmax over all items and learns by policy gradient what the other takes for true; in the first half of the
training it learns alone, by likelihood, as the paper makes it beforehand. The paper gives every person a vector; here a person is
the mean of what they took before, so that any history can be asked about, and any item of a history but the first is what came.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as told_apart
from torch.nn.functional import embedding_bag

from engine.recommending.models.passes import Passes
from engine.recommending.models.sequence import Shape

# Share of the training in which the one who draws learns alone; items drawn for a person; share of the draws that are what was
# taken (the paper's importance sampling).
ALONE, DRAWN, TAKEN = 0.5, 8, 0.2


class Matched(nn.Module):
    """Scores of items by the product with the mean of a history, ``shape.longest`` items of it."""

    def __init__(self, items: int, shape: Shape):
        super().__init__()
        self.read, self.written = nn.Embedding(items, shape.width), nn.Embedding(items, shape.width)
        self.bias, self.drop = nn.Parameter(torch.zeros(items)), nn.Dropout(shape.dropout)
        for table in (self.read, self.written):
            nn.init.normal_(table.weight, std=0.1)

    def people(self, rows: Tensor) -> Tensor:
        """Float ``(b, width)`` of int64 ``(b, t)`` item rows padded with -1."""
        there = rows >= 0
        sizes = there.sum(1)
        return self.drop(embedding_bag(rows[there], self.read.weight, sizes.cumsum(0) - sizes, mode="mean"))

    def of_all(self, people: Tensor) -> Tensor:
        """Scores of all items, ``(b, items)``."""
        return people @ self.written.weight.T + self.bias

    def of(self, people: Tensor, items: Tensor) -> Tensor:
        """Scores of some items of each person, ``(b, n)``."""
        return (self.written(items) @ people[:, :, None])[:, :, 0] + self.bias[items]


class IrganModel(nn.Module):
    """The two of them; scores are those of the one who draws.

    Parameters
    ----------
    items : int
        How many there are.
    shape : Shape
        ``width`` of a vector, ``dropout`` of a person's while it learns, ``longest`` items are read.
    learning_rate : float
        Of everything.
    """

    def __init__(self, items: int, shape: Shape, learning_rate: float = 1e-3):
        super().__init__()
        self.items, self.shape, self.learning_rate = items, shape, learning_rate
        self.draws, self.tells = Matched(items, shape), Matched(items, shape)

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser."""
        return [{"params": list(self.parameters()), "lr": self.learning_rate, "weight_decay": 0.0}]

    def scores(self, history: Tensor) -> Tensor:
        """Logits ``(b, items)``."""
        return self.draws.of_all(self.draws.people(history))


class Contest(Passes):
    """The loss of any step, from (seed, step) alone, of both: an item of each history after those before it.

    Histories are those of training, each of two items or more.
    """

    def __call__(self, model: IrganModel, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """See :data:`engine.training.loop.Loss`."""
        taken, rng = self.taken(step)
        chosen = self.histories.pick(taken)
        width = min(int(chosen.lengths.max()), model.shape.longest + 1)
        rows = torch.as_tensor(chosen.padded(width), device=model.draws.bias.device)
        ends = 1 + (rng.random(self.histories.people)[taken] * (chosen.lengths - 1)).astype(np.int64)
        left = torch.as_tensor(np.minimum(ends, width - 1), device=rows.device)
        first = (rows < 0).sum(1)
        at = first + left
        came = rows.gather(1, at[:, None])
        read = rows.masked_fill(torch.arange(width, device=rows.device) >= at[:, None], -1)
        shares = torch.log_softmax(model.draws.of_all(model.draws.people(read)), 1)
        if progress < ALONE:
            nats = -shares.gather(1, came).mean()
            return nats, {"came": float(nats.detach())}
        with torch.no_grad():
            chances = shares.exp()
            mixed = ((1 - TAKEN) * chances).scatter_add(1, came, torch.full_like(came, TAKEN, dtype=chances.dtype))
            drawn, false = torch.multinomial(mixed, DRAWN, True), torch.multinomial(chances, DRAWN, True)
        person = model.tells.people(read)
        true = model.tells.of(person, came)
        other = model.tells.of(person, false)
        apart = told_apart(true, torch.ones_like(true)) + told_apart(other, torch.zeros_like(other))
        with torch.no_grad():
            reward = 2 * torch.sigmoid(model.tells.of(person, drawn)) - 1
            counted = chances.gather(1, drawn) / mixed.gather(1, drawn)
        pulled = -(shares.gather(1, drawn) * reward * counted).mean()
        return apart + pulled, {"told apart": float(apart.detach()), "drawn": float(pulled.detach())}
