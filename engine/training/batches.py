"""What one step learns from: its pairs, their negatives and the teacher's word, and the loss made of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from engine.training.losses import needed
from engine.training.losses.base import Inputs
from engine.training.losses.marginal import marginalise, places_of
from engine.training.losses.total import total
from engine.training.pairs.draws import draw, pools
from engine.training.pairs.sources import Pairs
from engine.training.source import Source
from engine.training.teachers.teacher import Teacher


class Material(NamedTuple):
    """Everything that batches are drawn from.

    Attributes
    ----------
    pairs : Pairs
        Queries and their documents.
    queries : sequence of np.ndarray
        Each query text as the scorer's kind encodes it.
    negatives : np.ndarray or None
        Int32 ``(texts, count)`` document rows, -1 padded; for losses that compare with other documents.
    teacher : Teacher or None
        For losses that follow a teacher.
    """

    pairs: Pairs
    queries: Sequence[np.ndarray]
    negatives: np.ndarray | None
    teacher: Teacher | None


class Batches:
    """The loss of any step, from (seed, step) alone.

    Parameters
    ----------
    source : Source
        Where documents have their leaves.
    material : Material
        What is drawn from.
    mix, weights : mapping
        Shares of the sources of pairs, and weights of the losses.
    batch, seed : int
        Pairs a step, and the seed.
    device : str
        Where the model is.
    """

    def __init__(
        self,
        source: Source,
        material: Material,
        mix: Mapping[str, float],
        weights: Mapping[str, float],
        batch: int,
        seed: int,
        device: str,
    ):
        self.material, self.mix, self.weights = material, mix, weights
        self.batch, self.seed, self.device = batch, seed, device
        self.needs = needed(weights)
        self.pools = pools(material.pairs)
        self.leaf_of = source.leaf_of.astype(np.int64)
        tree = source.parts.trie
        self.doc_start, self.doc_stop = self._move(tree.doc_start), self._move(tree.doc_stop)
        self.place_of = places_of(tree, len(self.leaf_of))

    def loss(self, model: nn.Module, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """Loss of a step and its parts; ``progress`` runs from 0 to 1 over the training."""
        pairs = self.material.pairs
        rng = np.random.default_rng([self.seed, step, 1])
        chosen = draw(self.pools, self.mix, self.batch, self.seed, step)
        texts, row = pairs.query[chosen], pairs.row[chosen]
        if "negatives" in self.needs and self.material.negatives is not None:
            negative = _one_each(self.material.negatives[texts], rng)
            has = negative >= 0
            texts, row, negative = texts[has], row[has], negative[has]
        asked, place = np.unique(texts, return_inverse=True)
        encoded = model.encode([self.material.queries[text] for text in asked])  # type: ignore[operator]
        query, leaf = self._move(place), self._move(self.leaf_of[row])
        levels = model.candidates(encoded, query, leaf)  # type: ignore[operator]
        others = margin = soft = represented = taught = None
        if "negatives" in self.needs:
            others = model.candidates(encoded, query, self._move(self.leaf_of[negative]))  # type: ignore[operator]
        if "margins" in self.needs:
            margin = self._move(_score(self._teacher, texts, row) - _score(self._teacher, texts, negative)).float()
        if "targets" in self.needs:
            rows, mass = self._teacher.rows[texts], self._teacher.log_mass[texts]
            places = self._move(np.where(rows >= 0, self.place_of[rows], -1))
            shares = self._move(np.where(rows >= 0, np.exp(mass.astype(np.float64)), 0.0))
            taught = model.taught(encoded, query, leaf) if hasattr(model, "taught") else None  # type: ignore[operator]
            soft = [marginalise(level, places, shares, self.doc_start, self.doc_stop) for level in taught or levels]
        if "vectors" in self.needs:
            represented = model.represent(encoded, query, leaf)  # type: ignore[operator]
        return total(Inputs(levels, others, len(texts), soft, margin, represented, leaf, progress, query, taught), self.weights)

    @property
    def _teacher(self) -> Teacher:
        assert self.material.teacher is not None
        return self.material.teacher

    def _move(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.array(array)).to(self.device)


def _one_each(negatives: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One of each row's documents at random, -1 for a row that has none; rows are padded at their ends."""
    count = (negatives >= 0).sum(axis=1)
    return np.where(count > 0, negatives[np.arange(len(negatives)), (rng.random(len(negatives)) * count).astype(np.int64)], -1)


def _score(teacher: Teacher, texts: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The teacher's log-mass of a document for a query; one that it does not list counts as its last."""
    mass = teacher.log_mass[texts].astype(np.float64)
    known = teacher.rows[texts] >= 0
    floor = np.where(known, mass, np.inf).min(axis=1)
    same = (teacher.rows[texts] == rows[:, None]) & known
    return np.where(same.any(axis=1), np.where(same, mass, 0.0).sum(axis=1), floor)
