"""One model for search and recommendation (after UniCoRn and GenSR): the same trained nodes answer a query or a history.

A history becomes a state by attention, a query by two layers over its vector; both are states in one space, and the tree over
items is asked by either. What is learned of a node from one of the two helps or harms the other, which is what there is to be
seen.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from engine.kernels.top_k import top_k
from engine.recommending.judging import measured, ranks
from engine.recommending.models.sequence import Shape
from engine.recommending.models.tree import TreeModel
from engine.recommending.models.tree_draws import NextIdentifier
from engine.recommending.queries import Asked
from engine.trie import Trie

# Queries a step, and queries that are scored together.
BATCH, TOGETHER = 256, 512
DEPTH = 100


class JointModel(TreeModel):
    """A :class:`TreeModel` that can be asked by vectors too.

    Parameters
    ----------
    trie, items, shape, learning_rate
        As there.
    dimensions : int
        Of a query's vector.
    """

    def __init__(self, trie: Trie, items: int, shape: Shape, dimensions: int, learning_rate: float = 1e-3):
        super().__init__(trie, items, shape, learning_rate)
        wide = 4 * shape.width
        layers = (nn.Linear(dimensions, wide), nn.GELU(), nn.Dropout(shape.dropout), nn.Linear(wide, shape.width))
        self.query = nn.Sequential(*layers, nn.LayerNorm(shape.width))

    def search(self, vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows and log-probabilities of the best ``k`` items of each query, best first: ``(n, k)`` each."""
        rows, scores = list[np.ndarray](), list[np.ndarray]()
        with torch.inference_mode():
            for start in range(0, len(vectors), TOGETHER):
                read = torch.from_numpy(np.array(vectors[start : start + TOGETHER], np.float32)).to(self.bias.device)
                for found in self.of_leaves(self.query(read)).float().cpu().numpy():
                    best = top_k(found, k)
                    rows.append(best)
                    scores.append(found[best])
        return np.array(rows, np.int64), np.array(scores, np.float32)


class NextOrAsked(NamedTuple):
    """The loss of any step: nats of the next item's identifier, and of that of the item that a query was made from.

    Attributes
    ----------
    of : NextIdentifier
        The histories' part.
    asked : Asked
        Queries and their items.
    share : float
        Weight of the queries; the rest is that of the histories. With 0 or 1 the other task is not learned at all.
    """

    of: NextIdentifier
    asked: Asked
    share: float

    @property
    def steps(self) -> int:
        """Steps of one pass over the histories."""
        return self.of.steps

    def __call__(self, model: JointModel, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """See :data:`engine.training.loop.Loss`."""
        device = model.bias.device
        parts, total = dict[str, float](), torch.zeros((), device=device)
        if self.share < 1:
            came, _ = self.of(model, step, progress)
            total, parts["came"] = total + (1 - self.share) * came, float(came.detach())
        if self.share > 0:
            rng = np.random.default_rng([self.of.of.seed, step, 31])
            drawn = rng.integers(0, len(self.asked.items), BATCH)
            items = torch.from_numpy(self.asked.items[drawn]).to(device)
            there = model.paths.leaf[items] >= 0
            states = model.query(torch.from_numpy(self.asked.vectors[drawn]).to(device))
            sought = model.nats(states[there], items[there]).mean()
            total, parts["asked"] = total + self.share * sought, float(sought.detach())
        return total, parts


def searched(model: JointModel, asked: Asked) -> dict[str, np.ndarray]:
    """Measures of each query's own item, as :func:`engine.recommending.judging.measured` has them."""
    return measured(ranks(model.search(asked.vectors, DEPTH)[0], asked.items))
