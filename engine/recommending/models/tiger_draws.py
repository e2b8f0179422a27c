"""The loss of TIGER, from (seed, step) alone: every item that came after another is asked for once a pass."""

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from engine.data.histories import Held, Histories
from engine.recommending.item_item import ItemItem
from engine.recommending.models.tiger import TigerModel
from engine.recommending.models.tree_draws import drawn_from

# Batches that are shuffled together and then sorted by length, so that little of a batch is padding.
SORTED = 40
# How often a person is nobody, so that a history without one can be read too.
NAMELESS = 0.1
# Items drawn of the teacher for a history: reading it costs more than writing one.
DRAWN = 2
# Questions read together where the likelihood is asked for.
TOGETHER = 256


class NextCodes:
    """The loss of any step: nats of the next item's codes, and of items that the item-item matrix draws.

    Parameters
    ----------
    histories : Histories
        Of training, a row a person.
    written : np.ndarray
        Bool, an entry an item: which ones have an identifier.
    batch : int
        Histories a step.
    seed : int
        Of the order.
    teacher : ItemItem, optional
        Whose mass is drawn from.
    share : float
        Weight of what is drawn; the rest is that of what came.
    """

    def __init__(
        self,
        histories: Histories,
        written: np.ndarray,
        batch: int,
        seed: int,
        teacher: ItemItem | None = None,
        share: float = 0.0,
    ):
        self.histories, self.batch, self.seed, self.teacher, self.share = histories, batch, seed, teacher, share
        before = histories.lengths[histories.person] - 1 - histories.age
        self.places = np.flatnonzero((before > 0) & written[histories.items])
        self.before = before[self.places]

    @property
    def steps(self) -> int:
        """Steps of one pass."""
        return -(-len(self.places) // self.batch)

    @cached_property
    def _person(self) -> np.ndarray:
        return self.histories.person[self.places]

    def chosen(self, step: int) -> np.ndarray:
        """Which items a step asks for: each once a pass, with others that have about as much before them."""
        turn, place = divmod(step, self.steps)
        rng = np.random.default_rng([self.seed, turn])
        order = rng.permutation(len(self.places))
        group, within = divmod(place, SORTED)
        part = order[group * SORTED * self.batch : (group + 1) * SORTED * self.batch]
        part = part[np.argsort(self.before[part], kind="stable")]
        batches = -(-len(part) // self.batch)
        at = np.random.default_rng([self.seed, turn, group]).permutation(batches)[within]
        return part[at * self.batch : (at + 1) * self.batch]

    def __call__(self, model: TigerModel, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """See :data:`engine.training.loop.Loss`."""
        chosen, rng = self.chosen(step), np.random.default_rng([self.seed, step, 3])
        ends, starts = self.places[chosen], self.places[chosen] - np.minimum(self.before[chosen], model.shape.longest)
        asked = Histories.of([self.histories.items[start:end] for start, end in zip(starts, ends, strict=True)])
        people = np.where(rng.random(len(chosen)) < NAMELESS, -1, self._person[chosen])
        read = model.network.encode(model.tokens(asked, people))
        device = read.states.device
        came = model.nats(read, torch.arange(len(chosen), device=device), self.histories.items[ends]).mean()
        if self.teacher is None or not self.share:
            return came, {}
        rows = np.repeat(asked.padded(int(asked.lengths.max())), DRAWN, axis=0)
        told = np.zeros(rows.shape, bool)
        told[:, -1] = True
        drawn, there = drawn_from(self.teacher, rows, told, rng)
        there &= model.codes[drawn, 0] >= 0
        if not there.any():
            return came, {}
        row = torch.from_numpy(np.repeat(np.arange(len(chosen)), DRAWN)[there]).to(device)
        taught = model.nats(read, row, drawn[there]).mean()
        return (1 - self.share) * came + self.share * taught, {"came": float(came.detach()), "taught": float(taught.detach())}


def likelihood(model: TigerModel, held: Held) -> float:
    """Mean log-probability of the identifiers of what came next, in nats, of the model that no tree holds back; of the questions
    whose item has an identifier."""
    asked = np.flatnonzero(model.codes[held.targets, 0] >= 0)
    asked = asked[np.argsort(held.histories.lengths[asked], kind="stable")]
    nats = []
    with torch.inference_mode():
        for start in range(0, len(asked), TOGETHER):
            part = held.pick(asked[start : start + TOGETHER])
            read = model.network.encode(model.tokens(part.histories, part.people))
            nats.append(model.nats(read, torch.arange(len(part.targets), device=read.states.device), part.targets))
    return -float(torch.cat(nats).double().mean()) if nats else 0.0
