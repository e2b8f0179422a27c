"""How far a map can be trusted: the part of each point's neighbours that the map keeps."""

import numpy as np
from scipy.spatial import cKDTree


def knn_preservation(vectors: np.ndarray, xy: np.ndarray, k: int, judged: int, seed: int) -> float:
    """Share of each point's ``k`` nearest on the map that are among its ``k`` nearest by cosine, over ``judged`` points.

    Without ties this is the overlap of the two lists. Where several documents are equally near, each of them counts.

    Parameters
    ----------
    vectors : np.ndarray
        Float32 ``(m, d)``, of any length.
    xy : np.ndarray
        Float32 ``(m, 2)``.
    k : int
        Neighbours of a point, fewer than ``m``.
    judged : int
        Points to judge by, drawn by chance from ``seed``.
    seed : int
        See ``judged``.

    >>> corners = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)
    >>> knn_preservation(corners, corners, 1, 4, seed=0), knn_preservation(corners, corners[[0, 2, 1, 3]], 1, 4, seed=0)
    (1.0, 0.0)
    """
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(norms, 1e-12)
    points = np.random.default_rng(seed).permutation(len(unit))[:judged]
    near = cKDTree(xy).query(xy[points], k + 1)[1]
    kept = 0.0
    for start in range(0, len(points), 256):
        mine, found = points[start : start + 256], near[start : start + 256]
        cosines = unit[mine] @ unit.T
        cosines[np.arange(len(mine)), mine] = -np.inf
        worst = np.partition(cosines, -k, axis=1)[:, -k]
        good = (np.take_along_axis(cosines, found, axis=1) >= worst[:, None] - 1e-6) & (found != mine[:, None])
        # A point lies on itself, but among copies the tree may name k + 1 others.
        kept += np.minimum(good.sum(axis=1), k).sum() / k
    return round(float(kept / len(points)), 4)
