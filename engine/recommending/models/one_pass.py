"""One step in place of decoding (after Lite-LLM4Rec, Wang et al. 2025): a head a level says how likely each of its codes is after
a history, whatever the codes before it, and an item has the sum of its codes'.

So all items are scored by as many products as there are codes, and nothing is written. What it cannot know is which codes go
together: a first code and a last one may each be likely and not in the same item.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from engine.recommending.models.pieces import codes_of
from engine.recommending.models.sequence import SequenceModel, Shape
from engine.recommending.models.tree import Paths, PathTable
from engine.trie import Trie


class OnePassModel(nn.Module):
    """States of a history, and log-probabilities of the codes of every level.

    Parameters
    ----------
    trie : Trie
        Identifiers of the items.
    items : int
        How many there are.
    shape : Shape
        Size of the encoder of histories.
    learning_rate : float
        Of everything.
    """

    causal = True
    codes: Tensor

    def __init__(self, trie: Trie, items: int, shape: Shape, learning_rate: float = 1e-3):
        super().__init__()
        self.history = SequenceModel(items, shape, True, None, True, learning_rate)
        self.items, self.shape, self.learning_rate = items, shape, learning_rate
        self.paths, codes = PathTable(Paths.of(trie, items)), torch.from_numpy(codes_of(trie, items)).long()
        self.register_buffer("codes", codes, persistent=False)
        self.heads = nn.ModuleList(nn.Linear(shape.width, int(level.max()) + 1) for level in codes.T)

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser."""
        return [{"params": list(self.parameters()), "lr": self.learning_rate, "weight_decay": 0.01}]

    def states(self, rows: Tensor) -> Tensor:
        """States ``(b, t, width)`` of int64 ``(b, t)`` item rows, padded on the left with -1."""
        return self.history(rows, self.history.item_vectors())

    def nats(self, states: Tensor, items: Tensor) -> Tensor:
        """Negative log-probability of the codes of ``items`` ``(n,)`` after ``states`` ``(n, width)``: float32 ``(n,)``."""
        total = torch.zeros(len(states), device=states.device)
        for head, codes in zip(self.heads, self.codes.T, strict=True):
            total = total + cross_entropy(head(states), codes[items], ignore_index=-1, reduction="none")
        return total

    def scores(self, history: Tensor) -> Tensor:
        """Summed log-probabilities of every item's codes, ``(b, items)``; -inf where it has no identifier."""
        states = self.states(history)[:, -1]
        total = torch.zeros(len(states), self.items, device=states.device)
        for head, codes in zip(self.heads, self.codes.T, strict=True):
            found = torch.log_softmax(head(states), 1)[:, codes.clamp(min=0)]
            total = total + found.masked_fill(codes < 0, 0.0)
        return total.masked_fill(self.paths.leaf < 0, -torch.inf)
