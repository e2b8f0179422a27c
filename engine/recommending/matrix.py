"""The item-item matrix: what was taken near what, and what reads alike; the honest baseline, without any training.

After STAR (Lee et al. 2024, arXiv 2410.16458), which sums a co-occurrence and a text similarity; weights and powers are ours,
found on development data of Amazon Beauty.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from engine.data.histories import Histories

# What is taken up to so many items apart belongs together, the less the further: distance to this power.
LAGS, DISTANCE = 20, -0.5
# What came after counts fully, what came before half.
BACKWARD = 0.5
# Items with many neighbours are held down, as the one that is read and as the one that is found; large counts too.
FROM, TOWARDS, POWER = 0.5, 0.3, 0.7
# Shares of behaviour and of text where development does not choose.
BEHAVIOUR, TEXT = 0.4, 0.1
# Of a history: the last items, each weighing less than the one after it.
LAST, FADING = 15, 0.7


class Recency(NamedTuple):
    """How a history is weighed: the last ``last`` items, each ``fading`` times the one after it."""

    last: int = LAST
    fading: float = FADING

    def weights(self, histories: Histories, items: int) -> sparse.csr_matrix:
        """Float64 ``(histories, items)``; an item that stands twice weighs for both.

        >>> Recency(2, 0.5).weights(Histories.of([[2, 0, 1]]), 3).toarray().tolist()
        [[0.5, 1.0, 0.0]]
        """
        near = histories.last(self.last)
        weights = self.fading ** near.age.astype(np.float64)
        return sparse.csr_matrix((weights, (near.person, near.items)), shape=(histories.people, items))


def together(histories: Histories, items: int) -> sparse.csr_matrix:
    """How much each item was taken before (and, half as much, after) each other: float64 ``(items, items)``, no diagonal.

    >>> together(Histories.of([[0, 1, 2]]), 3).toarray().round(2).tolist()
    [[0.0, 1.0, 0.71], [0.5, 0.0, 1.0], [0.35, 0.5, 0.0]]
    """
    total = sparse.csr_matrix((items, items), dtype=np.float64)
    person = histories.person
    for lag in range(1, min(LAGS, max(1, int(histories.lengths.max(initial=1)) - 1)) + 1):
        same = person[:-lag] == person[lag:]
        first, then = histories.items[:-lag][same], histories.items[lag:][same]
        other = first != then
        weights = np.full(int(other.sum()), float(lag) ** DISTANCE)
        forward = sparse.csr_matrix((weights, (first[other], then[other])), shape=(items, items))
        total = total + forward + BACKWARD * forward.T.tocsr()
    total.sort_indices()
    return total


def evened(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Counts held down by how many different neighbours the two items have, and by their own size."""
    pattern = counts.astype(bool)
    neighbours = np.maximum(np.asarray((pattern + pattern.T).sum(axis=1)).ravel(), 1)
    held = (sparse.diags(neighbours**-FROM) @ counts @ sparse.diags(neighbours**-TOWARDS)).tocsr()
    held.data **= POWER
    return held


def mixed(behaviour: sparse.csr_matrix, text: sparse.csr_matrix, share: float = TEXT) -> sparse.csr_matrix:
    """One matrix of both: float32 ``(items, items)``, nothing below zero."""
    found = (BEHAVIOUR * behaviour + share * text).tocsr().astype(np.float32)
    found.eliminate_zeros()
    return found
