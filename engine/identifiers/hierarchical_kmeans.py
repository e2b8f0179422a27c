"""Hierarchical k-means: cluster the documents, then each cluster that is too large, and so on.

The semantically structured docids of DSI (Tay et al. 2022) and NCI (Wang et al. 2022). A code says which child cluster; the last
code numbers the document within its leaf cluster. So identifiers are unique, and longer where documents are dense. A code means
something only after its prefix, so there is no codebook: each inner cluster has centroids of its own.
"""

from typing import Any

import numpy as np

from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme, lengths
from engine.identifiers.kmeans import kmeans
from engine.identifiers.nearest import nearest

BRANCHING = 10


def default_leaf(documents: int) -> int:
    """Largest leaf cluster when the user does not say: a list that can be read when small, DSI's 100 when large.

    >>> [default_leaf(n) for n in (200, 1200, 5000, 100_000)]
    [10, 10, 100, 100]
    """
    return 10 if documents < 3000 else 100


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Split clusters, level by level, until each has at most ``leaf`` documents or cannot be split.

    Beside the identifiers, ``arrays`` holds the clusters, numbered level by level, the whole corpus first: ``centroids``,
    float32 ``(clusters, d)``, and ``first_child``, int32 ``(clusters + 1,)``: cluster ``i`` has the children
    ``first_child[i] .. first_child[i + 1] - 1``.
    """
    embeddings = np.ascontiguousarray(material.embeddings, np.float32)
    branching = settings["branching"] or BRANCHING
    leaf = settings["leaf"] or default_leaf(len(embeddings))
    members = [np.arange(len(embeddings))]
    prefixes: list[tuple[int, ...]] = [()]
    centroids, first_child, done = [embeddings.mean(axis=0)[None]], [], 0
    words: list[tuple[int, ...]] = [()] * len(embeddings)
    # The list grows while it is walked: what is split puts its children at the end, which numbers clusters level by level.
    for cluster, rows in enumerate(members):
        first_child.append(len(members))
        found, parts = _split(embeddings, rows, branching, seed + cluster) if len(rows) > leaf else (None, [])
        if len(parts) > 1:
            centroids.append(found)
            members += parts
            prefixes += [(*prefixes[cluster], code) for code in range(len(parts))]
            continue
        # Numbers start behind the cluster codes, or a document's number could be read as a cluster of its neighbour's.
        for place, row in enumerate(rows.tolist()):
            words[row] = (*prefixes[cluster], branching + place)
        done += len(rows)
        progress(done, len(embeddings))
    width = max(map(len, words))
    codes = np.array([word + (-1,) * (width - len(word)) for word in words], np.int32)
    arrays = {"centroids": np.vstack(centroids), "first_child": np.array([*first_child, len(members)], np.int32)}
    vocabulary = tuple(int(size) + 1 for size in codes.max(axis=0))
    return Identifiers(codes, vocabulary, arrays=arrays, content=lengths(codes) - 1)


def _split(embeddings: np.ndarray, rows: np.ndarray, branching: int, seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Centroids of the clusters that have documents, and the rows of each."""
    found = kmeans(embeddings[rows], branching, seed)
    code = nearest(embeddings[rows], found)
    used = np.unique(code)
    return found[used], [rows[code == one] for one in used]


def assign(fitted: Identifiers, embeddings: np.ndarray) -> np.ndarray:
    """Cluster codes of each row, int32 ``(n, levels)``, -1 from its leaf cluster on: the number there is not content."""
    centroids, first_child = fitted.arrays["centroids"], fitted.arrays["first_child"]
    codes = np.full((len(embeddings), len(fitted.vocabulary)), -1, np.int32)
    cluster = np.zeros(len(embeddings), np.int64)
    for level in range(len(fitted.vocabulary) - 1):
        for inner in np.unique(cluster[first_child[cluster] < first_child[cluster + 1]]):
            rows = np.flatnonzero(cluster == inner)
            low, high = first_child[inner], first_child[inner + 1]
            codes[rows, level] = nearest(embeddings[rows], centroids[low:high])
            cluster[rows] = low + codes[rows, level]
    return codes


SCHEME = Scheme(
    name="hierarchical-kmeans",
    summary="Clusters within clusters; the last code numbers the document in its leaf cluster, so lengths vary.",
    citation="Tay et al. 2022 (DSI, semantically structured identifiers); Wang et al. 2022 (NCI)",
    options=(
        Option(name="branching", type=int, default=BRANCHING, low=2, high=256, help="Clusters that a cluster is split into."),
        Option(
            name="leaf",
            type=int,
            default=None,
            low=1,
            high=10_000,
            help="Documents a cluster may hold before it is split. 10 below 3,000 documents, else 100.",
        ),
    ),
    fit=fit,
    assign=assign,
    # Nothing to resolve: the number makes every identifier unique.
    resolvers=("leave",),
)
