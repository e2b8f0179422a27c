"""DiffRec (Wang et al. 2023): what a person took is blurred a little, and a network learns to make it clear again; what then
stands where nobody had taken anything is recommended.

What is blurred is a vector over all items: 1 for the last one taken and less the longer ago (the paper's T-DiffRec). The blur is
as weak as the paper's, so that a person stays who they are, and is taken off in as many steps as it was put on. The paper draws
the steps by how much is left to learn at each; here all are drawn alike.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from engine.recommending.models.passes import Passes
from engine.recommending.models.sequence import Shape

# Steps of the blur, its variance at the first and at the last, numbers that tell a step, and what the oldest item counts.
STEPS, LEAST, MOST, TOLD, OLDEST = 5, 5e-5, 5e-4, 10, 0.3


class DiffModel(nn.Module):
    """Scores of all items from what is left of a history when a blur is taken off.

    Parameters
    ----------
    items : int
        How many there are.
    shape : Shape
        Four times ``width`` is the layer in the middle; ``dropout`` of a vector's entries while it learns; ``longest`` items are
        read.
    learning_rate : float
        Of everything.
    """

    spread: Tensor

    def __init__(self, items: int, shape: Shape, learning_rate: float = 1e-3):
        super().__init__()
        self.items, self.shape, self.learning_rate = items, shape, learning_rate
        self.read, self.written = nn.Linear(items + TOLD, 4 * shape.width), nn.Linear(4 * shape.width, items)
        self.told, self.drop = nn.Linear(TOLD, TOLD), nn.Dropout(shape.dropout)
        self.register_buffer("spread", torch.linspace(LEAST, MOST, STEPS), persistent=False)

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser."""
        return [{"params": list(self.parameters()), "lr": self.learning_rate, "weight_decay": 0.0}]

    def vector(self, rows: Tensor) -> Tensor:
        """What was taken, float32 ``(b, items)``, of int64 ``(b, t)`` item rows padded on the left with -1."""
        there = rows >= 0
        place = there.cumsum(1) - 1
        counts = OLDEST + (1 - OLDEST) * (place + 1) / there.sum(1, keepdim=True).clamp(min=1)
        found = torch.zeros(len(rows), self.items + 1, device=rows.device)
        found.scatter_reduce_(1, torch.where(there, rows, self.items), counts.float(), "amax")
        return found[:, : self.items]

    def clear(self, blurred: Tensor, step: Tensor) -> Tensor:
        """What the network takes for clear, ``(b, items)``, where the blur is that of ``step`` ``(b,)``."""
        half = TOLD // 2
        turns = step[:, None] * torch.exp(torch.arange(half, device=step.device) * (-np.log(10_000.0) / half))
        told = self.told(torch.cat([torch.cos(turns), torch.sin(turns)], 1))
        return self.written(torch.tanh(self.read(torch.cat([self.drop(normalize(blurred)), told], 1))))

    def scores(self, history: Tensor) -> Tensor:
        """Entries ``(b, items)`` when the blur of every step is off; none is put on first, as in the paper."""
        found = self.vector(history)
        for step in reversed(range(STEPS)):
            shares = back(self.spread.double(), step)
            at = torch.full((len(history),), step, device=history.device)
            found = shares[0] * self.clear(found, at) + shares[1] * found
        return found


def back(spread: Tensor, step: int) -> tuple[float, float]:
    """What is clear and what is blurred count so much in the mean of the step before, given both.

    >>> back(torch.tensor([0.1, 0.2], dtype=torch.float64), 0)
    (1.0, 0.0)
    >>> clear, blurred = back(torch.tensor([0.1, 0.2], dtype=torch.float64), 1)
    >>> round(clear + blurred * (1 - 0.2) ** 0.5, 4) == round((1 - 0.1) ** 0.5, 4)
    True
    """
    if not step:
        return 1.0, 0.0
    now, before = 1 - float(spread[step]), 1 - float(spread[step - 1])
    kept = now / before
    return (1 - kept) * before**0.5 / (1 - now), (1 - before) * kept**0.5 / (1 - now)


class Cleared(Passes):
    """The loss of any step, from (seed, step) alone: squared error of what was taken, summed over the items. The steps weigh by
    what each takes off of the ratio of signal to noise, on average 1.

    Histories are those of training, none of them empty.
    """

    def __call__(self, model: DiffModel, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """See :data:`engine.training.loop.Loss`."""
        chosen = self.histories.pick(self.taken(step)[0])
        width = min(int(chosen.lengths.max()), model.shape.longest)
        taken = model.vector(torch.as_tensor(chosen.padded(width), device=model.spread.device))
        at = torch.randint(STEPS, (len(taken),), device=taken.device)
        spread = model.spread[at, None]
        cleared = model.clear((1 - spread).sqrt() * taken + spread.sqrt() * torch.randn_like(taken), at)
        return (weights(model.spread)[at] * (cleared - taken).square().sum(1)).mean(), {}


def weights(spread: Tensor) -> Tensor:
    """Of each step, ``(steps,)``."""
    clear = (1 - spread) / spread
    found = torch.cat([clear[:1] - clear[1:2], clear[:-1] - clear[1:]])
    return found / found.mean()
