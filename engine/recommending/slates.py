"""A list as a whole: not ten of the same. Candidates of a recommender are put in another order, so that its first ones differ.

Three ways, alone or together: a quota of items below one first code; maximal marginal relevance, which takes what is good and
unlike what stands above it (Carbonell and Goldstein, SIGIR 1998); and a dial that takes from what everybody takes, its score
divided by a power of how often that was. The candidates stay the same; only their order changes.
"""

import math
from typing import NamedTuple

import numpy as np

from engine.data.histories import Histories
from engine.errors import TriescopeError
from engine.recommending.base import TOGETHER, Recommender
from engine.retrievers.ranking import Ranking
from engine.trie import Trie

# Candidates that are put in order; what stands behind them keeps its place. So many of the first are chosen one by one.
DEEP, CHOSEN = 100, 20


class Slate(NamedTuple):
    """How a list is arranged.

    Attributes
    ----------
    quota : int
        Most items below one first code before the others have come; 0 for no bound.
    mmr : float
        Share of an item's own score, the rest is its likeness (cosine) to the nearest item above it; 1 for its score alone.
    rare : float
        The power of one more than how often an item was taken by which its score is divided; 0 for its score as it is.
    """

    quota: int = 0
    mmr: float = 1.0
    rare: float = 0.0

    @property
    def plain(self) -> bool:
        """Whether it leaves lists as they are."""
        return self == PLAIN

    def told(self) -> str:
        """In a few characters, as :func:`parse` reads it.

        >>> Slate(2, 0.7, 0.1).told(), Slate().told()
        ('quota=2,mmr=0.7,rare=0.1', '')
        """
        parts = [f"quota={self.quota}"] * (self.quota > 0) + [f"mmr={self.mmr:g}"] * (self.mmr < 1)
        return ",".join(parts + [f"rare={self.rare:g}"] * (self.rare > 0))


PLAIN = Slate()


def parse(text: str) -> Slate:
    """A slate of its text; an empty one is no arrangement.

    >>> parse("mmr=0.5"), parse("")
    (Slate(quota=0, mmr=0.5, rare=0.0), Slate(quota=0, mmr=1.0, rare=0.0))

    Raises
    ------
    TriescopeError
        It is none of ``quota=N``, ``mmr=SHARE``, ``rare=POWER``, nor several of them.
    """
    found = PLAIN
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, value = part.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if name == "quota" and number >= 1 and number.is_integer():
            found = found._replace(quota=int(number))
        elif name == "mmr" and 0 <= number <= 1:
            found = found._replace(mmr=number)
        elif name == "rare" and 0 <= number <= 1:
            found = found._replace(rare=number)
        else:
            raise TriescopeError(
                f"slate: quota=N (1 or more), mmr=SHARE, rare=POWER (0 to 1), or several with commas, not {part!r}"
            )
    return found


