"""Which codes a catalogue uses, how evenly, under how many prefixes, and how one document was quantized.

A level whose counts look even can still have collapsed: under each prefix only a few codes may go on. So usage is counted twice,
over all documents and within each prefix. Here every code has its entry; :mod:`engine.health.evenness` sums a level up in one
figure.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.identifiers.base import Identifiers


class GivenPrefix(NamedTuple):
    """One level within its prefixes; an entry a code.

    ``prefixes`` (int64): different prefixes after which the code comes. ``share`` (float64): the part of such a prefix's
    documents that the code has, averaged over these prefixes; NaN for a dead code.
    """

    prefixes: np.ndarray
    share: np.ndarray


class Neighbour(NamedTuple):
    """A code near another one: cosine of their vectors, and the Euclidean distance."""

    code: int
    cosine: float
    distance: float


class ResidualStep(NamedTuple):
    """One level of quantizing one document.

    Attributes
    ----------
    level, code : int
        The level, counted from 1, and the document's code there.
    before, after : float
        Length of what was left to explain before and after the code's vector was taken away. ``after`` is at the same time the
        distance from what was left to the chosen codeword.
    cosine : float
        Cosine between the embedding and the sum of the codes' vectors so far; 0 while that sum is 0.
    other : int or None
        The nearest codeword but the chosen one; None when the level has a single one.
    other_distance : float or None
        Distance to it. Smaller than ``after`` where a resolver of collisions moved the document.
    """

    level: int
    code: int
    before: float
    after: float
    cosine: float
    other: int | None
    other_distance: float | None


def usage(codes: np.ndarray, vocabulary: Sequence[int]) -> list[np.ndarray]:
    """Documents a code, for each level: int64 arrays as long as the level's vocabulary.

    Parameters
    ----------
    codes : np.ndarray
        Int ``(documents, levels)``, -1 padded.
    vocabulary : sequence of int
        Codes a level; every code lies below.

    >>> [counts.tolist() for counts in usage(np.array([[0, 1], [2, 1], [2, -1]]), (3, 2))]
    [[1, 0, 2], [0, 2]]
    """
    columns = (column[column >= 0] for column in codes.T)
    return [np.bincount(column, minlength=size) for column, size in zip(columns, vocabulary, strict=True)]


def usage_given_prefix(codes: np.ndarray, vocabulary: Sequence[int]) -> list[GivenPrefix]:
    """The same within each prefix, for each level; at level 1 there is one prefix, the empty one.

    >>> second = usage_given_prefix(np.array([[0, 1], [0, 0], [2, 1]]), (3, 2))[1]
    >>> second.prefixes.tolist(), second.share.tolist()
    ([1, 2], [0.5, 0.75])
    """
    result = []
    rows, prefix = np.arange(len(codes)), np.zeros(len(codes), np.int64)
    for level, size in enumerate(vocabulary):
        going_on = codes[rows, level] >= 0
        rows, prefix = rows[going_on], prefix[going_on]
        inside = np.bincount(prefix)
        # A prefix and a code in one number; its rank among all of them is the prefix of the next level.
        pairs, following, counts = np.unique(prefix * size + codes[rows, level], return_inverse=True, return_counts=True)
        code, prefixes = pairs % size, np.bincount(pairs % size, minlength=size)
        with np.errstate(invalid="ignore"):
            share = np.bincount(code, weights=counts / inside[pairs // size], minlength=size) / prefixes
        result.append(GivenPrefix(prefixes, share))
        prefix = following.ravel()
    return result


def lorenz(counts: np.ndarray) -> np.ndarray:
    """Lorenz curve of one level: float64 ``(codes + 1, 2)`` points (share of codes, share of documents), least used code first.

    Even use gives the diagonal, and so does a level without documents: there is nothing to share out.

    >>> lorenz(np.array([3, 0, 1])).round(2).tolist()
    [[0.0, 0.0], [0.33, 0.0], [0.67, 0.25], [1.0, 1.0]]
    """
    codes = np.linspace(0, 1, len(counts) + 1)
    total = counts.sum()
    documents = np.append(0, np.cumsum(np.sort(counts))) / total if total else codes
    return np.column_stack([codes, documents])


def documents_of(column: np.ndarray, chosen: Sequence[int]) -> list[np.ndarray]:
    """Document rows that have each of the ``chosen`` codes in one column of the codes, in document order.

    >>> [rows.tolist() for rows in documents_of(np.array([1, 0, 1, -1]), [1, 5])]
    [[0, 2], []]
    """
    order = np.argsort(column, kind="stable")
    start = np.searchsorted(column[order], chosen, side="left")
    stop = np.searchsorted(column[order], chosen, side="right")
    return [order[low:high] for low, high in zip(start, stop, strict=True)]


def neighbours(codebook: np.ndarray, code: int, k: int) -> list[Neighbour]:
    """The ``k`` codes whose vectors have the highest cosine with that of ``code``, ties by number; a zero vector has cosine 0.

    >>> [(near.code, round(near.cosine, 1)) for near in neighbours(np.array([[1, 0], [0, 1], [3, 0], [0, 0]]), 0, 2)]
    [(2, 1.0), (1, 0.0)]
    """
    vectors = codebook.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = np.nan_to_num(vectors @ vectors[code] / (lengths * lengths[code]), nan=0.0)
    order = np.lexsort((np.arange(len(vectors)), -cosines))
    nearest = order[order != code][:k]
    distances = np.linalg.norm(vectors[nearest] - vectors[code], axis=1)
    return [Neighbour(int(c), float(cosines[c]), float(d)) for c, d in zip(nearest, distances, strict=True)]


def residual_steps(fitted: Identifiers, embedding: np.ndarray, codes: np.ndarray) -> list[ResidualStep]:
    """How one document was quantized: one step a level that has a codebook, until its identifier ends.

    Parameters
    ----------
    fitted : Identifiers
        Its codebooks are used; without any there are no steps.
    embedding : np.ndarray
        ``(d,)``, of the document.
    codes : np.ndarray
        Int ``(levels,)``, the document's row, -1 padded.

    >>> fitted = Identifiers(np.zeros((1, 1), np.int32), (2,), [np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)])
    >>> step = residual_steps(fitted, np.array([0.6, 0.8]), np.array([1]))[0]
    >>> step.code, round(step.before, 2), round(step.after, 2), round(step.cosine, 2), step.other, round(step.other_distance, 2)
    (1, 1.0, 0.63, 0.8, 0, 0.89)
    """
    target = embedding.astype(np.float64)
    running = np.zeros_like(target)
    steps = []
    for level, (codebook, code) in enumerate(zip(fitted.codebooks, codes, strict=False), 1):
        if code < 0:
            break
        residual = target - running
        distances = np.linalg.norm(codebook - residual, axis=1)
        others = np.where(np.arange(len(codebook)) == code, np.inf, distances)
        nearest = int(others.argmin())
        other = (nearest, float(others[nearest])) if len(codebook) > 1 else (None, None)
        running = running + codebook[code]
        scale = np.linalg.norm(running) * np.linalg.norm(target)
        cosine = float(running @ target / scale) if scale else 0.0
        steps.append(ResidualStep(level, int(code), float(np.linalg.norm(residual)), float(distances[code]), cosine, *other))
    return steps
