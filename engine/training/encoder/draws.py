"""Which pairs a step learns from: all of them an epoch, in an order of its own, no query and no document twice in a batch.

A batch's other documents are a query's negatives, so a second document that answers it must not be among them.
"""

from functools import lru_cache

import numpy as np


class Draws:
    """Batches by their number alone, so that a training that goes on draws what it would have drawn.

    Parameters
    ----------
    query, row : np.ndarray
        Int64 ``(pairs,)``: queries and documents.
    batch, seed : int
        Pairs a batch, at most, and the seed.
    """

    def __init__(self, query: np.ndarray, row: np.ndarray, batch: int, seed: int):
        self.query, self.row, self.batch, self.seed = query, row, batch, seed
        self._epoch = lru_cache(maxsize=2)(self._batches)
        self._sizes: list[int] = []

    def __call__(self, step: int) -> np.ndarray:
        """Places of the pairs of a step, int64."""
        epoch = 0
        while step >= (size := self._size(epoch)):
            step, epoch = step - size, epoch + 1
        return self._epoch(epoch)[step]

    def _size(self, epoch: int) -> int:
        while len(self._sizes) <= epoch:
            self._sizes.append(len(self._epoch(len(self._sizes))))
        return self._sizes[epoch]

    def _batches(self, epoch: int) -> list[np.ndarray]:
        """Every pair once: what does not go into a batch waits for the next one. A batch of a single pair has no negative, and
        teaches nothing; it is left out unless it is all that there is."""
        waiting = np.random.default_rng([self.seed, epoch, 3]).permutation(len(self.query))
        found = []
        while len(waiting):
            # Twice a batch is looked at: that fills one unless few queries or documents are left.
            head, taken = waiting[: 2 * self.batch], _alone(self.query, self.row, waiting[: 2 * self.batch], self.batch)
            found.append(taken)
            waiting = np.concatenate([head[~np.isin(head, taken)], waiting[2 * self.batch :]])
        return [taken for taken in found if len(taken) > 1] or found[:1]


def _alone(query: np.ndarray, row: np.ndarray, head: np.ndarray, most: int) -> np.ndarray:
    """The first ``most`` of some pairs of which none has the query or the document of one before."""
    queries, rows, taken = set[int](), set[int](), list[int]()
    for place, asked, document in zip(head.tolist(), query[head].tolist(), row[head].tolist(), strict=True):
        if len(taken) < most and asked not in queries and document not in rows:
            queries.add(asked)
            rows.add(document)
            taken.append(place)
    return np.array(taken, np.int64)
