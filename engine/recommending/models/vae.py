"""Mult-VAE (Liang et al. 2018): what a person took, a bag without order, is squeezed into a vector with noise and written again.

The likelihood is multinomial over all items, and the pull of the vector towards a standard normal is let in slowly, up to a part
of its weight, as the paper has it. Two layers of four times the vector's width stand before and behind it.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag

from engine.recommending.models.passes import Passes
from engine.recommending.models.sequence import Shape

# The most that the pull towards a standard normal weighs, and the passes over which it comes to that.
PULL, SLOWLY = 0.2, 20


class VaeModel(nn.Module):
    """Scores of all items from a bag of items.

    Parameters
    ----------
    items : int
        How many there are.
    shape : Shape
        ``width`` of the vector in the middle; ``dropout`` of the items of a bag while it learns; ``longest`` items are read.
    learning_rate : float
        Of everything.
    """

    def __init__(self, items: int, shape: Shape, learning_rate: float = 1e-3):
        super().__init__()
        self.items, self.shape, self.learning_rate = items, shape, learning_rate
        wide = 4 * shape.width
        self.read, self.read_bias = nn.Embedding(items, wide), nn.Parameter(torch.zeros(wide))
        self.middle, self.wide = nn.Linear(wide, 2 * shape.width), nn.Linear(shape.width, wide)
        self.written, self.bias = nn.Embedding(items, wide), nn.Parameter(torch.zeros(items))
        for table in (self.read, self.written):
            nn.init.normal_(table.weight, std=(2 / (items + wide)) ** 0.5)

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser."""
        return [{"params": list(self.parameters()), "lr": self.learning_rate, "weight_decay": 0.0}]

    def squeezed(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance, ``(b, width)`` each, of int64 ``(b, t)`` item rows padded with -1."""
        there = rows >= 0
        sizes = there.sum(1)
        # A bag has length 1, and while it learns some of its items fall out.
        kept = torch.nn.functional.dropout(
            (1 / sizes.clamp(min=1).sqrt()).repeat_interleave(sizes), self.shape.dropout, self.training
        )
        bags = embedding_bag(rows[there], self.read.weight, sizes.cumsum(0) - sizes, mode="sum", per_sample_weights=kept)
        mean, spread = self.middle(torch.tanh(bags + self.read_bias)).chunk(2, 1)
        return mean, spread

    def logits(self, vector: Tensor) -> Tensor:
        """Of all items, ``(b, items)``."""
        return torch.tanh(self.wide(vector)) @ self.written.weight.T + self.bias

    def scores(self, history: Tensor) -> Tensor:
        """Logits ``(b, items)`` without noise."""
        return self.logits(self.squeezed(history)[0])


class Rewritten(Passes):
    """The loss of any step, from (seed, step) alone: nats of what a person took, an item, and the pull.

    Histories are those of training, none of them empty.
    """

    def __call__(self, model: VaeModel, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """See :data:`engine.training.loop.Loss`."""
        chosen = self.histories.pick(self.taken(step)[0])
        device = next(model.parameters()).device
        rows = torch.as_tensor(chosen.padded(min(int(chosen.lengths.max()), model.shape.longest)), device=device)
        mean, spread = model.squeezed(rows)
        vector = mean + torch.randn_like(mean) * torch.exp(spread / 2)
        there = rows >= 0
        nats = -torch.log_softmax(model.logits(vector), 1).gather(1, rows.clamp(min=0))[there].sum() / len(rows)
        pull = 0.5 * (mean.square() + spread.exp() - 1 - spread).sum(1).mean()
        weight = PULL * min(1.0, step / (SLOWLY * self.steps))
        return nats + weight * pull, {"came": float(nats.detach()), "pull": float(pull.detach())}
