"""The loss of a tree over histories, from (seed, step) alone: the item that came, and one that the item-item matrix draws."""

from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from engine.recommending.item_item import ItemItem
from engine.recommending.models.draws import NextItem, in_widths
from engine.recommending.models.one_pass import OnePassModel
from engine.recommending.models.tree import TreeModel


class NextIdentifier(NamedTuple):
    """The loss of any step: nats of the next item's identifier at each true position.

    Attributes
    ----------
    of : NextItem
        Which histories a step takes.
    teacher : ItemItem, optional
        Whose mass is drawn from.
    share : float
        Weight of what is drawn; the rest is that of what came.
    """

    of: NextItem
    teacher: ItemItem | None = None
    share: float = 0.0

    @property
    def steps(self) -> int:
        """Steps of one pass."""
        return self.of.steps

    def __call__(self, model: TreeModel | OnePassModel, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """See :data:`engine.training.loop.Loss`."""
        chosen = self.of.histories.pick(self.of.people(step))
        device = model.paths.leaf.device
        rows = torch.as_tensor(chosen.padded(min(int(chosen.lengths.max()), model.shape.longest + 1)), device=device)
        read, targets = rows[:, :-1], rows[:, 1:]
        told = (read >= 0) & (targets >= 0)
        told &= model.paths.leaf[targets.clamp(min=0)] >= 0
        states = torch.cat([model.states(read[part])[told[part]] for part in in_widths(read)])
        came = model.nats(states, targets[told]).mean()
        if self.teacher is None or not self.share:
            return came, {}
        rng = np.random.default_rng([self.of.seed, step, 5])
        drawn, there = drawn_from(self.teacher, read.cpu().numpy(), told.cpu().numpy(), rng)
        items = torch.as_tensor(drawn, device=device)
        given = torch.as_tensor(there, device=device) & (model.paths.leaf[items] >= 0)
        taught = model.nats(states[given], items[given]).mean()
        return (1 - self.share) * came + self.share * taught, {"came": float(came.detach()), "taught": float(taught.detach())}


def drawn_from(of: ItemItem, rows: np.ndarray, told: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """An item for each position that is ``told``, drawn from the matrix's mass for the items up to it, int64; and for which ones
    the matrix has any, bool.

    Parameters
    ----------
    of : ItemItem
        The matrix.
    rows : np.ndarray
        Int64 ``(b, t)`` item rows, padded on the left with -1.
    told : np.ndarray
        Bool ``(b, t)``.
    rng : np.random.Generator
        Draws.
    """
    person, place = np.nonzero(told)
    back = np.arange(of.recency.last)
    columns = place[:, None] - back
    items = np.where(columns >= 0, rows[person[:, None], np.maximum(columns, 0)], -1)
    at, age = np.nonzero(items >= 0)
    weights = of.recency.fading ** age.astype(np.float64)
    mass = (sparse.csr_matrix((weights, (at, items[at, age])), (len(person), of.items)) @ of.weights).tocsr()
    ends = np.concatenate([[0.0], np.cumsum(mass.data, dtype=np.float64)])
    low, high = ends[mass.indptr[:-1]], ends[mass.indptr[1:]]
    there = high > low
    chosen = np.searchsorted(ends[1:], low + rng.random(len(person)) * (high - low), side="right")
    chosen = np.minimum(chosen, np.maximum(mass.indptr[1:] - 1, 0))
    drawn = mass.indices[np.minimum(chosen, max(len(mass.indices) - 1, 0))] if len(mass.indices) else np.zeros(len(person))
    return np.where(there, drawn, 0).astype(np.int64), there
