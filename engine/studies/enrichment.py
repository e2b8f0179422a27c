"""Enriched texts: what a document's neighbours say and it does not, added to it, and whether search finds it the better for that.

LLM-Rec (Lyu et al. 2024) has a language model write more about an item; EmbSum (Zhang et al. 2024) gives it several vectors. Here
nothing is written: the words that tell a document's nearest neighbours from the rest of the catalogue are taken as they stand,
those that it has itself left out, and with them the values of its columns that are not searched. What was added stands beside
every document. The enriched text is searched by words and as one vector, and beside that as a second vector of the same document,
whose best counts.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import Field

from engine import evaluation, identifiers, trie
from engine.builds.opened import Build
from engine.data.corpus import as_words
from engine.data.figures import Stored, StoredDifference, StoredInterval
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.retrievers import Queries, sparse
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers.centroid import CentroidScorer, node_means
from engine.studies import kept
from engine.studies.schemes import Report, study_folder
from engine.text import embed
from engine.text.words import telling
from engine.trie.naming import lexicon, telling_words

NEIGHBOURS, WORDS, MEASURE, DEPTH, TRAIN = 5, 8, "nDCG@10", 11, "train"
FILE = "enrichment.json"
# Documents with the fewest words: this share of them is called thin.
THIN = 0.25
ALL, COLD, THINNEST = "all queries", "asked for nowhere in train", "thin documents"
PLAIN = "plain"


class Added(NamedTuple):
    """What was added to a document: words of its neighbours, and values of columns that are not searched."""

    words: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def text(self) -> str:
        """As one text."""
        return " ".join((*self.words, *self.columns))


class Row(Stored):
    """A retriever over texts of a kind on a slice of the queries, and what it gains over plain ones; p is corrected for all."""

    retriever: str
    texts: str
    slice: str
    queries: int
    mean: StoredInterval
    gain: StoredDifference | None = None


class Enrichment(Stored):
    """The study."""

    corpus: str
    documents: int
    split: str
    words: float = Field(description="Added to a document in the mean.")
    device: str
    rows: list[Row]


def added(opened: Build) -> list[Added]:
    """What is added to each document."""
    vectors = np.asarray(opened.embeddings, np.float32)
    groups = []
    for low in range(0, len(vectors), 1024):
        near = vectors[low : low + 1024] @ vectors.T
        near[np.arange(len(near)), low + np.arange(len(near))] = -np.inf
        groups += [top_k(line, min(NEIGHBOURS, len(vectors) - 1)) for line in near]
    texts = opened.texts()
    # Its own words are among the most telling of its neighbours, so more are asked for than are taken.
    found = telling_words(lexicon(texts), groups, 4 * WORDS)
    made = []
    for document, text, words in zip(opened.documents, texts, found, strict=True):
        own = set(telling(text))
        told = [as_words(value) for name, value in document.metadata.items() if name not in opened.fields]
        made.append(Added(tuple([word for word in words if word not in own][:WORDS]), tuple(filter(None, told))))
    return made


def run(opened: Build, split: str = "dev", seed: int = 0, report_progress: Report | None = None) -> Enrichment:
    """Measure plain and enriched texts; kept beside the build's study (:func:`read`).

    Raises
    ------
    TriescopeError
        The split has no judged queries, or nothing can be written beside the build.
    """
    qrels = opened.corpus.qrels.get(split)
    if not qrels:
        raise TriescopeError(f"no judged queries in split {split!r}; there are {', '.join(opened.corpus.qrels) or 'none'}")
    tell = report_progress or (lambda stage, done, total: None)
    more, texts = added(opened), opened.texts()
    rich = [f"{text} {of.text}" for text, of in zip(texts, more, strict=True)]
    plain = np.asarray(opened.embeddings, np.float32)
    enriched, second = (
        embed.embed(of, opened.model, lambda done, total: tell("embeddings", done, total))
        for of in (rich, [of.text or text for text, of in zip(texts, more, strict=True)])
    )
    asked = [opened.corpus.queries[query] for query in qrels]
    queries = Queries(asked, opened.embed_queries(asked))
    ids = [document.id for document in opened.documents]
    ranked = {
        ("bm25", PLAIN): _words(texts, queries, opened.language),
        ("bm25", "enriched"): _words(rich, queries, opened.language),
        ("dense", PLAIN): nearest([plain], queries),
        ("dense", "enriched"): nearest([enriched], queries),
        ("dense", "two vectors"): nearest([plain, second], queries),
        ("generative", PLAIN): _decoded(plain, queries, seed),
        ("generative", "enriched"): _decoded(enriched, queries, seed),
    }
    values = {
        key: evaluation.measure(qrels, evaluation.run_of(qrels, rows, ids), [MEASURE])[MEASURE] for key, rows in ranked.items()
    }
    found = Enrichment(
        corpus=opened.name,
        documents=len(ids),
        split=split,
        words=round(float(np.mean([len(of.words) + len(of.columns) for of in more])), 1),
        device=evaluation.device(),
        rows=_rows(values, slices(opened, split)),
    )
    kept.keep(_path(opened), found)
    return found


def slices(opened: Build, split: str) -> dict[str, np.ndarray]:
    """Which queries of a split belong to each slice, bool: those whose answers nobody asks for in train, and those whose answers
    are all thin. A slice without a query is left out."""
    qrels, train = opened.corpus.qrels[split], opened.corpus.qrels.get(TRAIN, {})
    known = {document for grades in train.values() for document, grade in grades.items() if grade > 0}
    length = np.array([len(text.split()) for text in opened.texts()])
    thin = length <= np.quantile(length, THIN)
    answers = [[one for one, grade in grades.items() if grade > 0 and one in opened.row_of] for grades in qrels.values()]
    made = {
        ALL: np.ones(len(answers), bool),
        COLD: np.array([bool(train) and bool(of) and not known.intersection(of) for of in answers]),
        THINNEST: np.array([bool(of) and all(thin[opened.row_of[one]] for one in of) for of in answers]),
    }
    return {name: some for name, some in made.items() if some.any()}


def nearest(vectors: Sequence[np.ndarray], queries: Queries) -> np.ndarray:
    """Rows of the nearest documents, int64 ``(queries, k)``, where each counts as the best of its vectors."""
    assert queries.vectors is not None
    scores = np.max([queries.vectors @ of.T for of in vectors], axis=0)
    return np.stack([top_k(line, min(DEPTH, len(line))) for line in scores])


def read(opened: Build) -> Enrichment | None:
    """What :func:`run` found; None where it was not run.

    Raises
    ------
    TriescopeError
        The file is damaged.
    """
    return kept.read(_path(opened), Enrichment)


def _words(texts: Sequence[str], queries: Queries, language: str) -> np.ndarray:
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "words"
        folder.mkdir()
        sparse.build(texts, folder, language)
        return sparse.SparseRetriever(folder).search(queries, DEPTH).rows


def _decoded(vectors: np.ndarray, queries: Queries, seed: int) -> np.ndarray:
    tree = trie.build(identifiers.fit("rq-kmeans", vectors, {}, seed).codes)
    scorer = CentroidScorer(tree, node_means(tree, vectors), [])
    return GenerativeRetriever(tree, scorer, DEFAULT_BEAMS).search(queries, DEPTH).rows


def _rows(values: dict[tuple[str, str], np.ndarray], parts: dict[str, np.ndarray]) -> list[Row]:
    compared = {
        (key, name): evaluation.difference(of[some], values[key[0], PLAIN][some])
        for key, of in values.items()
        for name, some in parts.items()
        if key[1] != PLAIN
    }
    gains = dict(zip(compared, evaluation.together(list(compared.values())), strict=True))
    return [
        Row(
            retriever=key[0],
            texts=key[1],
            slice=name,
            queries=int(some.sum()),
            mean=evaluation.interval(of[some]),
            gain=gains.get((key, name)),
        )
        for name, some in parts.items()
        for key, of in values.items()
    ]


def _path(opened: Build) -> Path:
    return study_folder(opened) / FILE
