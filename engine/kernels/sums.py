"""Compiled inner loops of :mod:`engine.live.scorer`: one pass over each array, where NumPy makes one an operation.

See :mod:`engine.kernels.best_children` for how they are compiled. The twins stand in where numba cannot be imported.
"""

import numpy as np

from engine.kernels.best_children import compiled


def slow_sum_runs(vectors: np.ndarray, bounds: np.ndarray, out: np.ndarray) -> None:
    """Twin of :func:`sum_runs`: a product with a sparse matrix of ones."""

    from scipy.sparse import csr_array

    ones = csr_array((np.ones(len(vectors)), np.arange(len(vectors)), bounds), (len(out), len(vectors)))
    out[:] = ones @ vectors.astype(np.float64)


@compiled(slow_sum_runs)
def sum_runs(vectors, bounds, out):
    """Sum the rows ``bounds[i] .. bounds[i + 1] - 1`` of float vectors into row ``i`` of ``out``, float64."""
    for run in range(out.shape[0]):
        for place in range(out.shape[1]):
            out[run, place] = 0.0
        for row in range(bounds[run], bounds[run + 1]):
            for place in range(out.shape[1]):
                out[run, place] += vectors[row, place]


def slow_blend(
    means: np.ndarray, nodes: np.ndarray, weight: np.ndarray, sums: np.ndarray, counts: np.ndarray, out: np.ndarray
) -> None:
    """Twin of :func:`blend`."""
    out[:] = (means[nodes] * weight[:, None] + sums) / counts[:, None]


@compiled(slow_blend)
def blend(means, nodes, weight, sums, counts, out):
    """Write ``(means[nodes] * weight + sums) / counts`` into ``out``, float32, by way of float64."""
    for row in range(out.shape[0]):
        node, before, count = nodes[row], np.float64(weight[row]), np.float64(counts[row])
        for place in range(out.shape[1]):
            out[row, place] = (np.float64(means[node, place]) * before + sums[row, place]) / count
