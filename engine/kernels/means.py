"""Compiled loops over node means: making them, and making their rough copies of one byte a dimension.

:mod:`engine.kernels.best_children` selects by the rough copies and scores exactly only what they leave open. Each loop has a
NumPy twin, which the tests compare it with, and which stands in where numba cannot be imported.
"""

from typing import NamedTuple

import numpy as np

from engine.kernels.compiled import compiled


class Rough(NamedTuple):
    """Means in one byte a dimension. ``mean = scale * code + error``.

    Attributes
    ----------
    code : np.ndarray
        Int8 ``(means, d)``.
    scale, error, norm : np.ndarray
        Float32, one a mean: the step, the length of the rounding error and the length of the mean, both rounded up.
    """

    code: np.ndarray
    scale: np.ndarray
    error: np.ndarray
    norm: np.ndarray


class RoughQuery(NamedTuple):
    """Queries in two bytes a dimension: int16 ``(q, d)`` codes, float64 steps, and lengths of the copies and of their errors."""

    code: np.ndarray
    scale: np.ndarray
    norm: np.ndarray
    error: np.ndarray


def roughen_plain(means, nodes, code, scale, error, norm):
    """What :func:`roughen` does, in NumPy, into the arrays of a :class:`Rough`."""
    for row, mean in enumerate(means[node].astype(np.float64) for node in nodes):
        scale[row] = np.float32(np.abs(mean).max() / 127) or 1
        code[row] = step = np.rint(mean / scale[row])
        error[row] = np.linalg.norm(mean - np.float64(scale[row]) * step) * (1 + 1e-6)
        norm[row] = np.linalg.norm(mean) * (1 + 1e-6)


@compiled(roughen_plain)
def _roughen(means, nodes, code, scale, error, norm):
    for row in range(len(nodes)):
        mean = means[nodes[row]]
        largest, squares = np.float32(0), 0.0
        for place in range(len(mean)):
            largest = max(largest, abs(mean[place]))
            squares += np.float64(mean[place]) ** 2
        scale[row] = largest / np.float32(127) if largest > 0 else np.float32(1)
        wrong = 0.0
        for place in range(len(mean)):
            step = np.rint(mean[place] / scale[row])
            code[row, place] = np.int8(step)
            wrong += (np.float64(mean[place]) - np.float64(scale[row]) * step) ** 2
        error[row], norm[row] = np.sqrt(wrong) * (1 + 1e-6), np.sqrt(squares) * (1 + 1e-6)


def roughen(means: np.ndarray, nodes: np.ndarray) -> Rough:
    """Rough copies of some rows of ``means``, float32 ``(n, d)``; ``nodes`` int64 says which."""
    count, width = len(nodes), means.shape[1]
    rough = Rough(np.empty((count, width), np.int8), *(np.empty(count, np.float32) for _ in range(3)))
    _roughen(means, nodes, *rough)
    return rough


def roughen_queries_plain(vectors, code, scale, norm, error):
    """What :func:`roughen_queries` does, in NumPy, into the arrays of a :class:`RoughQuery`."""
    size = np.abs(vectors)
    widest = np.maximum(size.max(axis=1) / 32767, size.sum(axis=1) / ((2**31 - 1) / 127 - vectors.shape[1]))
    scale[:] = np.where(widest > 0, widest, 1.0)
    code[:] = np.rint(vectors / scale[:, None]).clip(-32767, 32767)
    copy = code * scale[:, None]
    norm[:] = np.linalg.norm(copy, axis=1) * (1 + 1e-6)
    error[:] = np.linalg.norm(vectors - copy, axis=1) * (1 + 1e-6)


@compiled(roughen_queries_plain)
def _roughen_queries(vectors, code, scale, norm, error):
    for q in range(len(vectors)):
        largest, whole = 0.0, 0.0
        for place in range(vectors.shape[1]):
            largest = max(largest, abs(vectors[q, place]))
            whole += abs(vectors[q, place])
        widest = max(largest / 32767, whole / ((2**31 - 1) / 127 - vectors.shape[1]))
        scale[q] = widest if widest > 0 else 1.0
        squares, wrong = 0.0, 0.0
        for place in range(vectors.shape[1]):
            step = min(max(np.rint(vectors[q, place] / scale[q]), -32767.0), 32767.0)
            code[q, place] = np.int16(step)
            squares += (step * scale[q]) ** 2
            wrong += (vectors[q, place] - step * scale[q]) ** 2
        norm[q], error[q] = np.sqrt(squares) * (1 + 1e-6), np.sqrt(wrong) * (1 + 1e-6)


def roughen_queries(vectors: np.ndarray) -> RoughQuery:
    """Rough copies of queries, float64 ``(q, d)``; finite. Their steps are so wide that no inner product overflows an int32."""
    rough = RoughQuery(np.empty(vectors.shape, np.int16), *(np.empty(len(vectors)) for _ in range(3)))
    _roughen_queries(vectors, *rough)
    return rough


def run_means_plain(vectors: np.ndarray, documents: np.ndarray, start: np.ndarray, stop: np.ndarray, means: np.ndarray) -> None:
    """:func:`run_means` in NumPy."""
    low, high = int(start[0]), int(stop[-1])
    block = vectors[documents[low:high]].astype(np.float64)
    # Documents whose identifiers end above this level lie between two runs; even places are runs, odd ones gaps.
    bounds = np.column_stack([start, stop]).ravel() - low
    summed = np.add.reduceat(np.vstack([block, np.zeros(block.shape[1])]), bounds, axis=0)[::2]
    means[:] = summed / (stop - start)[:, None]


@compiled(run_means_plain)
def run_means(vectors, documents, start, stop, means):
    """Mean of the ``vectors`` of each run ``documents[start:stop]``, runs side by side, into float32 ``means``."""
    total = np.empty(vectors.shape[1], np.float64)
    for run in range(len(start)):
        total[:] = 0
        for place in range(start[run], stop[run]):
            row = documents[place]
            for axis in range(len(total)):
                total[axis] += vectors[row, axis]
        for axis in range(len(total)):
            means[run, axis] = total[axis] / (stop[run] - start[run])
