"""A start for scorers that hold documents as vectors: each moved a step towards the queries that it answers.

The dynamic document space of Brauen 1971 (:mod:`engine.retrievers.moved`): what gradient steps would learn first, at once.
"""

from collections.abc import Sequence

import numpy as np

from engine.retrievers.moved import moved
from engine.training.pairs.sources import SOURCES, Pairs

ASKING = ("judged", "generated")


def primed(embeddings: np.ndarray, pairs: Pairs, queries: Sequence[np.ndarray], share: float) -> np.ndarray:
    """Documents moved towards their judged and generated queries, as :func:`moved` does; as they are where there are none."""
    asks = np.isin(pairs.source, [SOURCES.index(name) for name in ASKING])
    if not share or not asks.any():
        return embeddings
    return moved(embeddings, np.stack(list(queries))[pairs.query[asks]], pairs.row[asks], share)
