"""How alike the documents under a prefix are: the promise of a semantic ID, measured."""

from typing import NamedTuple

import numpy as np

from engine.trie import Trie


class Cohesion(NamedTuple):
    """Mean cosine of document pairs that share the first ``depth`` codes; depth 0 is every pair of the catalogue."""

    depth: int
    pairs: int
    mean_cosine: float


def pair_cosines(trie: Trie, means: np.ndarray) -> np.ndarray:
    """Mean cosine over the pairs of documents below each node; NaN for nodes with one document.

    With unit vectors the sum over ordered pairs is ``|sum|^2 - n``, so the means and counts are enough.
    """
    n = trie.counts.astype(np.float64)
    squared = np.einsum("nd,nd->n", means, means, dtype=np.float64) * n * n
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n > 1, (squared - n) / (n * (n - 1)), np.nan)


def by_depth(trie: Trie, means: np.ndarray) -> list[Cohesion]:
    """Mean cosine at each depth at which some pair still shares its prefix."""
    cosines, n = pair_cosines(trie, means), trie.counts.astype(np.int64)
    result = []
    for depth in range(len(trie.level_start) - 1):
        nodes = slice(trie.level_start[depth], trie.level_start[depth + 1])
        pairs = n[nodes] * (n[nodes] - 1) // 2
        if pairs.sum():
            result.append(Cohesion(depth, int(pairs.sum()), float(np.nansum(cosines[nodes] * pairs) / pairs.sum())))
    return result
