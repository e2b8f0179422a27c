"""Vectors of passages, several a document: those of a document stand together, and the best of them speaks for it.

Beside them every document has one vector as in any build, the mean of its passages, for whatever needs one: identifiers, the map.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.stored import arrays

VECTORS, ENDS = "passages.npy", "passages-ends.npy"


class Passages(NamedTuple):
    """Passages of documents.

    Attributes
    ----------
    vectors : np.ndarray
        Float32 ``(passages, d)``, unit rows, in document order.
    ends : np.ndarray
        Int64 ``(documents,)``: where those of each end; every document has one at least.
    """

    vectors: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, sizes: Sequence[int] | np.ndarray, vectors: np.ndarray) -> "Passages":
        """From how many each document has."""
        return cls(vectors, np.cumsum(sizes, dtype=np.int64))

    @property
    def starts(self) -> np.ndarray:
        """Where those of each document begin, int64."""
        return np.append(0, self.ends[:-1])[: len(self.ends)]

    @property
    def sizes(self) -> np.ndarray:
        """How many each document has, int64."""
        return np.diff(self.ends, prepend=0)

    @property
    def document(self) -> np.ndarray:
        """Row of the document of each, int64."""
        return np.repeat(np.arange(len(self.ends)), self.sizes)

    def best(self, scores: np.ndarray) -> np.ndarray:
        """Score of each document, that of its best passage, from the scores of all passages.

        >>> Passages.of([2, 1], np.eye(3)).best(np.array([0.2, 0.7, 0.5])).tolist()
        [0.7, 0.5]
        """
        return np.maximum.reduceat(scores, self.starts) if len(self.ends) else scores

    def means(self) -> np.ndarray:
        """A vector of each document: its only passage, or the mean of several at length 1; float32 ``(documents, d)``."""
        if not len(self.ends):
            return np.empty((0, self.vectors.shape[1]), np.float32)
        summed = np.add.reduceat(self.vectors, self.starts, axis=0, dtype=np.float64)
        summed /= np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12)
        means, single = summed.astype(np.float32), self.sizes == 1
        means[single] = self.vectors[self.starts[single]]  # to the last digit
        return means

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Where the passages of some documents stand, int64, one document after the other.

        >>> Passages.of([2, 1, 2], np.eye(5)).places(np.array([2, 0])).tolist()
        [3, 4, 0, 1]
        """
        sizes = self.sizes[rows]
        return np.repeat(self.ends[rows] - np.cumsum(sizes), sizes) + np.arange(sizes.sum())

    def taken(self, rows: np.ndarray) -> "Passages":
        """Those of some documents."""
        return self.of(self.sizes[rows], self.vectors[self.places(rows)])

    def one(self, row: int) -> np.ndarray:
        """Vectors of one document's: float32 ``(passages, d)``."""
        return self.vectors[self.ends[row] - self.sizes[row] : self.ends[row]]


def save(passages: Passages, folder: Path) -> None:
    """Write them into the folder of a build."""
    np.save(folder / VECTORS, np.ascontiguousarray(passages.vectors, np.float32), allow_pickle=False)
    np.save(folder / ENDS, passages.ends, allow_pickle=False)


def read(folder: Path, documents: int) -> Passages | None:
    """Those that :func:`save` wrote, mapped; None where a build has none.

    Raises
    ------
    TriescopeError
        They are damaged, or not of so many documents.
    """
    if not (folder / VECTORS).is_file():
        return None
    vectors = arrays.mapped(folder / VECTORS, "float32", axes=2)
    ends = np.asarray(arrays.mapped(folder / ENDS, "int64"))
    if len(ends) != documents or not len(ends) or (np.diff(ends, prepend=0) < 1).any() or ends[-1] != len(vectors):
        raise TriescopeError(f"{folder / ENDS}: not of {documents:,} documents and {len(vectors):,} passages")
    return Passages(vectors, ends)
