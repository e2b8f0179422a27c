"""RQ-KMeans: residual quantization, one k-means a level.

Level 1 clusters the embeddings, level 2 clusters what level 1 left over, and so on, so an identifier reads from coarse to
fine. Within a few percent of RQ-VAE (Lee et al. 2022; TIGER, Rajput et al. 2023) without training a network; k-means is faiss'.
"""

from typing import Any

import numpy as np

from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme
from engine.identifiers.kmeans import kmeans


def default_codes(documents: int) -> int:
    """Codes a level when the user does not say: the tree should be readable when small and fine enough when large.

    >>> [default_codes(n) for n in (200, 1200, 5000, 100_000)]
    [16, 32, 256, 256]
    """
    return 16 if documents < 500 else 32 if documents < 3000 else 256


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Fit the codebooks and encode every row; see :class:`engine.identifiers.base.Scheme`."""
    levels = settings["levels"] or 3
    codes = settings["codes"] or default_codes(len(material.embeddings))
    residual = np.ascontiguousarray(material.embeddings, np.float32).copy()
    columns, codebooks = [], []
    for level in range(levels):
        progress(level, levels)
        codebook = kmeans(residual, codes, seed + level)
        columns.append(_nearest(residual, codebook))
        residual -= codebook[columns[-1]]
        codebooks.append(codebook)
    return Identifiers(np.column_stack(columns).astype(np.int32), tuple(len(c) for c in codebooks), codebooks)


def assign(fitted: Identifiers, embeddings: np.ndarray) -> np.ndarray:
    """Nearest code of each residual in turn, int32 ``(n, levels)``."""
    residual = embeddings.copy()
    columns = []
    for codebook in fitted.codebooks:
        columns.append(_nearest(residual, codebook))
        residual -= codebook[columns[-1]]
    return np.column_stack(columns).astype(np.int32)


def _nearest(points: np.ndarray, codebook: np.ndarray) -> np.ndarray:
    import faiss

    return faiss.knn(np.ascontiguousarray(points), codebook, 1)[1][:, 0]


# Of every scheme of residual codes; the rule of the second is that of :func:`default_codes`.
LEVELS = Option(name="levels", type=int, default=3, low=1, high=8, help="Codes in an identifier, before the collision code.")
CODES = Option(
    name="codes",
    type=int,
    default=None,
    low=2,
    high=4096,
    help="Codes a level. 16 below 500 documents, 32 below 3,000, else 256.",
)

SCHEME = Scheme(
    name="rq-kmeans",
    summary="Residual k-means: coarse to fine, nothing to train.",
    citation="Lee et al. 2022 (residual quantization); Rajput et al. 2023 (TIGER, semantic IDs)",
    options=(
        LEVELS,
        CODES,
    ),
    fit=fit,
    assign=assign,
    resolvers=("extra-code", "reassign", "sinkhorn", "one-more-level", "leave"),
)
