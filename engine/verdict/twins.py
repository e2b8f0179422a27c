"""Queries that judge and are nearly those that taught: who learned from labels may know their answers by heart."""

import numpy as np

from engine.builds.opened import Build
from engine.evaluation import Asked
from engine.verdict.judging import TRAIN

# Two queries with a cosine above this ask for nearly the same.
TWIN = 0.9
# From so large a share of them on, it is said beside the answer.
MANY = 0.1
# Judging queries that are compared at once with all that taught.
AT_ONCE = 256


def twins(judging: np.ndarray, taught: np.ndarray, above: float = TWIN) -> int:
    """How many of float32 ``(queries, d)`` unit rows have one of ``taught``, ``(train queries, d)``, with a cosine above a value.

    >>> twins(np.eye(3, dtype=np.float32), np.array([[1.0, 0.0, 0.0]], np.float32))
    1
    """
    if not len(taught):
        return 0
    blocks = (judging[start : start + AT_ONCE] @ taught.T for start in range(0, len(judging), AT_ONCE))
    return sum(int((block.max(axis=1) > above).sum()) for block in blocks)


def told(opened: Build, asked: Asked) -> tuple[str, bool]:
    """How many of the judging queries have a twin among the train queries, in a sentence, and whether these are :data:`MANY`;
    empty where nothing was taught."""
    taught = [opened.corpus.queries[query] for query in opened.corpus.qrels.get(TRAIN, {})]
    if not taught:
        return "", False
    found = twins(opened.embed_queries(list(asked.queries.values())), opened.embed_queries(taught))
    if not found:
        return f"None of the {len(asked.queries):,} queries that judge has a train query with a cosine above {TWIN:g}.", False
    line = (
        f"{found:,} of the {len(asked.queries):,} queries that judge have a train query with a cosine above {TWIN:g}: whoever "
        "learned from labels, generative or not, may know their answers by heart."
    )
    return line, found >= MANY * len(asked.queries)
