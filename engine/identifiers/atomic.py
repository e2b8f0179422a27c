"""Atomic identifiers: one code a document (the unstructured atomic identifiers of DSI, Tay et al. 2022), or its number's digits.

The tree is the root and its leaves, so a decode is one step over the whole catalogue: exact dense search with the
centroid scorer, a softmax over all documents with a trained one. It is the upper bound for quality and the lower for
what a tree is good for.

With a base, each document's number, dealt out at random, is written digit by digit: DSI's naive strings. There is a tree then,
and no prefix of it means anything.
"""

from typing import Any

import numpy as np

from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """The row number as the only code, int32 ``(n, 1)``, or the digits of a number; see
    :class:`engine.identifiers.base.Scheme`.

    >>> fit(Material(np.zeros((3, 2), np.float32), ()), {}, 0, lambda done, total: None).codes.tolist()
    [[0], [1], [2]]
    """
    documents, base = len(material.embeddings), settings.get("base") or 0
    numbers = np.arange(documents, dtype=np.int32)
    if base < 2:
        return Identifiers(numbers[:, None], (documents,), content=np.zeros(documents, np.int32))
    codes = digits(np.random.default_rng(seed).permutation(numbers), base)
    return Identifiers(codes, (base,) * codes.shape[1], content=np.zeros(documents, np.int32))


def digits(numbers: np.ndarray, base: int) -> np.ndarray:
    """Digits of whole numbers, the highest first, all of one length, so that none begins another: int32 ``(n, digits)``.

    >>> digits(np.array([0, 7, 12]), 10).tolist()
    [[0, 0], [0, 7], [1, 2]]
    """
    places = 1
    while base**places <= int(numbers.max(initial=0)):
        places += 1
    return (numbers[:, None] // base ** np.arange(places)[::-1] % base).astype(np.int32)


SCHEME = Scheme(
    name="atomic",
    summary="One code a document, no structure: the softmax over all documents. With a base, a number's digits.",
    citation="Tay et al. 2022 (DSI, unstructured atomic identifiers and naive strings)",
    options=(Option("base", int, 0, "Write each document's number, dealt out at random, in this base; 0 for one code.", 0, 256),),
    fit=fit,
)
