"""The beams of several queries after a level: what compiled loops take and give."""

from typing import NamedTuple

import numpy as np


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
