"""Inner products of rows of a large float32 table with a few vectors: compiled, in float64, each row read where it is.

The scorers that add log-probabilities along a path need more digits than the four decimals of
:mod:`engine.kernels.best_children`, and the same digits for a row whoever stands beside it: BLAS gives a row other last digits in
another batch, and a wide beam, which scores a node among others than exact search does, could then rank two close documents the
other way round.
"""

import numpy as np

from engine.kernels.compiled import compiled

# Rows that the twin copies at once.
BLOCK = 1 << 14


def row_products_plain(table: np.ndarray, rows: np.ndarray, vectors: np.ndarray, which: np.ndarray) -> np.ndarray:
    """:func:`row_products` in NumPy."""
    found = np.empty(len(rows))
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        found[part] = np.einsum("ij,ij->i", table[rows[part]].astype(np.float64), vectors[which[part]])
    return found


@compiled(row_products_plain, fastmath={"reassoc", "contract"})
def row_products(table, rows, vectors, which):
    """``table[rows[i]] . vectors[which[i]]`` for each i: float64.

    ``table`` float32 ``(n, d)`` as :func:`engine.kernels.compiled.fixed` gives it, ``vectors`` float64 ``(q, d)``, the others
    int64.
    """
    found = np.empty(len(rows), np.float64)
    for place in range(len(rows)):
        row, vector, total = rows[place], which[place], 0.0
        for column in range(table.shape[1]):
            total += np.float64(table[row, column]) * vectors[vector, column]
        found[place] = total
    return found
