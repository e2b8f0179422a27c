"""The decoder of the transformer scorer: causal blocks over the codes of a prefix, with cross-attention to the query's tokens.

Pre-norm blocks (Vaswani et al. 2017; Xiong et al. 2020) of self-attention, cross-attention and a feed-forward layer. Training
and scoring run the same module. Keys and values of the cross-attention are made once a query and shared by all its beams: the
usual libraries copy them for each beam.
"""

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.scorers.prefix_aware import PrefixWeights


class Shape(NamedTuple):
    """Blocks, width of the states, attention heads, width of the feed-forward layer."""

    layers: int
    width: int
    heads: int
    inner: int


SHAPES = {"tiny": Shape(1, 64, 2, 256), "small": Shape(2, 128, 4, 512), "base": Shape(4, 192, 6, 768)}


# Keys and values of the positions read so far, ``(n, heads, positions, width / heads)`` both, a pair a block; behind them, where
# weights depend on the prefix, what that has read, ``(n, width)``.
Past = list[tuple[Tensor, ...]]


class Memory(NamedTuple):
    """What the blocks read of some queries.

    Attributes
    ----------
    keys, values : list of Tensor
        Float ``(q, heads, slots, width / heads)``, a block each.
    mask : Tensor
        Bool ``(q, 1, 1, slots)``: which slots hold something. The first is the pooled vector, the others are tokens.
    """

    keys: list[Tensor]
    values: list[Tensor]
    mask: Tensor

    def of(self, query: Tensor) -> "Memory":
        """The memory of each pair, given the pair's place among the queries."""
        return Memory([keys[query] for keys in self.keys], [values[query] for values in self.values], self.mask[query])


