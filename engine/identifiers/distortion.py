"""What an identifier keeps of a vector: the document against the sum of its codes' vectors."""

from typing import NamedTuple

import numpy as np

from engine.identifiers.base import Identifiers

# Rows that are rebuilt at once: 8,192 of 384 columns are 12 MB.
BLOCK = 8192


class Distortion(NamedTuple):
    """How far documents lie from the sums of their codes' vectors, averaged over documents.

    Attributes
    ----------
    squared_error : float
        Mean squared Euclidean distance (not divided by the dimension). For vectors of unit length 0 is perfect and 1 is what
        a sum of zero would do.
    cosine : float
        Mean cosine, -1 to 1; a vector or a sum of length zero counts as 0.
    """

    squared_error: float
    cosine: float


def distortion(fitted: Identifiers, embeddings: np.ndarray) -> Distortion | None:
    """Distortion of float ``(n, d)`` embeddings under their identifiers; None where the scheme has no vectors.

    Levels without a codebook (a collision code) add nothing, so numbering costs nothing here; a code that a resolver changed
    counts as changed. A document without an identifier is rebuilt as zero.

    >>> fitted = Identifiers(np.array([[0], [1]], np.int32), (2,), [np.array([[1, 0], [0, 2]], np.float32)])
    >>> distortion(fitted, np.array([[1, 0], [0, 1]], np.float32))
    Distortion(squared_error=0.5, cosine=1.0)
    """
    if not fitted.codebooks:
        return None
    squared, cosine = 0.0, 0.0
    for start in range(0, len(embeddings), BLOCK):
        rows = slice(start, start + BLOCK)
        vectors = embeddings[rows].astype(np.float64)
        left = residual(fitted.codes[rows], fitted.codebooks, embeddings[rows]).astype(np.float64)
        rebuilt = vectors - left
        lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(rebuilt, axis=1)
        products = (vectors * rebuilt).sum(axis=1)
        squared += float((left**2).sum())
        cosine += float(np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0).sum())
    return Distortion(squared / len(embeddings), cosine / len(embeddings))


def residual(codes: np.ndarray, codebooks: list[np.ndarray], embeddings: np.ndarray) -> np.ndarray:
    """What the first ``len(codebooks)`` codes leave of each vector: float32 ``(n, d)``, a new array.

    Subtracted level by level in float32, as the residual schemes do, so that a tie there is a tie here. A code of -1
    subtracts nothing.
    """
    left = np.array(embeddings, np.float32, order="C")
    for column, codebook in zip(codes.T, codebooks, strict=False):
        rows = np.flatnonzero(column >= 0)
        # Indexing with all rows would copy the whole table once more.
        if len(rows) == len(left):
            left -= codebook[column]
        else:
            left[rows] -= codebook[column[rows]]
    return left
