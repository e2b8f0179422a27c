"""A bi-encoder to train: one encoder for queries and documents, in-batch and hard negatives (DPR, Karpukhin et al. 2020)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.text.layered import LayeredEncoder
from engine.training.encoder.draws import Draws

# The inverse of the temperature: what sentence-transformers takes, and the scale of our node scores.
SCALE = 20.0


class BiEncoder(nn.Module):
    """An encoder whose layers all learn."""

    def __init__(self, encoder: str, learning_rate: float):
        super().__init__()
        self.text, self.learning_rate = LayeredEncoder(encoder), learning_rate

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser."""
        return [{"params": list(self.text.parameters()), "lr": self.learning_rate, "weight_decay": 0.01}]


def ranking(queries: Tensor, documents: Sequence[Tensor]) -> Tensor:
    """Nats: each query's own document, its row in the first of ``documents``, against all rows of all of them; unit rows.

    sentence-transformers' MultipleNegativesRankingLoss, which a test holds it to; that one wants to encode the texts itself.
    """
    logits = SCALE * queries @ torch.cat(list(documents)).T
    return nn.functional.cross_entropy(logits, torch.arange(len(queries), device=queries.device))


class Loss:
    """The loss of any step, from (seed, step) alone.

    Parameters
    ----------
    draws : Draws
        Which pairs.
    queries, documents : sequence of np.ndarray
        Tokens of every query and document.
    negatives : np.ndarray
        Int32 ``(queries, n)`` document rows, -1 padded.
    each : int
        Hard negatives a pair.
    """

    def __init__(
        self, draws: Draws, queries: Sequence[np.ndarray], documents: Sequence[np.ndarray], negatives: np.ndarray, each: int
    ):
        self.draws, self.queries, self.documents = draws, queries, documents
        self.negatives, self.each = negatives, each

    def __call__(self, model: BiEncoder, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """See :data:`engine.training.loop.Loss`."""
        chosen = self.draws(step)
        query, row = self.draws.query[chosen], self.draws.row[chosen]
        columns = [model.text.units([self.queries[place] for place in query])]
        columns.append(model.text.units([self.documents[place] for place in row]))
        for other in self.hard(query, row, step):
            columns.append(model.text.units([self.documents[place] for place in other]))
        return ranking(columns[0], columns[1:]), {}

    def hard(self, query: np.ndarray, row: np.ndarray, step: int) -> list[np.ndarray]:
        """Rows of hard negatives, int64 ``(pairs,)`` each: of those mined, drawn anew each step. A query for which none was mined
        has its neighbour's document, which is a negative of it already."""
        rng = np.random.default_rng([self.draws.seed, step, 4])
        found = []
        for _ in range(self.each):
            mined = self.negatives[query]
            count = (mined >= 0).sum(axis=1)
            drawn = mined[np.arange(len(query)), (rng.random(len(query)) * count).astype(np.int64)]
            found.append(np.where(count > 0, drawn, np.roll(row, 1)).astype(np.int64))
        return found
