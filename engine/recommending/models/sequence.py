"""A transformer over histories, causal (SASRec, Kang and McAuley 2018) or read from both sides (BERT4Rec, Sun et al. 2019).

Items are vectors of their own, what their text says, both, or the pieces of their identifiers; scores are products of the last
state with all of them.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag, scaled_dot_product_attention


class Shape(NamedTuple):
    """Size of the network: width of a state, blocks, heads, share dropped while it learns, and the items of a history it
    reads."""

    width: int = 64
    blocks: int = 2
    heads: int = 2
    dropout: float = 0.5
    longest: int = 50


class Block(nn.Module):
    """Attention and two layers, each normalised before and added after."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.heads, self.dropout = shape.heads, shape.dropout
        self.before, self.middle = nn.LayerNorm(shape.width), nn.LayerNorm(shape.width)
        self.mixed, self.out = nn.Linear(shape.width, 3 * shape.width), nn.Linear(shape.width, shape.width)
        self.wide, self.back = nn.Linear(shape.width, 4 * shape.width), nn.Linear(4 * shape.width, shape.width)
        self.drop = nn.Dropout(shape.dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """States ``(b, t, d)``; ``mask`` is bool ``(b, 1, t, t)``, which position sees which."""
        batch, length, width = states.shape
        parts = self.mixed(self.before(states)).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        dropout = self.dropout if self.training else 0.0
        seen = scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)
        states = states + self.drop(self.out(seen.transpose(1, 2).reshape(batch, length, width)))
        return states + self.drop(self.back(self.drop(nn.functional.gelu(self.wide(self.middle(states))))))


class SequenceModel(nn.Module):
    """States of a history, and scores of all items.

    Parameters
    ----------
    items : int
        How many there are; padding is one more, and so is the mask of a model that reads both ways.
    shape : Shape
        Size.
    causal : bool
        Whether a position sees only what stands before it.
    vectors : Tensor, optional
        Float32 ``(items, d)``: what the text of an item says; not trained, but what is made of it.
    ids : bool
        Whether every item has a vector of its own too.
    pieces : Tensor, optional
        Int64 ``(items, pieces)`` rows of a table of ``rows``, -1 for none: an item is their sum over the root of their number,
        and has no vector of its own. Kept with the weights.
    rows : int
        Of that table.
    """

    pieces: Tensor | None

    def __init__(
        self,
        items: int,
        shape: Shape,
        causal: bool = True,
        vectors: Tensor | None = None,
        ids: bool = True,
        learning_rate: float = 1e-3,
        pieces: Tensor | None = None,
        rows: int = 0,
    ):
        super().__init__()
        self.items, self.shape, self.causal, self.learning_rate = items, shape, causal, learning_rate
        own = rows if pieces is not None else items if ids else 0
        self.table = nn.Embedding(own + 2, shape.width)
        self.place = nn.Embedding(shape.longest, shape.width)
        nn.init.normal_(self.table.weight, std=0.02)
        nn.init.normal_(self.place.weight, std=0.02)
        self.ids = ids
        self.text = nn.Linear(vectors.shape[1], shape.width, bias=False) if vectors is not None else None
        self.register_buffer("vectors", vectors, persistent=False)
        self.register_buffer("pieces", pieces)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.last, self.drop = nn.LayerNorm(shape.width), nn.Dropout(shape.dropout)

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser."""
        return [{"params": list(self.parameters()), "lr": self.learning_rate, "weight_decay": 0.01}]

    def item_vectors(self) -> Tensor:
        """Float32 ``(items + 2, width)``: all items, then padding and mask."""
        own = self.table.weight
        if self.pieces is not None:
            return torch.cat([_summed(own, self.pieces), own[-2:]])
        if self.text is None:
            return own
        said = self.text(self.vectors)
        return torch.cat([said + own[: self.items] if self.ids else said, own[-2:]])

    def forward(self, history: Tensor, vectors: Tensor) -> Tensor:
        """States ``(b, t, width)`` of int64 ``(b, t)`` item rows, padded on the left with -1; the mask is ``items + 1``."""
        there = history >= 0
        length = history.shape[1]
        rows = torch.where(there, history, self.items)
        states = self.drop(vectors[rows] + self.place.weight[self.shape.longest - length :])
        allowed = there[:, None, None, :].expand(-1, 1, length, -1)
        if self.causal:
            allowed = allowed & torch.ones(length, length, dtype=torch.bool, device=history.device).tril()
        # Padding sees itself, so that no row is empty; nothing else sees it.
        allowed = allowed | torch.eye(length, dtype=torch.bool, device=history.device)
        for block in self.blocks:
            states = block(states, allowed)
        return self.last(states)

    def scores(self, history: Tensor) -> Tensor:
        """Logits ``(b, items)`` of the next item."""
        vectors = self.item_vectors()
        if not self.causal:
            asked = torch.full_like(history[:, :1], self.items + 1)
            history = torch.cat([history[:, -(self.shape.longest - 1) :], asked], dim=1)
        return self(history, vectors)[:, -1] @ vectors[: self.items].T


def _summed(table: Tensor, pieces: Tensor) -> Tensor:
    """Rows of a table summed over the pieces of each item, -1 for none, over the root of their number."""
    there = pieces >= 0
    sizes = there.sum(1)
    weights = (1 / sizes.clamp(min=1).sqrt()).repeat_interleave(sizes)
    return embedding_bag(pieces[there], table, sizes.cumsum(0) - sizes, mode="sum", per_sample_weights=weights)
