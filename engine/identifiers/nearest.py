"""Which row of a codebook is nearest: the same answer when fitting and when a new document is placed."""

import numpy as np

# Distances held at once: 4 million float64 are 32 MB.
BLOCK = 1 << 22


def nearest(points: np.ndarray, codebook: np.ndarray) -> np.ndarray:
    """Row of the float32 ``(codes, d)`` codebook nearest to each float32 ``(n, d)`` point, int32 ``(n,)``; first of equals.

    ``|x - c|^2`` without ``|x|^2``, which is the same for every row. Where codebooks lie in orthogonal sub-spaces it is the
    distance within the sub-space, and the points need not be projected first. In float64, because vectors far from the origin
    leave float32 no digits to tell the rows apart.

    >>> nearest(np.array([[0.9, 5], [0.1, 5]], np.float32), np.array([[0, 0], [1, 0]], np.float32)).tolist()
    [1, 0]
    """
    rows = codebook.T.astype(np.float64)
    offset = (rows**2).sum(axis=0)
    step = max(1, BLOCK // max(rows.shape))
    blocks = [
        (offset - 2 * (points[start : start + step].astype(np.float64) @ rows)).argmin(axis=1)
        for start in range(0, len(points), step)
    ]
    return np.concatenate([np.empty(0, np.int64), *blocks]).astype(np.int32)