def order(slate: Slate, scores: np.ndarray, vectors: np.ndarray, codes: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """The order in which candidates are listed.

    Parameters
    ----------
    slate : Slate
        How.
    scores : np.ndarray
        Of the candidates, best first, float ``(lists, n)``; -inf where a list ends.
    vectors : np.ndarray
        Unit vectors of the candidates, float32 ``(lists, n, d)``.
    codes : np.ndarray
        First codes, int ``(lists, n)``; -1 for none, which no quota bounds.
    taken : np.ndarray
        How often each was taken, int ``(lists, n)``.

    Returns
    -------
    np.ndarray
        Int64 ``(lists, n)``: a permutation of each list's places.
    """
    lists, n = scores.shape
    there = np.isfinite(scores)
    own = _between(scores, there) * (taken + 1.0) ** -slate.rare * slate.mmr
    nearest, left = np.zeros((lists, n)), there.copy()
    used = np.zeros((lists, n), np.int64)  # items chosen so far that have the candidate's first code
    every = np.arange(lists)
    chosen = np.empty((lists, 0), np.int64)
    for place in range(min(n, CHOSEN)):
        value = own - (1 - slate.mmr) * nearest if place else own
        value = np.where(left, value, -np.inf)
        if slate.quota:
            # Over the quota means behind all others, not gone.
            value = np.where((used >= slate.quota) & (codes >= 0), value - 10, value)
        best = value.argmax(axis=1)
        chosen = np.column_stack([chosen, np.where(left[every, best], best, n)])
        left[every, best] = False
        used += codes == codes[every, best][:, None]
        if slate.mmr < 1:
            alike = np.einsum("lnd,ld->ln", vectors, vectors[every, best])
            nearest = np.maximum(nearest, alike) if place else alike
    # Those that were not chosen one by one follow as they stood.
    rank = np.full((lists, n + 1), n + CHOSEN)
    rank[every[:, None], chosen] = np.arange(chosen.shape[1])
    return np.argsort(rank[:, :n], axis=1, kind="stable")


def _between(scores: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Scores of each list from 0 (its last) to 1 (its first), so that they can be weighed against a cosine."""
    low = np.where(there, scores, np.inf).min(axis=1, keepdims=True)
    high = np.where(there, scores, -np.inf).max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        found = (np.where(there, scores, 0) - low) / np.maximum(high - low, 1e-12)
    return np.where(there, found, 0.0)


def apart(rows: np.ndarray, embeddings: np.ndarray) -> np.ndarray:
    """How far the items of each list lie from each other, one less the cosine on average over all pairs, float64 ``(lists,)``.

    ``rows`` is int ``(lists, k)``, -1 for none; a list of fewer than two items has NaN.

    >>> apart(np.array([[0, 1], [0, -1]]), np.eye(2)).tolist()
    [1.0, nan]
    """
    there = rows >= 0
    vectors = np.where(there[..., None], np.asarray(embeddings[np.maximum(rows, 0)], np.float64), 0)
    counts, whole = there.sum(axis=1), vectors.sum(axis=1)
    alike = (whole**2).sum(axis=1) - (vectors**2).sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - alike / np.where(counts > 1, counts * (counts - 1), np.nan)


def first_codes(trie: Trie, rows: np.ndarray) -> np.ndarray:
    """First code of each item, -1 where it has no identifier: int64, in the shape of ``rows``."""
    of = np.full(1 + int(max(trie.documents.max(initial=-1), rows.max(initial=-1))), -1, np.int64)
    children = trie.children(np.array([0])).node
    for node in children:
        of[trie.documents[trie.doc_start[node] : trie.doc_stop[node]]] = trie.code[node]
    return np.where(rows >= 0, of[np.maximum(rows, 0)], -1)


def arranged(slate: Slate, found: Ranking, trie: Trie, embeddings: np.ndarray, popularity: np.ndarray | None) -> Ranking:
    """Lists with their first candidates in another order; scores stay those of the items. ``popularity``: how often each item was
    taken.

    Raises
    ------
    TriescopeError
        Rare ones are asked for where nobody took anything.
    """
    if slate.rare and popularity is None:
        raise TriescopeError("slate: rare=POWER needs interactions, and nobody took anything here")
    rows, scores = found.rows.copy(), found.scores.copy()
    for start in range(0, len(rows), TOGETHER):
        part = slice(start, start + TOGETHER)
        head, values = rows[part, :DEEP], np.where(rows[part, :DEEP] >= 0, scores[part, :DEEP], -np.inf)
        vectors = np.asarray(embeddings[np.maximum(head, 0)], np.float32) if slate.mmr < 1 else np.empty((*head.shape, 0))
        taken = np.zeros(head.shape, np.int64) if popularity is None else popularity[np.maximum(head, 0)]
        by = order(slate, values, vectors, first_codes(trie, head), taken)
        rows[part, :DEEP] = np.take_along_axis(head, by, 1)
        scores[part, :DEEP] = np.take_along_axis(scores[part, :DEEP], by, 1)
    return found._replace(rows=rows, scores=scores)


class Arranged:
    """A recommender whose lists are arranged."""

    def __init__(self, of: Recommender, slate: Slate, trie: Trie, embeddings: np.ndarray, popularity: np.ndarray | None = None):
        self.of, self.slate = of, slate
        self.trie, self.embeddings, self.popularity = trie, embeddings, popularity
        self.name = f"{of.name}, {slate.told()}"
        self.knows_people = getattr(of, "knows_people", False)

    def recommend(self, histories: Histories, k: int, seen: bool = False, **who: np.ndarray) -> Ranking:
        """See :class:`engine.recommending.base.Recommender`."""
        plain = self.of.recommend(histories, max(k, DEEP), seen, **who)
        found = arranged(self.slate, plain, self.trie, self.embeddings, self.popularity)
        return found._replace(rows=found.rows[:, :k], scores=found.scores[:, :k])