class Block(nn.Module):
    """Self-attention, cross-attention and a feed-forward layer, each normed before and added."""

    def __init__(self, shape: Shape, dropout: float):
        super().__init__()
        width = shape.width
        self.heads = shape.heads
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.into_self, self.out_of_self = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.ask, self.answer, self.out_of_cross = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, shape.inner), nn.Linear(shape.inner, width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, states: Tensor, keys: Tensor, values: Tensor, mask: Tensor, past: tuple[Tensor, ...] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """States ``(n, positions, width)`` after the block, and the keys and values of all positions so far.

        There are as many queries as ``n``, or one for all. With a ``past`` the states are of the one position that follows it.
        """
        asked, own_keys, own_values = (self._split(part) for part in self.into_self(self.norms[0](states)).chunk(3, dim=-1))
        if past is not None:
            own_keys, own_values = torch.cat([past[0], own_keys], dim=2), torch.cat([past[1], own_values], dim=2)
        found = functional.scaled_dot_product_attention(asked, own_keys, own_values, is_causal=past is None)
        states = states + self.dropout(self.out_of_self(_join(found)))
        # Beams of one query stand in one row, behind one another, and read the same keys.
        asked = self._split(self.ask(self.norms[1](states)).reshape(len(keys), -1, states.shape[-1]))
        found = _join(functional.scaled_dot_product_attention(asked, keys, values, mask)).reshape(states.shape)
        states = states + self.dropout(self.out_of_cross(found))
        states = states + self.dropout(self.narrow(functional.gelu(self.widen(self.norms[2](states)))))
        return states, (own_keys, own_values)

    def remember(self, slots: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values ``(q, heads, slots, width / heads)`` of what is attended to, ``(q, slots, width)``."""
        keys, values = self.answer(slots).chunk(2, dim=-1)
        return self._split(keys), self._split(values)

    def _split(self, states: Tensor) -> Tensor:
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Decoder(nn.Module):
    """All weights of the transformer scorer.

    Codes are numbered through: that of code ``c`` at level ``l`` is the number of codes at the levels above plus ``c``. Input row
    0 is a mark that a prefix begins, so a code's input row is its number plus 1. Codes of the last level are never read, since
    nothing follows them.

    Parameters
    ----------
    codes : sequence of int
        Codes a level.
    nodes : int
        Nodes of the trie.
    vector_width, token_width : int
        Dimensions of the query's vector and of its token states.
    size : str
        One of :data:`SHAPES`.
    dropout : float
        Share of states dropped while training.
    prefix_rank : int
        Of the change that a prefix makes to the output rows (:mod:`engine.scorers.prefix_aware`); 0 for none.
    """

    def __init__(
        self,
        codes: Sequence[int],
        nodes: int,
        vector_width: int,
        token_width: int,
        size: str,
        dropout: float,
        prefix_rank: int = 0,
    ):
        super().__init__()
        shape = SHAPES[size]
        width = shape.width
        self.from_vector, self.from_tokens = nn.Linear(vector_width, width), nn.Linear(token_width, width)
        self.inputs, self.outputs = nn.Embedding(1 + sum(codes[:-1]), width), nn.Embedding(sum(codes), width)
        self.shifts = nn.Embedding(sum(codes), vector_width)
        self.positions = nn.Parameter(torch.zeros(len(codes), width))
        self.blocks = nn.ModuleList(Block(shape, dropout) for _ in range(shape.layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        # Of the prior, a level each, and a constant a node.
        self.trust, self.bias = nn.Parameter(torch.ones(len(codes))), nn.Parameter(torch.zeros(nodes))
        for table in (self.inputs.weight, self.outputs.weight, self.positions):
            nn.init.normal_(table, std=width**-0.5)
        # Zero at the start: an untrained transformer adds nothing to the node scores.
        for start in (self.shifts.weight, self.head.weight, self.head.bias):
            nn.init.zeros_(start)
        # Drawn last, so that one seed gives the same other weights with and without.
        self.prefix = PrefixWeights(1 + sum(codes[:-1]), width, prefix_rank) if prefix_rank else None

    def remember(self, vectors: Tensor, tokens: Tensor, counts: Tensor) -> Memory:
        """Read some queries.

        Parameters
        ----------
        vectors : Tensor
            Float ``(q, d)``, unit length.
        tokens : Tensor
            Float ``(tokens of all queries, width of a token state)``, one query behind the other.
        counts : Tensor
            Int64 ``(q,)``: tokens of each.
        """
        place = torch.arange(1 + int(counts.max()), device=counts.device)
        mask = place <= counts[:, None]
        # A unit vector has small coordinates; states normed like its tokens' begin at the same scale.
        first = self.from_vector(functional.layer_norm(vectors, vectors.shape[1:]))
        states = self.from_tokens(functional.layer_norm(tokens, tokens.shape[1:]))
        slots = torch.zeros(*mask.shape, states.shape[1], dtype=states.dtype, device=states.device)
        slots[:, 0] = first
        slots[mask & (place > 0)] = states
        keys, values = zip(*(block.remember(slots) for block in self._blocks), strict=True)
        return Memory(list(keys), list(values), mask[:, None, None])

    def forward(self, memory: Memory, rows: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        """Read prefixes.

        Parameters
        ----------
        memory : Memory
            Of as many queries as there are prefixes, or of one for all.
        rows : Tensor
            Int64 ``(n, positions)``, input rows: 0 first, then the codes of the prefix. Positions see only what stands before
            them, so a shorter prefix may be filled up with anything. With a ``past``, the one row that follows it.
        past : list of tuple of Tensor, optional
            What an earlier call returned for the prefixes without their last code.

        Returns
        -------
        expected : Tensor
            Float ``(n, positions, width)``: multiplied with rows of ``outputs``, what follows each position.
        past : list of tuple of Tensor
            For the next call.
        """
        first = past[0][0].shape[2] if past else 0
        states: Tensor = self.dropout(self.inputs(rows) + self.positions[first : first + rows.shape[1]])
        read: Past = []
        for place, block in enumerate(self._blocks):
            states, own = block(states, memory.keys[place], memory.values[place], memory.mask, past[place] if past else None)
            read.append(own)
        expected: Tensor = self.head(self.norm(states))
        if self.prefix is not None:
            seen = self.prefix(rows, past[-1][0] if past else None)
            expected = self.prefix.change(expected, seen)
            read.append((seen[:, -1],))
        return expected, read

    @property
    def _blocks(self) -> list[Block]:
        return cast(list[Block], list(self.blocks))


def _join(states: Tensor) -> Tensor:
    return states.transpose(1, 2).flatten(-2)
