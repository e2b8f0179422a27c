"""Atomic identifiers: one code a document (the unstructured atomic identifiers of DSI, Tay et al. 2022).

The tree is the root and its leaves, so a decode is one step over the whole catalogue: exact dense search with the
centroid scorer, a softmax over all documents with a trained one. It is the upper bound for quality and the lower for
what a tree is good for.
"""

from typing import Any

import numpy as np

from engine.identifiers.base import Identifiers, Material, Progress, Scheme


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """The row number as the only code, int32 ``(n, 1)``; see :class:`engine.identifiers.base.Scheme`.

    >>> fit(Material(np.zeros((3, 2), np.float32), ()), {}, 0, lambda done, total: None).codes.tolist()
    [[0], [1], [2]]
    """
    documents = len(material.embeddings)
    codes = np.arange(documents, dtype=np.int32)[:, None]
    return Identifiers(codes, (documents,), content=np.zeros(documents, np.int32))


SCHEME = Scheme(
    name="atomic",
    summary="One code a document, no structure: the softmax over all documents.",
    citation="Tay et al. 2022 (DSI, unstructured atomic identifiers)",
    options=(),
    fit=fit,
)
