"""k-means by faiss, the same way in every scheme."""

import numpy as np

ITERATIONS = 25
# faiss samples the data down to this many points a centroid; its default, and enough at every size measured.
POINTS_PER_CENTROID = 256


def kmeans(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Centroids of float32 ``(n, d)`` points: float32 ``(k, d)``, fewer rows when there are fewer different points."""

    import faiss

    points = np.ascontiguousarray(points, np.float32)
    # Counting different rows is slow, and only few rows can fail to have k different ones.
    if len(points) < 64 * k or k == 1:
        k = min(k, len(np.unique(points, axis=0)))
    means = faiss.Kmeans(
        points.shape[1],
        k,
        niter=ITERATIONS,
        seed=seed % (1 << 31),
        max_points_per_centroid=POINTS_PER_CENTROID,
        min_points_per_centroid=1,
    )
    means.train(points)
    return np.asarray(means.centroids, np.float32).reshape(k, points.shape[1])
