"""The beams of several queries after a level: what compiled loops take and give."""

from typing import NamedTuple

import numpy as np

from engine.kernels.compiled import compiled


class Best(NamedTuple):
    """The beams of several queries after a level; row ``i`` holds ``size[i]`` of them, best first.

    Attributes
    ----------
    node, parent : np.ndarray
        Int64 ``(q, beams)``: nodes, and the place of each one's parent among the beams before.
    total : np.ndarray
        Float32 ``(q, beams)``.
    size, seen : np.ndarray
        Int64 ``(q,)``: beams that there are, and candidates that were considered.
    """

    node: np.ndarray
    parent: np.ndarray
    total: np.ndarray
    size: np.ndarray
    seen: np.ndarray


def keep_near_plain(total: np.ndarray, size: np.ndarray, below: np.float32) -> None:
    """:func:`keep_near` in NumPy."""
    there = np.arange(total.shape[1]) < size[:, None]
    size[:] = (there & (total >= total[:, :1] - below)).sum(axis=1)


@compiled(keep_near_plain)
def keep_near(total, size, below):
    """Keep of each query what lies at most so many nats below its best: ``total`` float32 ``(q, beams)``, best first; int64
    ``size``, how many of them are there, is made smaller."""
    for q in range(len(size)):
        kept = 0
        while kept < size[q] and total[q, kept] >= total[q, 0] - below:
            kept += 1
        size[q] = kept
