"""Vectors that somebody has made already, taken for a build's documents once they are seen to be of its encoder.

Queries are encoded by the encoder that is named. Where that is not here (``--model none``) nothing can be compared, and only
keyword search takes typed text; trees, maps and identifiers are made of the vectors all the same. Vectors of queries may come
along then: those queries are asked of every retriever, and judged.
They stay in their build: the cache of vectors holds what this machine has embedded itself.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.builds.searched import texts_of
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus
from engine.errors import TriescopeError
from engine.stored import arrays
from engine.text import encoders, query_vectors
from engine.text.hub import NONE
from engine.text.query_vectors import QueryVectors

# Documents that are embedded anew to compare, and the least cosine of each: half precision and other batches stay above it.
CHECKED, ALIKE = 20, 0.99
ONLY_WORDS = "only keyword search takes typed text"


class Taken(NamedTuple):
    """Float32 ``(documents, d)``, unit rows; on how many documents they were held to the encoder, and the least cosine there."""

    vectors: np.ndarray
    checked: int
    least: float

    def told(self) -> str:
        """In a line.

        >>> print(Taken(np.zeros((1200, 4), np.float32), 20, 0.9998).told())
        1,200 vectors were taken as they are: 20 of them are the encoder's own (cosine at least 0.9998)
        """
        if not self.checked:
            return f"{len(self.vectors):,} vectors were taken as they are, of an encoder that is not here: {ONLY_WORDS}"
        return (
            f"{len(self.vectors):,} vectors were taken as they are: {self.checked} of them are the encoder's own "
            f"(cosine at least {self.least:.4f})"
        )


def take(path: Path, corpus: Corpus, spec: BuildSpec, seed: int = 0) -> Taken:
    """The vectors of a file, held to the encoder of a spec.

    Parameters
    ----------
    path : Path
        ``.npy``, float32 or float64 ``(documents, d)``: a row a document, in the order of the corpus.
    corpus : Corpus
        The documents.
    spec : BuildSpec
        What shall be built of them.
    seed : int
        Which documents are embedded anew.

    Raises
    ------
    TriescopeError
        They are not of so many documents or dimensions, a row is no direction, some are not what the encoder says of the
        documents, or documents are cut into passages, which have no vectors here.
    """
    vectors = arrays.mapped(path, "float32", "float64", axes=2)
    texts = texts_of(corpus.documents, spec)
    if len(vectors) != len(texts):
        left = f"; {len(corpus.left_out):,} with neither title nor text are none" if corpus.left_out else ""
        raise TriescopeError(f"{path}: {len(vectors):,} vectors for {len(texts):,} documents{left}")
    if any(len(of) > 1 for of in texts):
        raise TriescopeError(f"{path}: long documents are cut into passages, which have no vectors here; leave out --passages")
    flat = [of[0] for of in texts]
    unit = _unit(path, vectors)
    if spec.model == NONE:
        return Taken(unit, 0, 0.0)
    encoder = encoders.load(spec.model)
    if unit.shape[1] != encoder.dimensions:
        raise TriescopeError(f"{path}: vectors of {unit.shape[1]} dimensions; encoder {spec.model!r} has {encoder.dimensions}")
    some = np.sort(np.random.default_rng(seed).permutation(len(flat))[:CHECKED])
    cosines = np.einsum("nd,nd->n", encoder.encode([flat[row] for row in some]), unit[some])
    if (other := int((cosines < ALIKE).sum())) > 0:
        worst = int(some[cosines.argmin()])
        raise TriescopeError(
            f"{path}: {other} of {len(some)} vectors are not what encoder {spec.model!r} says of its documents ("
            f"{corpus.documents[worst].id!r}: cosine {cosines.min():.2f}); name theirs by --model, and look at order and --field"
        )
    return Taken(unit, len(some), float(cosines.min()))


class Asked(NamedTuple):
    """Vectors of queries; of how many, and how near the documents judged relevant lie to them beside all documents (means of
    cosines, None where nothing is judged)."""

    known: QueryVectors
    queries: int
    relevant: float | None
    any: float

    def told(self) -> str:
        """In a line, with a doubt where they seem to be of something else.

        >>> print(Asked(QueryVectors(np.zeros(0), np.zeros((0, 4))), 323, 0.41, 0.08).told())
        vectors of 323 queries: these are asked of every retriever (cosine to documents judged relevant 0.41, to any 0.08)
        """
        told = f"vectors of {self.queries:,} queries: these are asked of every retriever"
        if self.relevant is None:
            return told
        near = f"cosine to documents judged relevant {self.relevant:.2f}, to any {self.any:.2f}"
        doubt = "" if self.relevant > self.any else "; are they of these queries, in this order, and of the documents' encoder?"
        return f"{told} ({near}){doubt}"


def take_queries(path: Path, queries: Mapping[str, str], corpus: Corpus, documents: np.ndarray) -> Asked:
    """Vectors of queries, whose encoder is not here, of a file.

    Parameters
    ----------
    path : Path
        ``.npy``, float32 or float64 ``(queries, d)``: a row a query.
    queries : mapping
        Query id -> text, in the order of the file that they came in.
    corpus : Corpus
        With the judgements.
    documents : np.ndarray
        Float32 ``(documents, d)``, unit rows.

    Raises
    ------
    TriescopeError
        There is no query, they are not of so many queries or dimensions, or a row is no direction.
    """
    vectors = arrays.mapped(path, "float32", "float64", axes=2)
    if not queries:
        raise TriescopeError(f"{path}: vectors of queries, and there is no query: name their file by --queries")
    if vectors.shape != (expected := (len(queries), documents.shape[1])):
        told = " x ".join(f"{size:,}" for size in vectors.shape)
        raise TriescopeError(f"{path}: vectors of shape {told} for {expected[0]:,} queries and {expected[1]} dimensions")
    unit = _unit(path, vectors)
    place = {query: at for at, query in enumerate(queries)}
    row_of = {document.id: row for row, document in enumerate(corpus.documents)}
    judged = [
        (place[query], row_of[document])
        for split in corpus.qrels.values()
        for query, grades in split.items()
        for document, grade in grades.items()
        if grade > 0 and document in row_of
    ]
    at, row = np.array(judged, np.int64).reshape(-1, 2).T
    relevant = float(np.einsum("nd,nd->n", unit[at], documents[row]).mean()) if judged else None
    return Asked(
        query_vectors.of_texts(list(queries.values()), unit), len(queries), relevant, float(unit.mean(0) @ documents.mean(0))
    )


def _unit(path: Path, vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        row = int((~(np.isfinite(lengths) & (lengths > 0))).argmax()) + 1
        raise TriescopeError(f"{path}: row {row:,} is no direction")
    return (vectors / lengths[:, None]).astype(np.float32)
