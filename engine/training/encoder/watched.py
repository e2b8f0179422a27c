"""The development queries of a fine-tuning, and the documents among which they search while it goes on.

Every look at them embeds those documents anew, so they are not all: the relevant ones, and others drawn at random. Those that the
untuned encoder ranks highest would be harder to tell apart, but they are its own errors and no other's: among them every encoder
that has moved away from it looks better than it is. The figure is higher than among all documents; where that could mislead, at
the end, the untuned encoder and the one chosen are judged among all (:func:`among_all`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.retrievers import Queries
from engine.retrievers.dense import ExactRetriever
from engine.training import dev
from engine.training.dev import Dev
from engine.training.source import Source

# Most documents, and most of them that are there because they are relevant.
POOL, RELEVANT = 768, 384


class Pool(NamedTuple):
    """Queries that choose, and the document rows that they search, int64, sorted."""

    asked: Dev
    rows: np.ndarray


def pool(source: Source, asked: Dev, seed: int) -> Pool:
    """As many queries as have few enough relevant documents, drawn by the seed, with their documents and others, drawn too."""
    relevant: set[int] = set()
    kept: list[int] = []
    rng = np.random.default_rng([seed, 5])
    for place in rng.permutation(len(asked.ids)):
        own = {source.row_of[one] for one, grade in asked.qrels[place].items() if grade > 0 and one in source.row_of}
        if kept and len(relevant | own) > RELEVANT:
            continue
        kept.append(int(place))
        relevant |= own
    some = subset(asked, sorted(kept))
    drawn = rng.permutation(len(source.embeddings)).tolist()
    rows = list(dict.fromkeys([*sorted(relevant), *drawn]))[: max(POOL, len(relevant))]
    return Pool(some, np.sort(np.array(rows, np.int64)))


def subset(asked: Dev, places: Sequence[int]) -> Dev:
    """Some of the development queries."""
    return asked._replace(
        ids=[asked.ids[place] for place in places],
        texts=[asked.texts[place] for place in places],
        vectors=asked.vectors[list(places)],
        queries=[asked.queries[place] for place in places],
        qrels=[asked.qrels[place] for place in places],
    )


def look(source: Source, of: Pool, queries: np.ndarray, documents: np.ndarray) -> float:
    """nDCG@10 of the pool's queries among its documents; unit vectors, float32 ``(queries, d)`` and ``(rows, d)``."""
    found = ExactRetriever(documents).search(Queries(of.asked.texts, queries), min(len(of.rows), 101)).rows
    ranked = [of.rows[rows[rows >= 0]] for rows in found]
    return float(dev.judge(source, of.asked, ranked)[dev.MEASURE].mean())


def among_all(source: Source, asked: Dev, queries: np.ndarray, documents: np.ndarray) -> float:
    """The same of all queries that choose, among all documents."""
    return look(source, Pool(asked, np.arange(len(documents))), queries, documents)
