"""TIGER (Rajput et al. 2023): a T5 reads the codes of the items of a history and writes those of the next item.

The tokens of a level are its own, the same where they are read and where they are written. A history begins with a token of the
person, where there are such tokens (people share them, by number), or with that of nobody.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers.models.t5.configuration_t5 import T5Config

from engine.data.histories import Histories
from engine.errors import TriescopeError
from engine.recommending.models.sequence import Shape
from engine.recommending.models.tree import Paths
from engine.scorers.carried import codes_of
from engine.scorers.t5_model import CodeT5, Encoded
from engine.trie import Trie

# The decoder's start, which is padding too, and nobody's token stand before those of people.
START, NOBODY, PEOPLE = 0, 1, 2
# A token a code: identifiers of a code a document are no vocabulary.
MOST_TOKENS = 100_000


class TigerModel(nn.Module):
    """The network, and the codes of the items that it reads and writes.

    Parameters
    ----------
    trie : Trie
        Identifiers of the items.
    items : int
        How many there are; one without an identifier is neither read nor written.
    shape : Shape
        Size of the encoder and of the decoder, which is as deep; ``longest`` items of a history are read.
    people : int
        Tokens that people share; 0 for none.
    learning_rate : float
        Of everything.
    head, between : int
        Numbers of a head, and between the two layers of a block; 0 for the width over the heads, and for four widths.

    Raises
    ------
    TriescopeError
        The identifiers have so many codes at a level that they are no tokens.
    """

    def __init__(
        self,
        trie: Trie,
        items: int,
        shape: Shape,
        people: int = 0,
        learning_rate: float = 1e-3,
        head: int = 0,
        between: int = 0,
    ):
        super().__init__()
        self.trie, self.items, self.shape, self.people, self.learning_rate = trie, items, shape, people, learning_rate
        codes = codes_of(trie)
        if sum(codes) > MOST_TOKENS:
            raise TriescopeError(
                f"tiger: {sum(codes):,} codes in all, a token each; it takes at most {MOST_TOKENS:,}: other identifiers will do"
            )
        path = Paths.of(trie, items).path.numpy()
        self.codes = np.where(path >= 0, np.asarray(trie.code)[np.maximum(path, 0)].astype(np.int64), -1)
        config = T5Config(
            vocab_size=PEOPLE + people + sum(codes),
            d_model=shape.width,
            d_kv=head or shape.width // shape.heads,
            d_ff=between or 4 * shape.width,
            num_layers=shape.blocks,
            num_heads=shape.heads,
            dropout_rate=shape.dropout,
            pad_token_id=START,
            decoder_start_token_id=START,
            eos_token_id=None,
        )
        self.network = CodeT5(config, codes, "")
        self.first = np.array([self.network.first_token(level) for level in range(1, len(codes) + 1)], np.int64)

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser."""
        return [{"params": list(self.parameters()), "lr": self.learning_rate, "weight_decay": 0.01}]

    def tokens(self, histories: Histories, people: np.ndarray | None = None) -> list[np.ndarray]:
        """What the encoder reads of each history, int64: the person's token, and the codes of the last items.

        ``people`` are rows of the log's users, -1 for nobody.
        """
        near = histories.last(self.shape.longest)
        codes = self.codes[near.items]
        there = codes >= 0
        sizes = np.bincount(near.person, there.sum(axis=1), minlength=near.people).astype(np.int64)
        begin = np.full(near.people, NOBODY, np.int64)
        if self.people and people is not None:
            begin = np.where(people >= 0, PEOPLE + people % self.people, NOBODY)
        parts = np.split((codes + self.first)[there], np.cumsum(sizes)[:-1])
        return [np.concatenate([begin[row : row + 1], part]) for row, part in enumerate(parts)]

    def nats(self, read: Encoded, row: Tensor, items: np.ndarray) -> Tensor:
        """Negative log-probability of the identifiers of ``items`` after the histories ``row`` of what was read, of the model
        that no tree holds back: float32 ``(n,)``."""
        codes = torch.from_numpy(self.codes[items]).to(row.device)
        decoded = self.network.decode(self.network.tokens(codes[:, :-1]), read.states[row], read.there[row])
        total = torch.zeros(len(row), device=row.device)
        for level in range(1, codes.shape[1] + 1):
            logits = self.network.logits(decoded[:, level - 1], level).float()
            total = total + cross_entropy(logits, codes[:, level - 1], ignore_index=-1, reduction="none")
        return total
