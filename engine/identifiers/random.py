"""The control: RQ-KMeans' identifiers, dealt out to the documents at random (the random IDs of TIGER, Rajput et al. 2023).

The tree has exactly the shape of RQ-KMeans', and no prefix means anything; what a retriever still finds with it, it
would find with any identifiers.
"""

from typing import Any

import numpy as np

from engine.identifiers import rq_kmeans
from engine.identifiers.base import Identifiers, Material, Progress, Scheme


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Fit RQ-KMeans and shuffle the rows of its codes by ``seed``; see :class:`engine.identifiers.base.Scheme`.

    The codebooks are dropped: no document is the sum of the rows that its new codes point to.
    """
    fitted = rq_kmeans.SCHEME.fit(material, settings, seed, progress)
    order = np.random.default_rng(seed).permutation(len(fitted.codes))
    return Identifiers(fitted.codes[order], fitted.vocabulary)


SCHEME = Scheme(
    name="random",
    summary="The control: the tree of rq-kmeans with its documents shuffled.",
    citation="Rajput et al. 2023 (TIGER, random ID baseline)",
    options=rq_kmeans.SCHEME.options,
    fit=fit,
)
