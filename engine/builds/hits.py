"""What is shown of a document that was found."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from engine.data.corpus import Document


class Hit(NamedTuple):
    """One result. ``score`` is in the retriever's own scale; ``source`` names the path that brought it."""

    rank: int
    id: str
    title: str
    score: float
    identifier: str
    source: str


def hits_of(
    documents: Sequence[Document],
    identifier: Callable[[int], str],
    rows: np.ndarray,
    scores: np.ndarray,
    sources: Sequence[str],
) -> list[Hit]:
    """Document rows, best first, as hits; ``identifier`` gives the codes of a row as text.

    >>> hits_of([Document("a", "Ran", "", {})], str, np.array([0]), np.array([0.5]), ["bm25"])
    [Hit(rank=1, id='a', title='Ran', score=0.5, identifier='0', source='bm25')]
    """
    return [
        Hit(
            rank=rank,
            id=documents[row].id,
            title=documents[row].title,
            score=round(float(score), 4),
            identifier=identifier(row),
            source=source,
        )
        for rank, (row, score, source) in enumerate(zip(rows, scores, sources, strict=True), 1)
    ]
