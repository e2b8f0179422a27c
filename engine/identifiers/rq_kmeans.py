"""RQ-KMeans: residual quantization, one k-means a level.

Level 1 clusters the embeddings, level 2 clusters what level 1 left over, and so on, so an identifier reads from coarse to
fine. Within a few percent of RQ-VAE (Lee et al. 2022; TIGER, Rajput et al. 2023) without training a network; k-means is faiss'.
"""

import faiss
import numpy as np

from engine.errors import TriescopeError
from engine.identifiers.base import Identifiers, Option, Scheme, add_collision_code

ITERATIONS = 25
# faiss samples the data down to this many points a centroid; its default, and enough at every size measured.
POINTS_PER_CENTROID = 256


def default_codes(documents: int) -> int:
    """Codes a level when the user does not say: the tree should be readable when small and fine enough when large.

    >>> [default_codes(n) for n in (200, 1200, 5000, 100_000)]
    [16, 32, 256, 256]
    """
    return 16 if documents < 500 else 32 if documents < 3000 else 256


def fit(embeddings: np.ndarray, settings: dict, seed: int) -> Identifiers:
    """Fit the codebooks and encode every row.

    Parameters
    ----------
    embeddings : np.ndarray
        Float32 ``(n, d)``.
    settings : dict
        ``levels``, ``codes``; missing or None means the default.
    seed : int
        Seed of every k-means start.

    Returns
    -------
    Identifiers
        With a collision code as last level when two documents would share an identifier.

    Raises
    ------
    TriescopeError
        The embeddings hold NaN or infinity.
    """
    if not np.isfinite(embeddings).all():
        row = int(np.flatnonzero(~np.isfinite(embeddings).all(axis=1))[0])
        raise TriescopeError(f"rq-kmeans: the embedding of document {row + 1} is not finite")
    levels = settings.get("levels") or 3
    codes = settings.get("codes") or default_codes(len(embeddings))
    residual = np.ascontiguousarray(embeddings, np.float32).copy()
    columns, codebooks = [], []
    for level in range(levels):
        # k-means cannot place more centroids than there are different points.
        k = min(codes, len(np.unique(residual, axis=0)))
        codebook = _kmeans(residual, k, (seed + level) % (1 << 31))
        code = faiss.knn(residual, codebook, 1)[1][:, 0]
        residual -= codebook[code]
        columns.append(code.astype(np.int32))
        codebooks.append(codebook)
    return add_collision_code(Identifiers(np.column_stack(columns), tuple(len(c) for c in codebooks), codebooks))


def _kmeans(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    means = faiss.Kmeans(
        points.shape[1], k, niter=ITERATIONS, seed=seed, max_points_per_centroid=POINTS_PER_CENTROID, min_points_per_centroid=1
    )
    means.train(points)
    return np.asarray(means.centroids, np.float32).reshape(k, points.shape[1])


SCHEME = Scheme(
    name="rq-kmeans",
    summary="Residual k-means: coarse to fine, nothing to train.",
    citation="Lee et al. 2022 (residual quantization); Rajput et al. 2023 (TIGER, semantic IDs)",
    options=(
        Option("levels", int, 3, 1, 8, "Codes in an identifier, before the collision code."),
        Option("codes", int, None, 2, 4096, "Codes a level. 16 below 500 documents, 32 below 3,000, else 256."),
    ),
    fit=fit,
)
