"""OPQ: product quantization after the rotation that loses least by it.

PQ cuts the columns where they happen to stand. OPQ first turns the space so that its cuts separate directions that vary
independently and share the variance evenly (Ge et al. 2013, the non-parametric solution: quantize, then the best rotation to the
quantized vectors, again and again). The rotation is faiss'. Turned back, the codewords lie in the embedding space, so that
nothing else has to know of the rotation.
"""

from typing import Any

import numpy as np

from engine.identifiers.base import Identifiers, Material, Progress, Scheme
from engine.identifiers.pq import OPTIONS, RESOLVERS, assign, quantize, shape

# Turns of quantizing and rotating. faiss does 50; beyond 10 the reconstruction gains less than half a percent (films, SciFact).
ITERATIONS = 10


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Fit rotation and codebooks, encode every row; see :class:`engine.identifiers.base.Scheme`."""
    levels, codes = shape(material.embeddings, settings)
    basis = rotation(material.embeddings, levels, codes, seed)
    return quantize(material.embeddings, basis, levels, codes, seed, progress)


def rotation(embeddings: np.ndarray, levels: int, codes: int, seed: int) -> np.ndarray:
    """Orthonormal rows, float32 ``(d, d)``, in the order in which :func:`engine.identifiers.pq.sub_spaces` cuts them."""

    import faiss
    from scipy.linalg import null_space

    points = np.ascontiguousarray(embeddings, np.float32)
    n, d = points.shape
    # faiss' quantizer has 2^bits codes and wants no more of them than points; for other sizes the rotation for fewer codes does.
    bits = int(np.log2(min(codes, n)))
    if levels == 1 or bits == 0:
        return np.eye(d, dtype=np.float32)
    kept = d - d % levels
    quantizer = faiss.ProductQuantizer(kept, levels, bits)
    quantizer.cp.seed = seed % (1 << 31)
    quantizer.cp.min_points_per_centroid = 1
    matrix = faiss.OPQMatrix(d, levels, kept)
    matrix.pq = quantizer
    matrix.niter = ITERATIONS
    # With fewer points than columns faiss 1.15 writes past the end of a buffer and the process dies (faiss issue 2637). Repeating
    # all points equally often does not change the best rotation.
    matrix.train(np.tile(points, (-(-d // n), 1)))
    rows = faiss.vector_to_array(matrix.A).reshape(kept, d)
    # faiss leaves out up to levels - 1 directions when the division leaves some over. They go one each to the first levels.
    order = np.argsort(np.r_[np.repeat(np.arange(levels), kept // levels), np.arange(d - kept)], kind="stable")
    return np.ascontiguousarray(np.vstack([rows, null_space(rows).T])[order], np.float32)


SCHEME = Scheme(
    name="opq",
    summary="Product quantization after a learned rotation, so that the cuts lose least.",
    citation="Ge et al. 2013 (optimized product quantization)",
    options=OPTIONS,
    fit=fit,
    assign=assign,
    resolvers=RESOLVERS,
)
