"""Codes that have fallen together: the disease of identifiers that are learned, told in a sentence a level."""

from collections.abc import Sequence

import numpy as np

# A level is as varied as that share of its codes, or of its documents where they are fewer; below it, it has collapsed. Balanced
# codes have 1, k-means of real catalogues .8 and more.
BROKEN = 0.3


def collapsed(codes: np.ndarray, vocabulary: Sequence[int]) -> list[str]:
    """What has collapsed of int ``(documents, levels)`` codes, a sentence each; none where nothing has.

    >>> collapsed(np.array([[0, 1], [0, 2], [0, 3], [0, 0]]), (4, 4))
    ['level 1 has collapsed: 1 of 4 codes in use, as varied as 1.0 codes used evenly']
    """
    told = []
    for level, (column, size) in enumerate(zip(codes.T, vocabulary, strict=True), 1):
        column = column[column >= 0]
        counts = np.bincount(column, minlength=1)
        counts = counts[counts > 0]
        if not len(column) or min(size, len(column)) < 2:
            continue
        share = counts / counts.sum()
        varied = float(np.exp(-(share * np.log(share)).sum()))
        if varied < BROKEN * min(size, len(column)):
            used = f"{len(counts):,} of {size:,} codes in use, as varied as {varied:.1f} codes used evenly"
            told.append(f"level {level} has collapsed: {used}")
    return told
