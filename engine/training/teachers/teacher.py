"""What another ranker would answer: targets to learn from where labels are few or missing (distillation, Hinton et al. 2015).

A teacher gives each query a few documents and a probability to each of them. One teaches the order of retrievers (RankDistil,
Reddi et al. 2021; for identifiers RIPOR, Zeng et al. 2024), not one right answer: a document that nobody judged may be as good.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.retrievers import RETRIEVERS, Queries
from engine.retrievers.sparse import FOLDER, SparseRetriever
from engine.text import cross_encoder as cross
from engine.text import hub
from engine.training.source import Source
from engine.training.teachers.rankings import best, bm25_scores, chunks, dense_scores, trainable

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

TEACHERS = {
    "dense": "cosine of the build's own vectors",
    "bm25+dense": "mean of BM25 and cosine, each standardised over the documents that either of them finds",
    "NAME": "a retriever of the build (tuned, late, generative:NAME): its scores, standardised over what it lists",
    "cross-encoder": "a model, named by its folder or hub name, that reads each query with the best documents of dense search",
}
# Texts of so many queries are held with their documents at a time, and read in batches of so many pairs.
QUERIES, BATCH = 64, 32


class Teacher(NamedTuple):
    """What a teacher says.

    Attributes
    ----------
    rows : np.ndarray
        Int32 ``(queries, k)``: documents, best first, -1 where there are fewer.
    log_mass : np.ndarray
        Float32 ``(queries, k)``: log-probability of each, in nats; the probabilities of a query sum to 1. -inf at row -1.
    """

    rows: np.ndarray
    log_mass: np.ndarray


def rank(
    name: str,
    texts: Sequence[str],
    vectors: np.ndarray,
    source: Source,
    left_out: np.ndarray | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Teacher:
    """The word of a teacher, with its defaults: ``dense``, ``bm25+dense``, a retriever of the build, or a cross-encoder by its
    folder or hub name.

    Parameters and errors are those of :func:`cross_encoder`.
    """
    if name == "dense":
        return dense(vectors, source, left_out=left_out)
    if name == "bm25+dense":
        return fused(texts, vectors, source, left_out=left_out)
    if name.partition(":")[0] in RETRIEVERS:
        return listed(name, texts, vectors, source, left_out=left_out)
    return cross_encoder(name, texts, vectors, source, left_out=left_out, progress=progress)


def listed(
    name: str,
    texts: Sequence[str],
    vectors: np.ndarray,
    source: Source,
    k: int = 100,
    temperature: float = 0.5,
    left_out: np.ndarray | None = None,
) -> Teacher:
    """Softmax of the scores that a retriever of the build gives its ``k`` best, brought to mean 0 and deviation 1.

    So what was trained teaches another: a tuned encoder, late interaction, a larger scorer.

    Parameters and errors are those of :func:`fused`, and those of opening the retriever.
    """
    found = source.retriever(name).search(Queries(list(texts), vectors), k, trainable(source, left_out))
    rows = found.rows.astype(np.int32)
    scores = _standardised(found.scores.astype(np.float64), rows >= 0)
    return _softmax([(rows, np.round(scores, 6))], rows.shape[1], temperature)


def dense(
    vectors: np.ndarray, source: Source, k: int = 100, temperature: float = 0.05, left_out: np.ndarray | None = None
) -> Teacher:
    """Softmax of cosine / temperature over the ``k`` nearest documents.

    Parameters
    ----------
    vectors : np.ndarray
        Float32 ``(queries, d)``, unit rows.
    source : Source
        What may be read of the build.
    k : int
        Documents a query.
    temperature : float
        Above 0; lower is surer.
    left_out : np.ndarray, optional
        Bool ``(n,)``: documents that training must not know.
    """
    allowed, found = trainable(source, left_out), []
    for part in chunks(len(vectors), len(allowed)):
        scores = dense_scores(vectors[part], source)
        rows = best(scores, allowed, k)
        found.append((rows, np.take_along_axis(scores, rows, axis=1)))
    return _softmax(found, k, temperature)


def fused(
    texts: Sequence[str],
    vectors: np.ndarray,
    source: Source,
    k: int = 100,
    temperature: float = 0.5,
    left_out: np.ndarray | None = None,
) -> Teacher:
    """Softmax of a mean of z-scores: the teacher ``bm25+dense``.

    The ``k`` best documents of BM25 and of dense search are put together; over all of these each of the two scores is brought
    to mean 0 and deviation 1 (to 0 where it is the same for all); the ``k`` with the highest mean of both are kept.

    Parameters
    ----------
    texts, vectors : sequence of str, np.ndarray
        Queries, and their unit vectors, float32 ``(queries, d)``.
    source, k, temperature, left_out
        As for :func:`dense`; the temperature divides the mean of z-scores.
    """
    allowed, found = trainable(source, left_out), []
    sparse = SparseRetriever(source.folder / FOLDER)
    for part in chunks(len(texts), len(allowed)):
        keywords, cosines = bm25_scores(texts[part], sparse, len(allowed)), dense_scores(vectors[part], source)
        lists = best(np.where(keywords > 0, keywords, -np.inf), allowed, k), best(cosines, allowed, k)
        union = np.sort(np.concatenate(lists, axis=1), axis=1)
        union[:, 1:][union[:, 1:] == union[:, :-1]] = -1  # what both have found stands there twice
        there = union >= 0
        parts = [_standardised(np.take_along_axis(scores, union, axis=1), there) for scores in (keywords, cosines)]
        mean = np.where(there, np.round((parts[0] + parts[1]) / 2, 6), -np.inf)
        order = np.argsort(-mean, axis=1, kind="stable")[:, :k]
        found.append((np.take_along_axis(union, order, axis=1), np.take_along_axis(mean, order, axis=1)))
    return _softmax(found, k, temperature)


def cross_encoder(
    model: str,
    texts: Sequence[str],
    vectors: np.ndarray,
    source: Source,
    k: int = 20,
    temperature: float = 1.0,
    left_out: np.ndarray | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Teacher:
    """Softmax of the scores (logits) that a cross-encoder (Nogueira and Cho 2019) gives the ``k`` nearest documents.

    Parameters
    ----------
    model : str
        Folder or hub name of a sequence classifier with one label, its weights in safetensors.
    texts, vectors : sequence of str, np.ndarray
        Queries, and their unit vectors, float32 ``(queries, d)``.
    source, k, temperature, left_out
        As for :func:`dense`.
    progress : callable, optional
        Told (queries done, queries in all).

    Raises
    ------
    TriescopeError
        There is no such model, or it is no cross-encoder with one label.
    """
    reader = load_cross_encoder(model)
    nearest = dense(vectors, source, k, left_out=left_out).rows
    found = []
    for start in range(0, len(texts), QUERIES):
        rows = nearest[start : start + QUERIES]
        place, column = np.nonzero(rows >= 0)
        documents = [source.documents[row].searched_text(source.fields) for row in rows[place, column]]
        pairs = [(texts[start + one], document) for one, document in zip(place.tolist(), documents, strict=True)]
        scores = np.full(rows.shape, -np.inf, np.float32)
        if pairs:
            # Padding to the longest pair of a batch moves the last digits, and equal documents must have equal scores.
            scores[place, column] = np.round(reader.predict(pairs, batch_size=BATCH, show_progress_bar=False), 4)
        order = np.argsort(-scores, axis=1, kind="stable")
        found.append((np.take_along_axis(rows, order, axis=1), np.take_along_axis(scores, order, axis=1)))
        if progress:
            progress(start + len(rows), len(texts))
    return _softmax(found, k, temperature)


def load_cross_encoder(model: str) -> "CrossEncoder":
    """A cross-encoder that gives raw logits. Imports torch.

    Raises
    ------
    TriescopeError
        As for :func:`cross_encoder`.
    """
    try:
        hub.locate(model, "teacher")
    except TriescopeError as error:
        raise TriescopeError(
            f"teacher {model!r} is none of {', '.join(list(TEACHERS)[:2])}, no folder here, and no model that could be fetched"
        ) from error
    return cross.load(model)


def _standardised(scores: np.ndarray, there: np.ndarray) -> np.ndarray:
    """z-scores of each query over the places that are ``there``; 0 for a query whose scores are all the same."""
    size = np.maximum(there.sum(axis=1, keepdims=True), 1)
    above = np.where(there, scores - np.where(there, scores, 0.0).sum(axis=1, keepdims=True) / size, 0.0)
    deviation = np.sqrt((above**2).sum(axis=1, keepdims=True) / size)
    return above / np.where(deviation > 1e-6, deviation, np.inf)


def _softmax(found: Sequence[tuple[np.ndarray, np.ndarray]], k: int, temperature: float) -> Teacher:
    """Teacher of (rows, scores), a pair a chunk of queries; scores at row -1 do not count."""
    if not temperature > 0:
        raise TriescopeError(f"the temperature of a teacher is {temperature}; it must be above 0")
    rows = np.concatenate([np.empty((0, k), np.int32), *(one for one, _ in found)])
    scores = np.concatenate([np.empty((0, k)), *(one for _, one in found)]) / temperature
    scores = np.where(rows >= 0, scores, -np.inf)
    scores -= np.where(rows[:, :1] >= 0, scores.max(axis=1, keepdims=True, initial=-np.inf), 0)
    mass = np.exp(scores).sum(axis=1, keepdims=True)
    return Teacher(rows, (scores - np.log(np.where(mass > 0, mass, 1))).astype(np.float32))
