"""The development queries of a fine-tuning, and the documents among which they search while it goes on.

Every look at them embeds those documents anew, so they are not all: the relevant ones, and those that the untuned encoder ranks
highest for the queries, which are the ones that have to be told apart. The figure is higher than among all documents, and good to
choose by.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.kernels.top_k import top_k
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
    """As many queries as have few enough relevant documents, drawn by the seed, with their documents."""
    relevant: set[int] = set()
    kept: list[int] = []
    for place in np.random.default_rng([seed, 5]).permutation(len(asked.ids)):
        own = {source.row_of[one] for one, grade in asked.qrels[place].items() if grade > 0 and one in source.row_of}
        if kept and len(relevant | own) > RELEVANT:
            continue
        kept.append(int(place))
        relevant |= own
    some = subset(asked, sorted(kept))
    near = np.stack([top_k(source.embeddings @ vector, min(POOL, len(source.embeddings))) for vector in some.vectors])
    rows = list(dict.fromkeys([*sorted(relevant), *near.T.ravel().tolist()]))[: max(POOL, len(relevant))]
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
