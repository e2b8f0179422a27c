"""A second column of vectors: one identifier over both, or an identifier in each.

A document may have two vectors: of its title and of its text, or of its text and of something made elsewhere. *Early* fusion lays
both end to end before identifiers are fitted, so that one tree is decoded. *Late* fusion fits and decodes a tree a column, and
ranks what either found by the sum of both scores, those that it missed computed, not guessed. Half of the beams go to each tree,
so that both do the same work. Beside them stand each column alone and exact search by the sum.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import Field

from engine import evaluation, identifiers, trie
from engine.builds.opened import Build
from engine.data.figures import Stored, StoredDifference, StoredInterval
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers.centroid import CentroidScorer, node_means
from engine.studies import kept
from engine.studies.schemes import Report, study_folder
from engine.text import embed
from engine.trie import Trie

WIDTHS = (2, 4, 10, 20, 50, 100)
MEASURE, DEPTH, SCHEME = "nDCG@10", 11, "rq-kmeans"
EARLY, LATE, EXACT = "early, one tree over both", "late, a tree each", "exact, both summed"
FILE = "columns.json"


class At(Stored):
    """A way at so many ``beams`` in all; ``gain`` is late less early at the same width, p corrected for all widths (Holm)."""

    beams: int
    mean: StoredInterval
    gain: StoredDifference | None = None


class Way(Stored):
    """A way to use the columns, by width; exact search has one, as wide as the catalogue."""

    name: str
    at: list[At]


class Columns(Stored):
    """The study."""

    corpus: str
    documents: int
    first: str
    second: str
    share: float = Field(description="Weight of the second column.")
    split: str
    queries: int
    seed: int
    device: str
    ways: list[Way]


class Column(NamedTuple):
    """What a column is, and a unit vector a document, float32 ``(documents, d)``."""

    name: str
    vectors: np.ndarray


def columns_of(opened: Build, second: np.ndarray | None, tell: Report) -> tuple[Column, Column]:
    """The vectors of texts and those of titles; or the build's own and those given, a row a document.

    Raises
    ------
    TriescopeError
        Those given are not one finite vector a document, as wide as a query's.
    """
    own = np.asarray(opened.embeddings, np.float32)
    if second is None:
        titles, texts = opened.titles(), [document.text or document.title for document in opened.documents]
        made = [embed.embed(of, opened.model, lambda done, total: tell("embeddings", done, total)) for of in (titles, texts)]
        return Column("texts", made[1]), Column("titles", made[0])
    if second.shape != own.shape or not np.issubdtype(second.dtype, np.floating) or not np.isfinite(second).all():
        raise TriescopeError(f"the second column must be finite numbers, one row of {own.shape[1]} a document: {own.shape}")
    length = np.linalg.norm(second, axis=1, keepdims=True)
    return Column("the build's own", own), Column("the second", (second / np.where(length > 0, length, 1)).astype(np.float32))


def run(
    opened: Build,
    split: str = "dev",
    seed: int = 0,
    share: float = 0.5,
    second: np.ndarray | None = None,
    report_progress: Report | None = None,
) -> Columns:
    """Measure both ways, the second column with a weight of ``share``; kept beside the build's study (:func:`read`).

    Raises
    ------
    TriescopeError
        The split has no judged queries, the second column does not fit, or nothing can be written beside the build.
    """
    qrels = opened.corpus.qrels.get(split)
    if not qrels:
        raise TriescopeError(f"no judged queries in split {split!r}; there are {', '.join(opened.corpus.qrels) or 'none'}")
    tell = report_progress or (lambda stage, done, total: None)
    one, two = columns_of(opened, second, tell)
    asked = [opened.corpus.queries[query] for query in qrels]
    vectors = np.asarray(opened.embed_queries(asked), np.float32)
    queries = Queries(asked, vectors)
    weights = (1 - share, share)
    both = end_to_end([one.vectors, two.vectors], weights)
    of_both = Queries(asked, end_to_end([vectors, vectors], weights))
    trees = {name: tree_of(of, seed) for name, of in {one.name: one.vectors, two.name: two.vectors, EARLY: both}.items()}
    ids = [document.id for document in opened.documents]

    def judged(rows: np.ndarray) -> np.ndarray:
        return evaluation.measure(qrels, evaluation.run_of(qrels, rows, ids), [MEASURE])[MEASURE]

    values = {
        width: {
            one.name: judged(found(trees[one.name], one.vectors, queries, width, DEPTH)),
            two.name: judged(found(trees[two.name], two.vectors, queries, width, DEPTH)),
            EARLY: judged(found(trees[EARLY], both, of_both, width, DEPTH)),
            LATE: judged(late([(trees[of.name], of.vectors) for of in (one, two)], weights, queries, width)),
        }
        for width in WIDTHS
    }
    exact = judged(ranked([one.vectors, two.vectors], weights, queries, None))
    less = evaluation.together([evaluation.difference(of[LATE], of[EARLY]) for of in values.values()])
    gains = dict(zip(values, less, strict=True))
    ways = [
        Way(
            name=name,
            at=[
                At(beams=width, mean=evaluation.interval(of[name]), gain=gains[width] if name == LATE else None)
                for width, of in values.items()
            ],
        )
        for name in (one.name, two.name, EARLY, LATE)
    ]
    ways.append(Way(name=EXACT, at=[At(beams=len(ids), mean=evaluation.interval(exact))]))
    made = Columns(
        corpus=opened.name,
        documents=len(ids),
        first=one.name,
        second=two.name,
        share=share,
        split=split,
        queries=len(asked),
        seed=seed,
        device=evaluation.device(),
        ways=ways,
    )
    kept.keep(_path(opened), made)
    return made


def tree_of(vectors: np.ndarray, seed: int) -> Trie:
    """The tree of identifiers fitted to a column."""
    return trie.build(identifiers.fit(SCHEME, vectors, {}, seed).codes)


def found(tree: Trie, vectors: np.ndarray, queries: Queries, beams: int, k: int) -> np.ndarray:
    """Rows that a beam finds in one tree, int64 ``(queries, k)``, -1 where there are no more."""
    scorer = CentroidScorer(tree, node_means(tree, vectors), [])
    return GenerativeRetriever(tree, scorer, beams).search(queries, k).rows


def late(trees: list[tuple[Trie, np.ndarray]], weights: Sequence[float], queries: Queries, beams: int) -> np.ndarray:
    """Rows that either tree finds by its part of the beams, best by the weighted sum of cosines."""
    each = max(1, beams // len(trees))
    return ranked(
        [vectors for _, vectors in trees], weights, queries, [found(tree, of, queries, each, each) for tree, of in trees]
    )


def ranked(vectors: list[np.ndarray], weights: Sequence[float], queries: Queries, lists: list[np.ndarray] | None) -> np.ndarray:
    """The first rows by the weighted sum of cosines, int64 ``(queries, k)``, -1 filled: of all, or of those in any list."""
    assert queries.vectors is not None
    rows = np.full((len(queries.texts), DEPTH), -1, np.int64)
    for place, query in enumerate(queries.vectors):
        some = np.arange(len(vectors[0])) if lists is None else np.unique(np.concatenate([of[place] for of in lists]))
        some = some[some >= 0]
        scores = np.sum([weight * (of[some] @ query) for weight, of in zip(weights, vectors, strict=True)], axis=0)
        best = top_k(scores, min(DEPTH, len(some)))
        rows[place, : len(best)] = some[best]
    return rows


def end_to_end(columns: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """Columns side by side, float32, so that the product of two such rows is the weighted sum of their columns' products.

    >>> a, b = np.eye(2, dtype=np.float32), np.ones((2, 2), np.float32)
    >>> (end_to_end([a, b], [0.5, 0.5]) @ end_to_end([a, a], [0.5, 0.5]).T).round(3).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    return np.concatenate([np.float32(weight**0.5) * of for weight, of in zip(weights, columns, strict=True)], axis=1)


def read(opened: Build) -> Columns | None:
    """What :func:`run` found; None where it was not run.

    Raises
    ------
    TriescopeError
        The file is damaged.
    """
    return kept.read(_path(opened), Columns)


def _path(opened: Build) -> Path:
    return study_folder(opened) / FILE
