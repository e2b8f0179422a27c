"""RQ-KMeans: residual quantization, one k-means a level.

Level 1 clusters the embeddings, level 2 clusters what level 1 left over, and so on, so an identifier reads from coarse to
fine. Within a few percent of RQ-VAE (Lee et al. 2022; TIGER, Rajput et al. 2023) without training a network; k-means is faiss'.
"""

import math
from typing import Any

import numpy as np

from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme
from engine.identifiers.kmeans import POINTS_PER_CENTROID, drawn, kmeans

# From so many documents on one level of many codes: at a million, 100 beams over 3 x 256 find .73 of the hundred nearest and over
# 1 x 4096 all of them, in the same time (benchmarks/results/decoding.md).
LARGE = 100_000


def default_codes(documents: int) -> int:
    """Codes a level when the user does not say: the tree should be readable when small and fine enough when large.

    >>> [default_codes(n) for n in (200, 1200, 5000, 100_000)]
    [16, 32, 256, 256]
    """
    return 16 if documents < 500 else 32 if documents < 3000 else 256


def default_shape(documents: int) -> tuple[int, int]:
    """Levels, and codes a level, when the user says neither.

    >>> [default_shape(n) for n in (1200, 50_000, 100_000, 1_000_000)]
    [(3, 32), (3, 256), (1, 1024), (1, 4096)]
    """
    if documents < LARGE:
        return 3, default_codes(documents)
    return 1, min(4096, 1 << round(math.log2(4 * math.sqrt(documents))))


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Fit the codebooks and encode every row; see :class:`engine.identifiers.base.Scheme`."""
    embeddings = np.ascontiguousarray(material.embeddings, np.float32)
    codebooks = codebooks_of(embeddings, settings, seed, progress)
    return coded(codes_of(embeddings, codebooks), codebooks)


def codebooks_of(embeddings: np.ndarray, settings: dict[str, Any], seed: int, progress: Progress) -> list[np.ndarray]:
    """A codebook a level, float32 ``(codes, d)``; of many rows, float32 ``(n, d)``, those alone are read that k-means draws."""
    levels, codes = settings["levels"], settings["codes"]
    if levels is None and codes is None:
        levels, codes = default_shape(len(embeddings))
    levels, codes = levels or 3, codes or default_codes(len(embeddings))
    codebooks: list[np.ndarray] = []
    parts, each = orthogonal(embeddings, settings.get("books") or 1), settings.get("points") or POINTS_PER_CENTROID
    for level in range(levels):
        progress(level, levels)
        size = max(2, codes >> level) if settings.get("halving") else codes
        rows = drawn(len(embeddings), size, seed + level, each)
        left = _quantized(embeddings if rows is None else embeddings[rows], codebooks)[1]
        codebooks.append(kmeans(left if len(parts) == 1 else left @ parts[level % len(parts)], size, seed + level, each))
    return codebooks


def coded(codes: np.ndarray, codebooks: list[np.ndarray]) -> Identifiers:
    """Identifiers of the codes, int32 ``(n, levels)``, that :func:`codes_of` gives."""
    return Identifiers(codes, tuple(len(book) for book in codebooks), codebooks)


def orthogonal(points: np.ndarray, books: int) -> list[np.ndarray]:
    """Projections onto so many orthogonal parts of the space, float32 ``(d, d)`` each, which sum to one: principal axes are dealt
    out in turn, so that each part has about as much of the variance.

    >>> one, other = orthogonal(np.diag([3.0, 2.0]).astype(np.float32), 2)
    >>> (one + other).round(3).tolist(), bool(np.allclose(one @ other, 0, atol=1e-6))
    ([[1.0, 0.0], [0.0, 1.0]], True)
    """
    if books == 1:
        return [np.eye(points.shape[1], dtype=np.float32)]
    centred = points - points.mean(axis=0)
    axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))[1][:, ::-1]
    return [(axes[:, book::books] @ axes[:, book::books].T).astype(np.float32) for book in range(books)]


def assign(fitted: Identifiers, embeddings: np.ndarray) -> np.ndarray:
    """Nearest code of each residual in turn, int32 ``(n, levels)``."""
    return codes_of(embeddings, fitted.codebooks)


def codes_of(embeddings: np.ndarray, codebooks: list[np.ndarray]) -> np.ndarray:
    """The same by codebooks alone."""
    return _quantized(embeddings, codebooks)[0]


def _quantized(embeddings: np.ndarray, codebooks: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Codes, int32 ``(n, levels)``, and what they leave over, float32 ``(n, d)``."""
    left = np.array(embeddings, np.float32)
    codes = np.empty((len(left), len(codebooks)), np.int32)
    for level, codebook in enumerate(codebooks):
        codes[:, level] = _nearest(left, codebook)
        left -= codebook[codes[:, level]]
    return codes, left


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
    citation="Lee et al. 2022 (residual quantization); Rajput et al. 2023 (TIGER, semantic IDs); BARGE 2026 (decreasing books)",
    options=(
        LEVELS._replace(default=None, help=f"{LEVELS.help} 3, or 1 from {LARGE:,} documents on."),
        CODES._replace(help=f"{CODES.help} With 1 level of itself about four times the root of their number."),
        Option(
            name="points",
            type=int,
            default=POINTS_PER_CENTROID,
            low=32,
            high=65_536,
            help="Documents a code that k-means learns from: of more it draws as many.",
        ),
        Option(name="halving", type=int, default=0, low=0, high=1, help="1: each level has half the codes of the one before."),
        Option(
            name="books",
            type=int,
            default=1,
            low=1,
            high=4,
            help="Orthogonal parts of the space that the levels code in turn: BARGE's, an experiment.",
        ),
    ),
    fit=fit,
    assign=assign,
    resolvers=("extra-code", "reassign", "sinkhorn", "one-more-level", "leave"),
)
