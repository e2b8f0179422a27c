"""What each member of a fusion adds to a document's score, before the weights: three methods, each linear in the weights.

``z``: each member's scores of the pool, standardised. ``tm2c2``: scores over the best of the pool, counted from the least there
can be (TM2C2, Bruch, Gai and Ingber 2023). ``rrf``: reciprocal ranks (Cormack et al. 2009). The pool of a query is every document
that a member lists. With the first two a document that a member did not list has the score it would have had there; ranks know
nothing of such a document, and nothing of how far apart two are.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

RRF_K = 60
# Scores that differ by less are the same: a member that says the same of all documents must not be blown up to say something.
SAME = 1e-6
Z, TM2C2, RRF = "z", "tm2c2", "rrf"
# Named in the place of a method: whichever does best on development queries, with its weights (:mod:`engine.retrievers.chosen`).
CHOSEN = "dev"


class Pool(NamedTuple):
    """Documents that a query's members list, and what each says of each.

    Attributes
    ----------
    rows : np.ndarray
        Int64 ``(documents,)``, ascending.
    ranks : np.ndarray
        Int64 ``(documents, members)``, from 1; 0 where a member does not list the document.
    scores : np.ndarray
        Float64 ``(documents, members)``; -inf where there can be none, NaN where it was not asked for.
    """

    rows: np.ndarray
    ranks: np.ndarray
    scores: np.ndarray

    def of(self, members: Sequence[int]) -> "Pool":
        """The pool of some of the members, by their places."""
        columns = list(members)
        listed = (self.ranks[:, columns] > 0).any(axis=1)
        return Pool(self.rows[listed], self.ranks[listed][:, columns], self.scores[listed][:, columns])


def ranked(lists: Sequence[np.ndarray]) -> Pool:
    """A pool of ranked rows, a list a member, -1 is padding; scores are not known yet.

    >>> pool = ranked([np.array([7, 3]), np.array([3, -1])])
    >>> pool.rows.tolist(), pool.ranks.tolist()
    ([3, 7], [[2, 1], [1, 0]])
    """
    listed = [rows[rows >= 0] for rows in lists]
    rows = np.unique(np.concatenate([np.empty(0, np.int64), *listed]))
    ranks = np.zeros((len(rows), len(lists)), np.int64)
    for column, of_member in enumerate(listed):
        ranks[np.searchsorted(rows, of_member), column] = np.arange(1, len(of_member) + 1)
    return Pool(rows, ranks, np.full(ranks.shape, np.nan))


def standardised(pool: Pool, floors: np.ndarray) -> np.ndarray:
    """z-scores of each member over the pool; 0 for one that says the same of all. What can have no score counts as the lowest."""
    there = np.isfinite(pool.scores)
    low = np.where(there, pool.scores, np.inf).min(axis=0, initial=np.inf)
    scores = np.where(there, pool.scores, np.where(np.isfinite(low), low, 0.0))
    above = scores - scores.mean(axis=0) if len(scores) else scores
    spread = np.ptp(scores, axis=0) if len(scores) else np.zeros(scores.shape[1])
    deviation = np.sqrt((above**2).mean(axis=0)) if len(scores) else spread
    return above / np.where(spread > SAME, deviation, np.inf)


def over_best(pool: Pool, floors: np.ndarray) -> np.ndarray:
    """Scores from 0, the least there can be (``floors``, one a member, finite), to 1, the best of the pool."""
    above = pool.scores - floors
    best = above.max(axis=0, initial=0.0)
    return above / np.where(best > SAME, best, np.inf)


def reciprocal_ranks(pool: Pool, floors: np.ndarray) -> np.ndarray:
    """``1 / (60 + rank)``, 0 where a member does not list the document."""
    return np.where(pool.ranks > 0, 1 / (RRF_K + pool.ranks), 0.0)


class Way(NamedTuple):
    """A method: what it is called in a sentence, and its function ``(pool, floors) -> float64 (documents, members)``."""

    told: str
    shares: Callable[[Pool, np.ndarray], np.ndarray]


# In the order in which they are tried; of equal ones the first is taken.
METHODS: dict[str, Way] = {
    Z: Way("by standardised scores", standardised),
    TM2C2: Way("by scores over the best one (TM2C2)", over_best),
    RRF: Way("by rank (RRF)", reciprocal_ranks),
}


def fits(method: str, floors: Sequence[float | None]) -> bool:
    """Whether a method can fuse members whose scores have these floors: None for one that only ranks, -inf where there is none.

    >>> [fits(method, (0.0, -np.inf)) for method in METHODS], fits("z", (0.0, None))
    ([True, False, True], False)
    """
    if method == RRF:
        return True
    return None not in floors and (method != TM2C2 or bool(np.isfinite(np.array(floors, float)).all()))


def fused(pool: Pool, floors: np.ndarray, method: str, weights: np.ndarray) -> np.ndarray:
    """Fused scores, float32 ``(documents,)``, or ``(documents, ways)`` where ``weights`` is ``(members, ways)``.

    Rounded, so that what is equal in truth is equal in whatever order the members stand.
    """
    return np.round(METHODS[method].shares(pool, floors) @ weights, 9).astype(np.float32)
