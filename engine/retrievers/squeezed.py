"""The record of a retriever over squeezed vectors, and its rows where documents came and went since it was made."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.retrievers import made_index
from engine.retrievers.base import Method, Named, cosine, of_means
from engine.retrievers.made_index import Nearest, RefinedRetriever, Squeezed
from engine.retrievers.opened import Opened


def method(
    of: Squeezed,
    grown: Callable[[Any, np.ndarray, np.ndarray], Nearest],
    *,
    summary: str,
    citation: str,
    color: str,
    installed: Callable[[], bool] = lambda: True,
) -> Method:
    """The record of a way to squeeze vectors.

    Parameters
    ----------
    of : Squeezed
        The way.
    grown : callable
        ``(index, kept, added)``: the same where documents came and went; rows that are ``kept``, vectors that were ``added``.
    summary, citation, color
        See :class:`engine.retrievers.base.Method`.
    installed : callable
        Whether what it needs is there.
    """

    def open_one(build: Opened, beams: int, named: Named) -> RefinedRetriever:
        index, _ = made_index.opened(of, build)
        if build.grown:
            index = grown(index, build.grown.kept, build.grown.vectors)
        return RefinedRetriever(of.name, index, build.embeddings)

    return Method(
        name=of.name,
        summary=summary,
        citation=citation,
        color=color,
        open=open_one,
        evidence=cosine,
        there=lambda folder: made_index.is_there(folder, of.name) and installed(),
        stamp=lambda folder: made_index.stamp(folder, of.name),
        told=lambda build, named: "; ".join(
            filter(None, [made_index.told(made_index.about(build.folder, of.name)), of_means(build)])
        ),
        lost=made_index.lost,
        follows=True,
    )


def renumbered(found: Sequence[np.ndarray], kept: np.ndarray, rows: int) -> list[np.ndarray]:
    """Rows of a catalogue as it was, as rows of what is left of it; those that are gone are left out.

    >>> [rows.tolist() for rows in renumbered([np.array([3, 0, 1])], np.array([1, 3]), 4)]
    [[1, 0]]
    """
    row = np.full(rows, -1, np.int64)
    row[kept] = np.arange(len(kept))
    return [of[of >= 0] for of in (row[one] for one in found)]
