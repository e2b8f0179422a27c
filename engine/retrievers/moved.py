"""Dense search over documents moved towards the train queries that they answer (the dynamic document space of Brauen 1971).

What labels give a dense retriever without any training, and so the fair neighbour of every scorer that was trained on them. Only
the train split moves documents; by how much, the choosing half of the development queries says (:mod:`engine.data.halves`).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from engine.data import tables
from engine.data.halves import halves
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.retrievers.base import Method, Named, cosine, of_means
from engine.retrievers.dense import ExactRetriever
from engine.retrievers.lost import by_cosine
from engine.retrievers.opened import Opened
from engine.retrievers.tuning import CUT, ndcg
from engine.text import embed

TRAIN, DEV = "train", "dev"
# Nearest documents whose queries one without any borrows.
LENDERS = 10
# How far documents go: 0 leaves them. Without development queries it is the one that served every set tried best or nearly so.
SHARES, USUAL = (0.0, 0.25, 0.5, 1.0, 2.0), 1.0


class Labels(NamedTuple):
    """Judged queries of one split: unit vectors, float32 ``(queries, d)``, and document row -> grade, a query each."""

    vectors: np.ndarray
    gains: list[dict[int, int]]


def moved(embeddings: np.ndarray, queries: np.ndarray, row: np.ndarray, share: float) -> np.ndarray:
    """Documents moved towards queries: float32 ``(documents, d)``, unit rows.

    A document becomes its embedding plus ``share`` times the mean of its queries. One without queries borrows that mean from the
    :data:`LENDERS` nearest documents that have some: left where it is, it would lose to all that were moved, whatever is asked.
    (Films, a fifth of the documents kept out: nDCG@10 of the test queries that ask for those .22 without borrowing, .42 with it,
    .33 where nothing is moved.)

    Parameters
    ----------
    embeddings : np.ndarray
        Float32 ``(documents, d)``, unit rows.
    queries, row : np.ndarray
        Float32 ``(pairs, d)``, and the document row that each answers, int64 ``(pairs,)``; at least one.
    share : float
        Above 0.

    >>> moved(np.eye(2, dtype=np.float32), np.array([[0.0, 1.0]], np.float32), np.array([0]), 1.0).astype(float).round(2).tolist()
    [[0.71, 0.71], [0.0, 1.0]]
    """
    return _towards(embeddings, means(embeddings, queries, row), share)


def means(embeddings: np.ndarray, queries: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Where each document is drawn: the mean of its queries, its own or borrowed; float32 ``(documents, d)``."""
    towards, count = np.zeros(embeddings.shape, np.float32), np.bincount(row, minlength=len(embeddings))
    np.add.at(towards, row, queries)
    towards /= np.maximum(count, 1)[:, None]
    lenders, borrowers = np.flatnonzero(count), np.flatnonzero(count == 0)
    for some in np.array_split(borrowers, max(1, len(borrowers) // 1024)):
        nearest = np.argsort(-(embeddings[some] @ embeddings[lenders].T), axis=1, kind="stable")[:, :LENDERS]
        towards[some] = towards[lenders[nearest]].mean(axis=1)
    return towards


def _towards(embeddings: np.ndarray, towards: np.ndarray, share: float) -> np.ndarray:
    documents = embeddings + share * towards
    return (documents / np.linalg.norm(documents, axis=1, keepdims=True)).astype(np.float32)


class MovedRetriever(ExactRetriever):
    """Exact search over moved documents.

    Parameters
    ----------
    embeddings : np.ndarray
        Float32 ``(documents, d)``, unit rows, as they were.
    train, dev : Labels
        Queries to move towards, at least one of them with a relevant document; queries to choose the share on, if any.
    """

    name = "moved"

    def __init__(self, embeddings: np.ndarray, train: Labels, dev: Labels):
        place, row = pairs_of(train)
        embeddings = np.asarray(embeddings, np.float32)
        towards = means(embeddings, train.vectors[place], row)
        self.share = choose(embeddings, towards, dev) if len(dev.gains) else USUAL
        self.pairs, self.chosen_on = len(row), len(dev.gains)
        super().__init__(_towards(embeddings, towards, self.share))


def choose(embeddings: np.ndarray, towards: np.ndarray, dev: Labels) -> float:
    """The share with the best nDCG@10 on development queries; of equal ones the smallest."""
    quality = []
    for share in SHARES:
        scores = np.round(dev.vectors @ _towards(embeddings, towards, share).T, 6)
        of = [_ndcg(one, gains) for one, gains in zip(scores, dev.gains, strict=True)]
        quality.append(float(np.mean(of)))
    return SHARES[int(np.argmax(quality))]


def _ndcg(scores: np.ndarray, gains: Mapping[int, int]) -> float:
    rows = np.sort(top_k(scores, CUT))
    return float(ndcg(rows, scores[rows][:, None], gains)[0])


def pairs_of(labels: Labels) -> tuple[np.ndarray, np.ndarray]:
    """Query places and document rows of the relevant judgements, int64 ``(pairs,)`` each."""
    pairs = [(place, row) for place, gains in enumerate(labels.gains) for row, grade in gains.items() if grade > 0]
    place, row = np.array(pairs, np.int64).reshape(-1, 2).T
    return place, row


def labels_of(opened: Opened, split: str, kept: Sequence[str] | None = None) -> Labels:
    """Judged queries of a split that a document answers, or those of them that are ``kept``, embedded through the cache."""
    judged = tables.read_judged(opened.folder, split)
    asked = gains_of(opened, judged, kept)
    texts = [judged.queries[query] for query in asked]
    return Labels(embed.embed(texts, opened.encoder, role="query"), list(asked.values()))


def gains_of(opened: Opened, judged: tables.Judged, kept: Sequence[str] | None = None) -> dict[str, dict[int, int]]:
    """Query -> document row -> grade, of queries that a document answers, or of those among them that are ``kept``."""
    gains = {
        query: {opened.row_of[document]: grade for document, grade in grades.items() if document in opened.row_of}
        for query, grades in judged.qrels.items()
        if kept is None or query in kept
    }
    return {query: of for query, of in gains.items() if any(grade > 0 for grade in of.values())}


def _open(opened: Opened, beams: int, named: Named) -> MovedRetriever:
    train = labels_of(opened, TRAIN)
    if not train.gains:
        raise TriescopeError("moved needs train queries with a relevant document, and this build has none")
    choosing = set(halves(tables.read_judged(opened.folder, DEV).qrels).choosing)
    return MovedRetriever(opened.embeddings, train, labels_of(opened, DEV, sorted(choosing)))


def _told(opened: Opened, named: Named) -> str:
    found = opened.retriever("moved")
    assert isinstance(found, MovedRetriever)
    chosen = f"chosen on {found.chosen_on} development queries" if found.chosen_on else "no development queries"
    told = f"{found.pairs:,} train pairs, share {found.share:g} ({chosen})"
    return "; ".join(filter(None, [told, of_means(opened)]))


METHOD = Method(
    name="moved",
    summary="vectors, moved towards the train queries that a document answers: dense search with labels, without training",
    citation="Brauen 1971",
    color="#882255",
    open=_open,
    evidence=cosine,
    splits=(TRAIN,),
    told=_told,
    lost=by_cosine,
)
