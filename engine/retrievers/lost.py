"""Why a list lacks a document: what each family has to say, and the kind of loss that it is counted by.

A retriever's record may have a ``lost`` of its own; any other ranks all documents, and says where this one stands.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.decoding import DEFAULT_BEAMS
from engine.retrievers import method_of
from engine.retrievers.base import Retriever
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking

FILTERED, NO_WORD, BELOW, NO_MEMBER = "filtered out", "no shared word", "ranked lower", "listed by no member"
NO_IDENTIFIER, SEARCH, MODEL = "no identifier", "search error", "model error"


class Loss(NamedTuple):
    """Why a list lacks a document.

    Attributes
    ----------
    kind : str
        Two or three words that losses are counted by.
    told : str
        The reason, in a few words.
    rank : int or None
        Its rank, from 1, where nothing cuts the list short; None where it has none.
    score : float or None
        Its score, on the retriever's own scale.
    """

    kind: str
    told: str
    rank: int | None = None
    score: float | None = None


class Lack(NamedTuple):
    """What a list lacks.

    Attributes
    ----------
    by : Retriever
        Whose list it is.
    queries : Queries
        One query, with its vector where the retriever needs it.
    rows : np.ndarray
        Int64: rows of the documents; all of them pass the filter.
    k : int
        Length of the list.
    allowed : np.ndarray or None
        What passes the filter, as in a search.
    documents : int
        Documents that there are.
    """

    by: Retriever
    queries: Queries
    rows: np.ndarray
    k: int
    allowed: np.ndarray | None
    documents: int


class Place(NamedTuple):
    """Rank, from 1, and score of a document in a ranking."""

    rank: int
    score: float


def places(ranking: Ranking, rows: np.ndarray) -> list[Place | None]:
    """Where documents stand in the ranking of one query; None where one does not.

    >>> places(Ranking(np.array([[4, 2, -1]]), np.array([[0.5, 0.25, -np.inf]]), []), np.array([2, 7]))
    [Place(rank=2, score=0.25), None]
    """
    found: list[Place | None] = []
    for row in rows:
        at = np.flatnonzero(ranking.rows[0] == row)
        found.append(Place(int(at[0]) + 1, float(ranking.scores[0, at[0]])) if len(at) else None)
    return found


def below(lack: Lack, unit: str = "score") -> list[Loss]:
    """Where the documents stand among all."""
    ranking = lack.by.search(lack.queries, lack.documents, lack.allowed)
    return [
        Loss(BELOW, f"rank {at.rank:,}, {unit} {at.score:.3f}", at.rank, at.score) if at else Loss(BELOW, "not found")
        for at in places(ranking, lack.rows)
    ]


def by_cosine(lack: Lack) -> list[Loss]:
    """The same where a score is a cosine."""
    return below(lack, "cosine")


def lost(
    opened: Opened,
    name: str,
    queries: Queries,
    rows: Sequence[int],
    k: int,
    beams: int = DEFAULT_BEAMS,
    allowed: np.ndarray | None = None,
) -> list[Loss]:
    """Why a retriever's list of ``k`` for one query lacks each of the documents ``rows``."""
    passing = [row for row in rows if allowed is None or allowed[row]]
    found = {}
    if passing:
        by, documents = opened.retriever(name, beams), len(opened.embeddings)
        told = method_of(name)[0].lost or below
        found = dict(zip(passing, told(Lack(by, queries, np.array(passing), k, allowed, documents)), strict=True))
    return [found.get(row) or Loss(FILTERED, "does not pass the filter") for row in rows]
