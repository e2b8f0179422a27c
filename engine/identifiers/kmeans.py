"""k-means by faiss, the same way in every scheme."""

import numpy as np

ITERATIONS = 25
# faiss samples the data down to this many points a centroid; its default, and enough at every size measured.
POINTS_PER_CENTROID = 256


def drawn(n: int, k: int, seed: int, each: int = POINTS_PER_CENTROID) -> np.ndarray | None:
    """Rows of ``n`` points that :func:`kmeans` learns ``k`` centroids from, ``each`` a centroid, int64; None for all of them.

    Given these alone it finds the same centroids, so of many points the others need not be there.
    """
    import faiss

    if n <= each * k:
        return None
    order = np.empty(n, np.int32)
    faiss.rand_perm(faiss.swig_ptr(order), n, seed % (1 << 31))  # type: ignore[attr-defined]
    return order[: each * k].astype(np.int64)


def kmeans(points: np.ndarray, k: int, seed: int, each: int = POINTS_PER_CENTROID) -> np.ndarray:
    """Centroids of float32 ``(n, d)`` points: float32 ``(k, d)``, fewer rows when there are fewer different points. Of more
    than ``each`` points a centroid a sample is looked at."""

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
        max_points_per_centroid=each,
        min_points_per_centroid=1,
    )
    means.train(points)
    return np.asarray(means.centroids, np.float32).reshape(k, points.shape[1])
