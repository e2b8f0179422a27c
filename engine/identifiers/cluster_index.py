"""Cluster index: one cluster, then a number within it.

The flattest identifier with any meaning: the cells of an inverted file (the coarse quantizer of Jégou et al. 2011), whose
documents the collision code then counts. What a deeper tree adds is seen beside it.
"""

from typing import Any

import numpy as np

from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme
from engine.identifiers.kmeans import kmeans
from engine.identifiers.nearest import nearest


def default_clusters(documents: int) -> int:
    """Clusters when the user does not say: as many as a cluster then has documents, the usual choice for inverted files.

    >>> [default_clusters(n) for n in (1, 200, 1201, 100_000)]
    [2, 14, 35, 316]
    """
    return min(4096, max(2, round(documents**0.5)))


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Fit the clusters; the resolver numbers the documents of each. See :class:`engine.identifiers.base.Scheme`."""
    clusters = settings["clusters"] or default_clusters(len(material.embeddings))
    centroids = kmeans(material.embeddings, clusters, seed)
    return Identifiers(nearest(material.embeddings, centroids)[:, None], (len(centroids),), [centroids])


def assign(fitted: Identifiers, embeddings: np.ndarray) -> np.ndarray:
    """Nearest cluster, int32 ``(n, 1)``."""
    return nearest(embeddings, fitted.codebooks[0])[:, None]


SCHEME = Scheme(
    name="cluster-index",
    summary="One cluster, then a number: an inverted file written as identifiers.",
    citation="Jégou et al. 2011 (inverted file with a coarse quantizer)",
    options=(
        Option(
            name="clusters",
            type=int,
            default=None,
            low=2,
            high=4096,
            help="Clusters. The square root of the number of documents when not given.",
        ),
    ),
    fit=fit,
    assign=assign,
)
