"""PQ: the columns are cut into as many runs as there are levels, and each run has a k-means of its own.

Every level then says something about other columns, so codes are independent rather than coarse to fine, and documents that
share a prefix agree in some columns only. The docids of Ultron-PQ (Zhou et al. 2022) are made so. A product quantizer is its
k-means (Jégou et al. 2011); faiss' own ``ProductQuantizer`` takes only powers of two and at least as many documents as codes,
so the k-means is faiss' and the cut is here. The tests hold it against ``ProductQuantizer``.
"""

from typing import Any

import numpy as np

from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme
from engine.identifiers.kmeans import kmeans
from engine.identifiers.nearest import nearest
from engine.identifiers.rq_kmeans import CODES, default_codes

LEVELS = 4
OPTIONS = (
    Option(
        name="levels",
        type=int,
        default=LEVELS,
        low=1,
        high=32,
        help="Sub-spaces, one code each, before the collision code; at most a vector's columns.",
    ),
    CODES,
)
# No one-more-level: a codebook of what all levels leave over lies across the sub-spaces, and assign looks at each of them alone.
RESOLVERS = ("extra-code", "reassign", "sinkhorn", "leave")


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Fit the codebooks and encode every row; see :class:`engine.identifiers.base.Scheme`."""
    levels, codes = shape(material.embeddings, settings)
    return quantize(material.embeddings, np.eye(material.embeddings.shape[1], dtype=np.float32), levels, codes, seed, progress)


def shape(embeddings: np.ndarray, settings: dict[str, Any]) -> tuple[int, int]:
    """Levels and codes a level, the defaults filled in; a level needs at least one column."""
    return min(settings["levels"] or LEVELS, embeddings.shape[1]), settings["codes"] or default_codes(len(embeddings))


def sub_spaces(columns: int, levels: int) -> list[np.ndarray]:
    """Columns of each level, consecutive; the first ones take one more where the division leaves some over.

    (The same as padding the narrower ones with a column of zeros, which no k-means sees.)

    >>> [run.tolist() for run in sub_spaces(5, 3)]
    [[0, 1], [2, 3], [4]]
    """
    return np.array_split(np.arange(columns), levels)


def quantize(embeddings: np.ndarray, basis: np.ndarray, levels: int, codes: int, seed: int, progress: Progress) -> Identifiers:
    """Identifiers from a k-means in each sub-space.

    Parameters
    ----------
    embeddings : np.ndarray
        Float32 ``(n, d)``.
    basis : np.ndarray
        Float32 ``(d, d)``, rows of length 1 at right angles to each other. A sub-space is spanned by the next few rows.
    levels, codes, seed, progress
        Number of sub-spaces and codes in each; a sub-space with fewer different points gets fewer codes.
    """
    codebooks = []
    for level, run in enumerate(sub_spaces(len(basis), levels)):
        progress(level, levels)
        # Back in the embedding space a codeword is zero at right angles to its sub-space, so that codewords add up.
        codebooks.append(kmeans(embeddings @ basis[run].T, codes, seed + level) @ basis[run])
    return Identifiers(_nearest(embeddings, codebooks), tuple(len(book) for book in codebooks), codebooks)


def assign(fitted: Identifiers, embeddings: np.ndarray) -> np.ndarray:
    """Nearest code in each sub-space, int32 ``(n, levels)``."""
    return _nearest(embeddings, fitted.codebooks)


def _nearest(embeddings: np.ndarray, codebooks: list[np.ndarray]) -> np.ndarray:
    return np.column_stack([nearest(embeddings, codebook) for codebook in codebooks])


SCHEME = Scheme(
    name="pq",
    summary="Product quantization: each level codes other columns of the vector, none is coarser than another.",
    citation="Jégou et al. 2011 (product quantization); Zhou et al. 2022 (Ultron)",
    options=OPTIONS,
    fit=fit,
    assign=assign,
    resolvers=RESOLVERS,
)
