"""The documents as points of a plane, and how far that plane can be trusted.

UMAP (McInnes, Healy and Melville 2018) lays them out. It is slow to load, uses threads that abort a process when two enter
them at once, and has no place in a server.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from engine.builds.preservation import knn_preservation
from engine.data.figures import Stored
from engine.errors import TriescopeError

# Points a browser draws at once without a pause.
SAMPLE_LIMIT = 20_000
# Fewer different documents than this have no neighbourhoods worth a layout.
UMAP_FROM = 5
# UMAP's own 15 and 0.1 keep fewer neighbours: .220 against .247 of them on films, .359 against .403 on SciFact.
UMAP_NEIGHBOURS, UMAP_MIN_DISTANCE = 10, 0.05
# How preservation is measured: this many nearest documents of at most so many points.
NEIGHBOURS, JUDGED = 10, 2_000
STAGES = ("loading UMAP", "layout", "neighbours")

Report = Callable[[str, int, int], None]  # (stage, done, total)


class Facts(Stored):
    """What there is to say of a map, as it is stored too.

    Attributes
    ----------
    documents : int
        How many there are; more than are shown where a sample is.
    method : str
        ``umap``, or ``pca`` where there are fewer than five different documents.
    seed : int
        Seed of sample and layout.
    preservation : float or None
        Share of the ``neighbours`` nearest by cosine that are among as many nearest on the map, averaged over ``judged`` points;
        both among the documents shown. None for a single document.
    """

    documents: int
    method: str
    seed: int
    preservation: float | None
    neighbours: int
    judged: int


class Projection(NamedTuple):
    """A map.

    Attributes
    ----------
    rows : np.ndarray
        Int32 ``(m,)``: document rows that are shown, ascending.
    xy : np.ndarray
        Float32 ``(m, 2)``: where; only nearness means anything, not the axes.
    facts : Facts
        What there is to say of it.
    """

    rows: np.ndarray
    xy: np.ndarray
    facts: Facts

    @property
    def sampled(self) -> bool:
        """Whether some documents are left out."""
        return len(self.rows) < self.facts.documents

    @property
    def chance(self) -> float | None:
        """The preservation that points thrown down at random would have."""
        return self.facts.neighbours / (len(self.rows) - 1) if len(self.rows) > 1 else None


def project(
    embeddings: np.ndarray,
    seed: int,
    sample_limit: int = SAMPLE_LIMIT,
    strata: np.ndarray | None = None,
    report: Report | None = None,
) -> Projection:
    """Lay documents out in a plane so that documents with a small cosine distance lie together.

    Parameters
    ----------
    embeddings : np.ndarray
        Float32 ``(n, d)``.
    seed : int
        Decides the sample and the layout.
    sample_limit : int
        More documents than this are sampled.
    strata : np.ndarray, optional
        Int ``(n,)``: the group of each document (its first code). A sample holds every group in proportion.
    report : callable, optional
        Told of progress.

    Raises
    ------
    TriescopeError
        There is no document, or a value is not finite.
    """
    if not len(embeddings):
        raise TriescopeError("there is no document to put on a map")
    tell = report or (lambda stage, done, total: None)
    rows = sample(np.zeros(len(embeddings), np.int64) if strata is None else strata, sample_limit, seed)
    shown = np.ascontiguousarray(embeddings[rows], np.float32)
    if not np.isfinite(shown).all():
        wrong = int(rows[~np.isfinite(shown).all(axis=1)][0]) + 1
        raise TriescopeError(f"embeddings: document {wrong} has a value that is no number")
    # Equal documents are one point: UMAP would drive copies apart and waste every neighbour on them.
    different, place = np.unique(shown, axis=0, return_inverse=True)
    tell(STAGES[0], 0, 0)
    laid, method = _plane(different), "pca"
    if len(different) >= UMAP_FROM:
        found = _umap(different, seed, tell)
        if np.isfinite(found).all():
            laid, method = found, "umap"
    xy = np.ascontiguousarray(laid[place.reshape(-1)], np.float32)
    tell("build", 2, len(STAGES))
    tell(STAGES[2], 0, 0)
    neighbours, judged = min(NEIGHBOURS, len(rows) - 1), min(JUDGED, len(rows))
    preservation = knn_preservation(shown, xy, neighbours, judged, seed) if neighbours else None
    facts = Facts(
        documents=len(embeddings), method=method, seed=seed, preservation=preservation, neighbours=neighbours, judged=judged
    )
    return Projection(rows.astype(np.int32), xy, facts)


def sample(strata: np.ndarray, limit: int, seed: int) -> np.ndarray:
    """Places of at most ``limit`` documents, ascending, each stratum in proportion to its size, by chance within it.

    Every document gets a number in [0, 1): evenly spaced within its stratum, from a random start, in random order. The
    smallest numbers are taken, so that a stratum of a share s gives s of the sample, give or take one.

    >>> strata = np.array([0] * 60 + [1] * 30 + [2] * 10)
    >>> np.bincount(strata[sample(strata, 20, seed=0)]).tolist()
    [12, 6, 2]
    """
    if len(strata) <= limit:
        return np.arange(len(strata))
    random = np.random.default_rng(seed)
    order = random.permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    _, start, size = np.unique(strata[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(start, size)
    spaced = (rank + np.repeat(random.random(len(size)), size)) / np.repeat(size, size)
    return np.sort(order[np.argsort(spaced, kind="stable")[:limit]])


def _plane(vectors: np.ndarray) -> np.ndarray:
    """First two principal components; zeros where there are fewer: two documents make a line, one makes a point."""
    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    plane = centred @ axes[:2].T
    return np.pad(plane, ((0, 0), (0, 2 - plane.shape[1])))


def _umap(vectors: np.ndarray, seed: int, tell: Report) -> np.ndarray:
    """Float32 ``(n, 2)``; the same for the same seed, since a seeded UMAP runs on one thread."""
    import umap

    tell("build", 1, len(STAGES))
    tell(STAGES[1], 0, 0)
    layout = umap.UMAP(
        n_neighbors=min(UMAP_NEIGHBOURS, len(vectors) - 1),
        min_dist=UMAP_MIN_DISTANCE,
        metric="cosine",
        random_state=seed,
        n_jobs=1,
        # A good start matters more than the method (Kobak and Linderman 2021); this one is quick and never fails to converge.
        init="pca",
        disconnection_distance=np.inf,  # else a document opposite to all others is left without coordinates
        tqdm_kwds={"file": _Epochs(tell), "bar_format": "{n_fmt} {total_fmt}", "disable": False, "mininterval": 0.2},
    )
    # A single column has no second component to start from; a column of zeros changes no cosine.
    return layout.fit_transform(vectors if vectors.shape[1] > 1 else np.pad(vectors, ((0, 0), (0, 1))))


class _Epochs:
    """The file that UMAP's progress bar writes to: "12 200" becomes a report."""

    def __init__(self, tell: Report):
        self.tell = tell

    def write(self, text: str) -> None:
        """Take one state of the bar. The first epoch compiles; told only after it, the time left is estimated from the others."""
        words = text.split()
        if len(words) == 2 and all(word.isdigit() for word in words) and int(words[0]) > 1:
            self.tell(STAGES[1], int(words[0]), int(words[1]))

    def flush(self) -> None:
        """Nothing is held back."""
