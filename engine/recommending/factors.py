"""The item-item matrix squeezed into a vector an item: what identifiers from behaviour are fitted on.

As vectors they lose to the matrix by far when they are searched; they only have to say which items belong below one prefix, and
the counting scorer then asks the matrix itself.
"""

import numpy as np
from scipy import sparse

# Matrices up to so many items are taken apart whole: a second; and an iteration may not end well where few rows say anything.
WHOLE = 1000


def factors(weights: sparse.csr_matrix, rank: int, seed: int = 0) -> np.ndarray:
    """Truncated SVD of the matrix: what an item leads to beside what leads to it, float32 ``(items, 2 * rank)``.

    Both sides are weighed by the root of the singular values, so that a row of the one times a row of the other is the entry of
    the matrix that is nearest among all of this rank. An item without any entry has zeros.

    Parameters
    ----------
    weights : sparse.csr_matrix
        Float32 ``(items, items)``, not negative.
    rank : int
        Factors of each side; at most ``items - 1``, and zeros beyond what the matrix has.
    seed : int
        Of the vector that the iteration starts from.

    >>> of = sparse.csr_matrix(np.array([[0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], np.float32))
    >>> found = factors(of, 2)
    >>> abs(found[:, :2] @ found[:, 2:].T).astype(float).round(3).tolist()[:2], found.any(1).tolist()
    ([[0.0, 2.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]], [True, True, False, False])
    """
    from scipy.sparse.linalg import svds

    items = weights.shape[0]
    found = np.zeros((items, 2 * rank), np.float32)
    kept = min(rank, items - 1)
    if weights.nnz and kept > 0:
        if items <= WHOLE:
            left, values, right = np.linalg.svd(weights.toarray().astype(np.float64))
        else:
            start = np.random.default_rng(seed).normal(size=items)
            left, values, right = svds(weights.astype(np.float64), k=kept, v0=start, rng=seed)
            left, values, right = left[:, ::-1], values[::-1], right[::-1]
        root = np.sqrt(np.maximum(values[:kept], 0))
        found[:, :kept], found[:, rank : rank + kept] = left[:, :kept] * root, right[:kept].T * root
    # What the iteration leaves of an item that has no entry is noise, and would be made as long as any other vector.
    bare = ~(np.diff(weights.indptr) > 0)
    there = np.zeros(items, bool)
    there[weights.indices] = True
    found[bare, :rank] = 0
    found[~there, rank:] = 0
    return found
