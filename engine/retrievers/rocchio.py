"""A query moved by what was liked and what was not (Rocchio 1971): towards the mean of some vectors, away from that of others."""

import numpy as np

# What Salton and Buckley (1990) give the mean of what is relevant and of what is not; the query itself weighs 1.
MORE, LESS = 0.75, 0.15


def turned(query: np.ndarray, more: np.ndarray, less: np.ndarray) -> np.ndarray:
    """The query as it is after a few turns: float32 ``(d,)``, length 1; the same where nothing moves it.

    Parameters
    ----------
    query : np.ndarray
        Float32 ``(d,)``, length 1.
    more, less : np.ndarray
        Float32 ``(n, d)``, unit rows: what it moves towards, and away from; either may be empty.

    >>> turned(np.array([1.0, 0.0], np.float32), np.array([[0.0, 1.0]]), np.empty((0, 2))).round(2).tolist()
    [0.800000011920929, 0.6000000238418579]
    """
    moved = np.asarray(query, np.float64).copy()
    for weight, vectors in ((MORE, more), (-LESS, less)):
        if len(vectors):
            moved += weight * np.asarray(vectors, np.float64).mean(axis=0)
    length = np.linalg.norm(moved)
    return (moved / length).astype(np.float32) if length > 1e-9 else np.asarray(query, np.float32)
