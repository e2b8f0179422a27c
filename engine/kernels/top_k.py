"""The best k of many scores, with ties broken the same way everywhere."""

import numpy as np


def top_k(scores: np.ndarray, k: int, tie_key: np.ndarray | None = None) -> np.ndarray:
    """Places of the ``k`` highest scores, best first; equal scores in order of ``tie_key`` (their place, if None).

    A partition finds the k-th value; only the chosen are sorted. Linear in ``len(scores)``.

    Raises
    ------
    ValueError
        A score is NaN.

    >>> top_k(np.array([1.0, 3.0, 3.0, 2.0]), 2).tolist()
    [1, 2]
    >>> top_k(np.array([1.0, 3.0, 3.0, 2.0]), 1, tie_key=np.array([0, 9, 5, 1])).tolist()
    [2]
    """
    n = len(scores)
    if np.isnan(scores).any():
        raise ValueError("a score is NaN")
    if k >= n:
        chosen = np.arange(n)
    else:
        kth = np.partition(scores, n - k)[n - k]
        above = np.flatnonzero(scores > kth)
        equal = np.flatnonzero(scores == kth)
        if tie_key is not None:
            equal = equal[np.argsort(tie_key[equal], kind="stable")]
        chosen = np.concatenate([above, equal[: k - len(above)]])
    key = chosen if tie_key is None else tie_key[chosen]
    return chosen[np.lexsort((key, -scores[chosen]))]
