"""A shelf for what is new: some places of every list are kept for items that nobody took yet, nearest to the history by text.

A model of who took what cannot name an item that nobody took (TIGER on unseen items: R@10 of 0 in an independent reproduction),
and text that is summed with it is outweighed. How many places is a choice of whoever runs the shop, with its price on both sides.
"""

import numpy as np

from engine.data.histories import Histories
from engine.kernels.top_k import top_k
from engine.recommending.base import Recommender, Scores
from engine.retrievers.ranking import Ranking

PLACES, EVERY = 2, 10


class Shelf:
    """A recommender that keeps the last ``places`` of each ten for new items.

    Parameters
    ----------
    of : Recommender
        Who fills the other places.
    by : Scores
        Who ranks the new ones.
    new : np.ndarray
        Bool, an entry an item: which ones are new.
    places : int
        Of each ten.
    """

    def __init__(self, of: Recommender, by: Scores, new: np.ndarray, places: int = PLACES):
        self.of, self.by, self.new, self.places = of, by, new, places

    @property
    def name(self) -> str:
        """That of whoever fills the other places, with the shelf."""
        return f"{self.of.name}+shelf"

    def recommend(self, histories: Histories, k: int, seen: bool = False) -> Ranking:
        """See :class:`engine.recommending.base.Recommender`; scores are one over the place, for two kinds cannot be compared."""
        found, fresh = self.of.recommend(histories, k, seen).rows, np.flatnonzero(self.new)
        rows = np.full((histories.people, k), -1, np.int64)
        shelf = np.arange(k) % EVERY >= EVERY - self.places
        for person in range(histories.people):
            near = self.by.scores(histories.pick(slice(person, person + 1)))[0][fresh]
            shown = fresh[top_k(near, min(len(fresh), k + len(histories.one(person))))]
            shown = shown if seen else shown[~np.isin(shown, histories.one(person))]
            rest = found[person][(found[person] >= 0) & ~np.isin(found[person], shown[: int(shelf.sum())])]
            places = np.where(shelf & (np.cumsum(shelf) <= len(shown)))[0]
            line = np.full(k, -1, np.int64)
            line[places] = shown[: len(places)]
            free = np.flatnonzero(line < 0)
            line[free[: len(rest)]] = rest[: len(free)]
            rows[person] = line
        scores = np.where(rows >= 0, 1 / np.arange(1, k + 1), -np.inf).astype(np.float32)
        return Ranking(rows, scores, [])
