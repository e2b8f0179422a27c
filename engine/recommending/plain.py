"""Baselines that need no training: what is popular, what reads like the history, and EASE's closed form."""

from typing import Any

import numpy as np
from scipy import sparse

from engine.data.histories import Histories
from engine.errors import TriescopeError
from engine.options import Option
from engine.recommending.base import Material, Model, Ranked, Recommender, Tell
from engine.recommending.matrix import Recency

# EASE inverts a matrix of all items: 8 bytes an entry, 3.2 GB here.
EASE_ITEMS = 20_000


class Popularity:
    """How often each item was taken in training, whoever asks."""

    name = "popularity"

    def __init__(self, counts: np.ndarray):
        self.counts = counts.astype(np.float32)

    def scores(self, histories: Histories) -> np.ndarray:
        """Float32 ``(histories, items)``: the same row for all."""
        return np.broadcast_to(self.counts, (histories.people, len(self.counts)))


class Semantic:
    """Cosine of every item to the history: the sum of the last items' vectors, each fading against the one after it."""

    name = "knn"

    def __init__(self, embeddings: np.ndarray, recency: Recency):
        self.embeddings, self.recency = np.asarray(embeddings, np.float32), recency

    def vectors(self, histories: Histories) -> np.ndarray:
        """Float32 ``(histories, d)`` unit rows; zero for an empty history."""
        found = self.recency.weights(histories, len(self.embeddings)).astype(np.float32) @ self.embeddings
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)

    def scores(self, histories: Histories) -> np.ndarray:
        """Float32 ``(histories, items)``."""
        return self.vectors(histories) @ self.embeddings.T


class Ease:
    """A linear autoencoder without self-similarity, in closed form (Steck 2019): ``B = I - P / diag(P)``, ``P = (X'X + l I)^-1``.

    It knows no order: an item weighs the same wherever it stands in the history.

    Parameters
    ----------
    weights : np.ndarray
        Float32 ``(items, items)``: B.
    """

    name = "ease"

    def __init__(self, weights: np.ndarray):
        self.weights = weights

    def scores(self, histories: Histories) -> np.ndarray:
        """Float32 ``(histories, items)``."""
        return taken(histories, len(self.weights)) @ self.weights


def taken(histories: Histories, items: int) -> sparse.csr_matrix:
    """Float32 ``(histories, items)``: 1 where an item was taken, however often.

    >>> taken(Histories.of([[2, 0, 2]]), 3).toarray().tolist()
    [[1.0, 0.0, 1.0]]
    """
    places = (histories.person, histories.items)
    found = sparse.csr_matrix((np.ones(len(histories.items), np.float32), places), (histories.people, items))
    found.data[:] = 1
    return found


def ease_weights(histories: Histories, items: int, penalty: float) -> np.ndarray:
    """EASE's matrix B, float32 ``(items, items)``.

    >>> ease_weights(Histories.of([[0, 1], [0, 1], [1]]), 2, 1.0).astype(float).round(3).tolist()
    [[0.0, 0.667], [0.5, 0.0]]

    Raises
    ------
    TriescopeError
        There are more than :data:`EASE_ITEMS`.
    """
    from scipy.linalg import cho_factor, cho_solve

    if items > EASE_ITEMS:
        raise TriescopeError(f"ease: {items:,} items; it inverts a matrix of all of them, so it takes at most {EASE_ITEMS:,}")
    of_person = taken(histories, items)
    gram = (of_person.T @ of_person).toarray().astype(np.float64)
    gram[np.diag_indices(items)] += penalty
    inverse = cho_solve(
        cho_factor(gram, overwrite_a=True, check_finite=False), np.eye(items), overwrite_b=True, check_finite=False
    )
    found = -(inverse / np.diag(inverse))
    found[np.diag_indices(items)] = 0
    return found.astype(np.float32)


def _popularity(material: Material, settings: dict[str, Any], tell: Tell) -> Recommender:
    return Ranked(Popularity(np.bincount(material.split.train.items, minlength=material.items)))


def _semantic(material: Material, settings: dict[str, Any], tell: Tell) -> Recommender:
    return Ranked(Semantic(material.embeddings, Recency(fading=settings.get("fading", 0.7))))


def _ease(material: Material, settings: dict[str, Any], tell: Tell) -> Recommender:
    tell("ease", 0, 0)
    return Ranked(Ease(ease_weights(material.split.train, material.items, settings.get("penalty", PENALTY))))


PENALTY = 100.0

POPULARITY = Model(
    name="popularity",
    summary="What was taken most often, whoever asks: the floor.",
    citation="Ji et al. 2020 (a re-visit of the popularity baseline)",
    color="#8c8c8c",
    make=_popularity,
)
KNN = Model(
    name="knn",
    summary="What reads like the history: nearest to the sum of its items' text vectors.",
    citation="content-based nearest neighbours; Lops et al. 2011",
    color="#4c78a8",
    make=_semantic,
    options=(Option("fading", float, 0.7, "Weight of an item against the one after it.", 0.05, 1.0),),
    behaviour=False,
)
EASE = Model(
    name="ease",
    summary="A linear model of which items are taken together, in closed form; knows no order.",
    citation="Steck 2019 (EASE)",
    color="#b279a2",
    make=_ease,
    options=(Option("penalty", float, PENALTY, "Of large weights.", 1.0, 100_000.0),),
    usual=False,
    long=True,
)
