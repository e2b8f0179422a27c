"""The item-item matrix as a recommender: the sum of the rows of the last items. How much text counts is chosen on development."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from engine.data.histories import Histories
from engine.options import Option
from engine.recommending import item_text, matrix
from engine.recommending.base import Material, Model, Ranked, Tell
from engine.recommending.judging import judge
from engine.recommending.matrix import Recency

# Shares of text that development chooses from; behaviour has .4.
SHARES = (0.0, 0.05, 0.1, 0.15, 0.2)
# Development questions that choose, drawn by the seed.
CHOOSING = 10_000
MEASURE = "NDCG@10"


class Parts(NamedTuple):
    """The two matrices, not yet mixed: float ``(items, items)`` each."""

    behaviour: sparse.csr_matrix
    text: sparse.csr_matrix


class ItemItem:
    """Mass of every item: the rows of the history's items, weighed by how long ago.

    Parameters
    ----------
    weights : sparse.csr_matrix
        Float32 ``(items, items)``, not negative.
    recency : Recency
        Of the history.
    share : float
        How much text counts in it.
    """

    name = "item-item"

    def __init__(self, weights: sparse.csr_matrix, recency: Recency, share: float):
        self.weights, self.recency, self.share = weights, recency, share

    @property
    def items(self) -> int:
        """How many there are."""
        return self.weights.shape[0]

    def mass(self, histories: Histories) -> sparse.csr_matrix:
        """Sparse float64 ``(histories, items)``."""
        return (self.recency.weights(histories, self.items) @ self.weights).tocsr()

    def scores(self, histories: Histories) -> np.ndarray:
        """Float32 ``(histories, items)``."""
        return self.mass(histories).toarray().astype(np.float32)


def parts_of(material: Material, tell: Tell) -> Parts:
    """Both matrices, from the train interactions and the texts."""
    tell("co-occurrence", 0, 0)
    behaviour = matrix.evened(matrix.together(material.split.train, material.items))
    tell("text", 0, 0)
    return Parts(behaviour, item_text.neighbours(material.said))


def chosen(material: Material, parts: Parts, recency: Recency, seen: bool = False) -> float:
    """The share of text that is best on development, by NDCG@10, ``seen`` items left out or not as they will be; the usual one
    where there is no development."""
    if not len(material.split.dev.targets):
        return matrix.TEXT
    places = np.sort(np.random.default_rng([material.seed, 13]).permutation(len(material.split.dev.targets))[:CHOOSING])
    dev, reached = material.split.dev.pick(places), {}
    for share in SHARES:
        found = ItemItem(matrix.mixed(parts.behaviour, parts.text, share), recency, share)
        reached[share] = float(judge(Ranked(found), dev, seen).values[MEASURE].mean())
    return max(reached, key=lambda share: reached[share])


def made(material: Material, settings: dict[str, Any], tell: Tell, seen: bool = False) -> ItemItem:
    """The matrix of some material."""
    recency = Recency(settings.get("last", matrix.LAST), settings.get("fading", matrix.FADING))
    parts = parts_of(material, tell)
    share = settings.get("text")
    if share is None:
        tell("share of text", 0, 0)
        share = chosen(material, parts, recency, seen)
    return ItemItem(matrix.mixed(parts.behaviour, parts.text, share), recency, share)


OPTIONS = (
    Option("text", float, None, "How much text counts beside behaviour's .4; chosen on development.", 0.0, 1.0),
    Option("last", int, matrix.LAST, "Items of a history that are read, the last ones.", 1, 1000),
    Option("fading", float, matrix.FADING, "Weight of an item against the one after it.", 0.05, 1.0),
)

ITEM_ITEM = Model(
    name="item-item",
    summary="What was taken near the items of the history, and what reads like them: one sparse matrix, no training.",
    citation="Lee et al. 2024 (STAR); Sarwar et al. 2001",
    color="#59a14f",
    make=lambda material, settings, tell: Ranked(made(material, settings, tell)),
    options=OPTIONS,
)
