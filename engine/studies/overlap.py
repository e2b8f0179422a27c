"""Overlapping leaves: a document under two or three identifiers, and what that is worth where the beam is narrow.

A document between two clusters lies in one of them, and a beam that took the other one misses it. JTR (Li et al. 2023) lets
leaves of its tree overlap. Here the documents are cut into small clusters, two codes deep, and each is put below the nearest
further ones too; the beam keeps some clusters and every document in them is scored. Beside it stands the same tree with the
further clusters dealt out at random, which has the size and not the sense.

More leaves are also more work at the same width, so what was scored stands with every figure: a wider beam over the plain tree is
the other way to spend it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import Field

from engine import evaluation, identifiers, trie
from engine.builds.opened import Build
from engine.data.figures import Stored, StoredDifference, StoredInterval
from engine.decoding import decode
from engine.errors import TriescopeError
from engine.identifiers import Identifiers
from engine.identifiers.collisions import extra_code
from engine.scorers.centroid import CentroidScorer, node_means
from engine.studies import kept
from engine.studies.schemes import Report, study_folder
from engine.trie import Trie

WIDTHS = (1, 2, 5, 10, 20)
MEASURE, NEAREST = "Recall@10", 10
KEPT = f"exact {NEAREST} kept"
# Documents that a cluster has on average.
CLUSTER = 16
FILE = "overlap.json"


class At(Stored):
    """A tree searched with so many ``beams``: measure -> mean with interval, how many nodes were scored a query, and how much
    better :data:`MEASURE` is than over the plain tree at the same width; p is corrected for all of the study."""

    beams: int
    measures: dict[str, StoredInterval]
    scored: float
    gain: StoredDifference | None = None


class Leaves(Stored):
    """A tree in which each document has so many ``leaves``, the further ones ``dealt`` at random or nearest; bytes are those of
    the trie and its node means."""

    leaves: int
    dealt: bool
    nodes: int
    bytes: int
    at: list[At] = Field(default_factory=list)

    @property
    def name(self) -> str:
        """What it is called."""
        several = f"{self.leaves} leaves" if self.leaves > 1 else "one leaf"
        return f"{several}, dealt at random" if self.dealt else several


class Overlap(Stored):
    """All trees on the ``queries`` of ``split``; the first is the plain one."""

    corpus: str
    documents: int
    clusters: int
    split: str
    queries: int
    seed: int
    device: str
    trees: list[Leaves]


def clustered(embeddings: np.ndarray, seed: int) -> Identifiers:
    """Two codes a document, whose clusters have :data:`CLUSTER` documents on average."""
    codes = max(2, round((len(embeddings) / CLUSTER) ** 0.5))
    return identifiers.fit("rq-kmeans", embeddings, {"levels": 2, "codes": codes}, seed, resolver="leave")


def overlapping(
    fitted: Identifiers, embeddings: np.ndarray, leaves: int, rng: np.random.Generator | None = None
) -> tuple[Trie, np.ndarray]:
    """A trie over copies of the documents, each in a cluster of its own.

    Parameters
    ----------
    fitted : Identifiers
        A row's cluster is its codes.
    embeddings : np.ndarray
        Float32 ``(n, d)``.
    leaves : int
        Clusters of each document, no more than there are: its own and the nearest others by their mean.
    rng : np.random.Generator, optional
        Takes any others in place of the nearest.

    Returns
    -------
    tree, rows : Trie, np.ndarray
        The document of copy ``c`` of the tree is ``rows[c]``.
    """
    cells, own = np.unique(fitted.codes, axis=0, return_inverse=True)
    own = own.ravel()
    means = np.stack([embeddings[own == cell].mean(axis=0) for cell in range(len(cells))])
    # Squared distances, less what is the same for all clusters of a document.
    far = (means**2).sum(axis=1) - 2 * embeddings @ means.T if rng is None else rng.random((len(own), len(cells)))
    far[np.arange(len(own)), own] = -np.inf
    chosen = np.argsort(far, axis=1, kind="stable")[:, :leaves]
    copies, rows = cells[chosen.T.ravel()], np.tile(np.arange(len(own)), chosen.shape[1])
    numbered = extra_code(Identifiers(copies.astype(np.int32), fitted.vocabulary), None, 0)  # type: ignore[arg-type]
    return trie.build(numbered.codes), rows


def search(
    tree: Trie, rows: np.ndarray, embeddings: np.ndarray, queries: np.ndarray, beams: int, k: int
) -> tuple[list[np.ndarray], float]:
    """The first ``k`` documents of each query, every one once, and nodes scored a query: ``beams`` clusters are kept, and all
    documents in them are ranked."""
    scorer = CentroidScorer(tree, node_means(tree, embeddings[rows]), [])
    most = k * int(np.bincount(rows).max())  # so many leaves hold k documents, whatever their copies
    traces = decode(tree, scorer, queries, max(most, beams), narrow=(beams,) * (tree.levels - 1))
    found = []
    for trace in traces:
        of_query = rows[trace.documents(tree, most)[0]]
        found.append(of_query[np.sort(np.unique(of_query, return_index=True)[1])][:k])
    return found, float(np.mean([trace.scored for trace in traces]))


def run(
    opened: Build, leaves: Sequence[int] = (2, 3), split: str = "dev", seed: int = 0, report_progress: Report | None = None
) -> Overlap:
    """Measure trees whose leaves overlap; kept beside the build's study (:func:`read`).

    Raises
    ------
    TriescopeError
        The split has no judged queries, or nothing can be written beside the build.
    """
    qrels = opened.corpus.qrels.get(split)
    if not qrels:
        there = ", ".join(opened.corpus.qrels) or "none"
        raise TriescopeError(f"no judged queries in split {split!r}; there are {there}")
    tell = report_progress or (lambda stage, done, total: None)
    embeddings = np.asarray(opened.embeddings, np.float32)
    queries = opened.embed_queries([opened.corpus.queries[query] for query in qrels])
    ids = [document.id for document in opened.corpus.documents]
    exact = np.argsort(-(queries @ embeddings.T), axis=1, kind="stable")[:, :NEAREST]
    fitted = clustered(embeddings, seed)
    kinds = [(1, False), *((number, dealt) for dealt in (False, True) for number in leaves)]
    trees: list[Leaves] = []
    values: list[list[np.ndarray]] = []
    for place, (number, dealt) in enumerate(kinds):
        tell("overlap", place, len(kinds))
        tree, rows = overlapping(fitted, embeddings, number, np.random.default_rng(seed) if dealt else None)
        at, of_tree = [], []
        for beams in WIDTHS:
            found, scored = search(tree, rows, embeddings, queries, beams, evaluation.DEPTH)
            held = np.array([np.isin(true, of[:NEAREST]).mean() for of, true in zip(found, exact, strict=True)])
            of_tree.append(evaluation.measure(qrels, evaluation.run_of(qrels, found, ids), [MEASURE])[MEASURE])
            measures = {MEASURE: evaluation.interval(of_tree[-1]), KEPT: evaluation.interval(held)}
            at.append(At(beams=beams, measures=measures, scored=round(scored, 1)))
        size = tree.nbytes + len(tree.code) * embeddings.shape[1] * 4
        trees.append(Leaves(leaves=number, dealt=dealt, nodes=len(tree.code), bytes=size, at=at))
        values.append(of_tree)
    tell("done", len(kinds), len(kinds))
    overlap = Overlap(
        corpus=opened.name,
        documents=len(ids),
        clusters=len(np.unique(fitted.codes, axis=0)),
        split=split,
        queries=len(qrels),
        seed=seed,
        device=evaluation.device(),
        trees=_with_gains(trees, values),
    )
    kept.keep(_path(opened), overlap)
    return overlap


def read(opened: Build) -> Overlap | None:
    """What :func:`run` found; None where it was not run.

    Raises
    ------
    TriescopeError
        The file is damaged.
    """
    return kept.read(_path(opened), Overlap)


def _with_gains(trees: list[Leaves], values: list[list[np.ndarray]]) -> list[Leaves]:
    """The trees with their differences to the first, corrected together."""
    flat = evaluation.together(
        [evaluation.difference(ours, plain) for of in values[1:] for ours, plain in zip(of, values[0], strict=True)]
    )
    told = iter(flat)
    return trees[:1] + [
        tree.model_copy(update={"at": [at.model_copy(update={"gain": next(told)}) for at in tree.at]}) for tree in trees[1:]
    ]


def _path(opened: Build) -> Path:
    return study_folder(opened) / FILE
