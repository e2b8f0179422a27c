"""Resolving collisions with the codes' own vectors, where a document is approximated by the sum of them.

Each function takes what a scheme fitted and returns it with fewer identifiers shared; what is left over is numbered by
:mod:`engine.identifiers.collisions`. All leave the fit alone when no two documents share an identifier. Measured with rq-kmeans
on SciFact (5,183 abstracts, 3 x 256 codes), where 92.5% of the identifiers are different and the mean cosine between a document
and the sum of its codes' vectors is .7720:

    reassign          all different    .7708    387 documents moved
    sinkhorn          98.7%            .7714    335 documents moved
    one-more-level    98.3%            .7938    nobody moved, a code more for every document
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.errors import TriescopeError
from engine.identifiers import rq_kmeans
from engine.identifiers.base import Identifiers, Material
from engine.identifiers.distortion import residual

# Blur of the transport plan, as a share of the largest extra distance under a prefix. Larger ones let documents that want the
# same code both keep it (.02 separates 1 in 8 of those that share on SciFact, .003 4 in 5); exp(-1 / blur) must stay a float64.
BLUR = 0.003
ITERATIONS = 100


def reassign(fitted: Identifiers, material: Material) -> Identifiers:
    """Move documents that collide to the nearest free code of the last level, under the same prefix.

    The first document in document order keeps its code. (Letting the closest one keep it gains at most .0002 of cosine on films
    and on SciFact.) The others, in document order, take the code with the least distance to their residual among those that no
    document has under this prefix; among equals the smallest. Where a prefix has more documents than codes the codes run out:
    the rest keep the code that they share, and extra-code numbers them. The nearest code that causes no conflict, in place of a
    number without meaning, is the idea of Zhang et al. 2025 (Purely Semantic Indexing); here the prefix never changes.

    For a moved document ``assign`` no longer equals the identifier: it gives the code that the document had to leave.

    Raises
    ------
    TriescopeError
        Not every code has a vector.

    >>> fitted = Identifiers(np.array([[0], [0]], np.int32), (3,), [np.array([[0.0], [9.0], [2.0]], np.float32)])
    >>> reassign(fitted, Material(np.array([[0.1], [0.2]], np.float32), ())).codes.tolist()
    [[0], [2]]
    """

    from scipy.spatial.distance import cdist

    codes, codebook = _checked(fitted, "reassign").copy(), fitted.codebooks[-1]
    for rows, left in _crowded(fitted, material):
        last = codes[rows, -1]
        taken, keeps = np.unique(last, return_index=True)
        free = np.setdiff1d(np.arange(len(codebook)), taken)
        moves = np.setdiff1d(np.arange(len(rows)), keeps)[: len(free)]
        distances = cdist(left[moves], codebook[free], "sqeuclidean")
        for place, move in enumerate(moves):
            nearest = distances[place].argmin()
            last[move] = free[nearest]
            distances[:, nearest] = np.inf
        codes[rows, -1] = last
    return replace(fitted, codes=codes)


def sinkhorn(fitted: Identifiers, material: Material) -> Identifiers:
    """Share out the codes of the last level evenly among the documents of a prefix (LC-Rec, Zheng et al. 2024).

    LC-Rec asks that every code of the last level be used equally often and solves that as optimal transport, over all documents.
    Collisions happen under one prefix, so here each prefix under which documents collide is balanced on its own, by
    :func:`transport`, and its documents take the code that gets most of them. On SciFact balancing all documents at once moves
    4,692 of 5,183 and ends at 97.8% different identifiers with a cosine of .690; this way 335, 98.7% and .771. The prefix never
    changes, and a prefix where balance separates nobody keeps its codes: identical documents always go the same way.

    Memory is a handful of float64 a document and code of the largest crowded prefix (2 GB each for a million documents at one
    level of 256).
    For a moved document ``assign`` no longer equals the identifier: it gives the code that the document had to leave.

    Raises
    ------
    TriescopeError
        Not every code has a vector.
    """

    from scipy.spatial.distance import cdist

    codes, codebook = _checked(fitted, "sinkhorn").copy(), fitted.codebooks[-1]
    for rows, left in _crowded(fitted, material):
        balanced = transport(cdist(left, codebook, "sqeuclidean")).argmax(axis=1)
        if len(np.unique(balanced)) > len(np.unique(codes[rows, -1])):
            codes[rows, -1] = balanced
    return replace(fitted, codes=codes)


def transport(distances: np.ndarray, blur: float = BLUR, iterations: int = ITERATIONS) -> np.ndarray:
    """Soft assignment of ``m`` documents to ``k`` codes at least distance, no code being given too much.

    Sinkhorn-Knopp (Cuturi 2013): start from ``exp(-distance / blur)``, then scale columns and rows in turn. With at least as many
    documents as codes every code is to get ``m / k`` documents. With fewer, equal shares would force documents onto codes far
    away (cosine .742 on SciFact), so a code is to get at most one (a capacity; Chizat et al. 2018): only columns above it are
    scaled down.

    Parameters
    ----------
    distances : np.ndarray
        Float ``(m, k)``, ``m`` and ``k`` at least 1.
    blur : float
        Entropic regularisation, as a share of the largest difference within a row; at least .003.
    iterations : int
        Scalings of columns and of rows.

    Returns
    -------
    np.ndarray
        Float64 ``(m, k)``: rows sum to 1; columns to ``m / k`` or at most 1 as far as the iterations got.

    >>> transport(np.array([[0.0, 1.0], [0.0, 3.0]])).argmax(axis=1).tolist()
    [1, 0]
    """
    documents, codes = distances.shape
    # What all codes cost a document alike does not matter; without it every row of the kernel has a 1, and nothing underflows.
    extra = distances - distances.min(axis=1, keepdims=True)
    kernel = np.exp(-extra / (blur * (extra.max() or 1.0)))
    column = np.ones(codes)
    for _ in range(iterations):
        row = 1 / (kernel @ column)
        column = max(1.0, documents / codes) / (kernel.T @ row)
        if documents < codes:
            column = np.minimum(column, 1.0)
    plan = kernel * column
    return plan / plan.sum(axis=1, keepdims=True)


def one_more_level(fitted: Identifiers, material: Material, seed: int) -> Identifiers:
    """Quantize what is left over once more: another k-means, another codebook, another code for every document.

    It has as many codes as the last level (fewer where fewer residuals are different). On rq-kmeans with L levels this gives
    what L + 1 levels give. Documents that are identical still collide.

    ``assign`` of a residual scheme then gives the new code too. A scheme whose ``assign`` does not subtract level after level
    (pq, opq) would compare the new codebook with whole vectors, so it must not offer this resolver.

    Raises
    ------
    TriescopeError
        Not every code has a vector.
    """
    codes = _checked(fitted, "one-more-level")
    rows = np.flatnonzero(codes[:, 0] >= 0)
    if len(np.unique(codes[rows], axis=0)) == len(rows):
        return fitted
    left = residual(codes[rows], fitted.codebooks, material.embeddings[rows])
    settings = {"levels": 1, "codes": len(fitted.codebooks[-1])}
    more = rq_kmeans.fit(Material(left, ()), settings, seed + len(fitted.codebooks), lambda done, total: None)
    column = np.full((len(codes), 1), -1, np.int32)
    column[rows] = more.codes
    words = [*fitted.words, [str(code) for code in range(more.vocabulary[0])]] if fitted.words else []
    return replace(
        fitted,
        codes=np.hstack([codes, column]),
        vocabulary=(*fitted.vocabulary, *more.vocabulary),
        codebooks=[*fitted.codebooks, *more.codebooks],
        words=words,
        content=fitted.content + (column[:, 0] >= 0),
    )


def _checked(fitted: Identifiers, resolver: str) -> np.ndarray:
    """The codes, once it is known that each identifier has one a codebook, or none at all."""
    levels = len(fitted.codebooks)
    has_code = fitted.codes >= 0
    if levels == 0 or fitted.codes.shape[1] != levels or (has_code != has_code[:, :1]).any():
        raise TriescopeError(f"resolver {resolver!r} needs identifiers in which every code has a vector")
    return fitted.codes


def _crowded(fitted: Identifiers, material: Material) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Prefixes (all codes but the last) under which two documents share an identifier.

    Yields the rows of all documents under one, ascending, and what their prefix leaves of them, float32 ``(rows, d)``.
    """
    rows = np.flatnonzero(fitted.codes[:, 0] >= 0)
    codes = fitted.codes[rows]
    _, identifier, sizes = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    _, prefix = np.unique(codes[:, :-1], axis=0, return_inverse=True)
    prefix = prefix.ravel()
    crowded = np.unique(prefix[sizes[identifier.ravel()] > 1])
    order = np.argsort(prefix, kind="stable")
    starts, stops = (np.searchsorted(prefix[order], crowded, side=side) for side in ("left", "right"))
    for start, stop in zip(starts, stops, strict=True):
        under = rows[order[start:stop]]
        yield under, residual(fitted.codes[under], fitted.codebooks[:-1], material.embeddings[under])
