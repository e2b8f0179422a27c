"""Late interaction: every token of the query looks for its nearest in the document (MaxSim: ColBERT, Khattab and Zaharia 2020).

A document's score is the mean, over the query's tokens, of each one's best cosine; ColBERT's is the sum, which ranks the same.
``late`` compares every document, in blocks, so nothing is missed and a search takes time and memory in proportion to all tokens.
``dense~late`` takes the first two hundred of dense search instead: what those lack is lost.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.retrievers.base import Found, Method, Named
from engine.retrievers.lost import Lack, Loss, below
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking, best, pack
from engine.text import encoders, hub, late_encoder, token_vectors
from engine.text.late_encoder import Tokens
from engine.text.token_vectors import TokenVectors

# Tokens of documents that are compared together, and queries.
BLOCK, ASKED = 8192, 32
# Tokens of a query that are named as evidence.
NAMED = 3


class Alignment(NamedTuple):
    """How the tokens of a query and of a document meet.

    Attributes
    ----------
    query, document : list of str
        The tokens.
    cosines : np.ndarray
        Float32 ``(query, document)``.
    """

    query: list[str]
    document: list[str]
    cosines: np.ndarray

    @property
    def nearest(self) -> np.ndarray:
        """Place of each query token's nearest document token, int64; the first of equal ones."""
        return self.cosines.argmax(axis=1)


class LateRetriever:
    """MaxSim over token vectors; see the file's head.

    Parameters
    ----------
    index : TokenVectors
        The documents' tokens.
    encoder : callable
        ``() -> LateEncoder``: opened by the first query.
    """

    name = "late"
    needs_vectors = False
    floor = -1.0

    def __init__(self, index: TokenVectors, encoder: Callable[[], late_encoder.LateEncoder]):
        self.index, self.encoder = index, encoder
        # Each query alone, so that its vectors never depend on the others.
        self.tokens = lru_cache(maxsize=1024)(lambda text: encoder().encode([text], "query")[0])

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are mean best cosines. Encoding is part of it."""
        results = []
        for start in range(0, len(queries.texts), ASKED):
            for scores in self._all([self.tokens(text) for text in queries.texts[start : start + ASKED]]):
                found = best(scores, k, allowed)
                results.append((found, scores[found]))
        return pack(results, k)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`."""
        found = []
        for text, of in zip(queries.texts, rows, strict=True):
            spans = [np.arange(span.start, span.stop) for span in map(self.index.span, np.asarray(of).tolist())]
            places = np.concatenate([np.empty(0, np.int64), *spans])
            sizes = np.array([len(span) for span in spans], np.int64)
            found.append(max_sim(self.index.floats(places), sizes, [self.tokens(text)])[0])
        return found

    def _all(self, asked: Sequence[Tokens]) -> np.ndarray:
        """Scores of all documents, float32 ``(queries, documents)``: whole documents at a time, as many as fit into a block."""
        ends = self.index.ends
        scores, first = np.empty((len(asked), len(ends)), np.float32), 0
        while first < len(ends):
            start = int(ends[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(ends, start + BLOCK, side="right")))
            sizes = np.diff(ends[first:last], prepend=start)
            scores[:, first:last] = max_sim(self.index.floats(slice(start, int(ends[last - 1]))), sizes, asked)
            first = last
        return scores

    def align(self, query: str, row: int) -> Alignment:
        """Every token of a query against every token of a document."""
        encoder, own, span = self.encoder(), self.tokens(query), self.index.span(row)
        cosines = (own.vectors @ self.index.floats(span).T).astype(np.float32)
        return Alignment(encoder.words(own.ids), encoder.words(self.index.ids[span]), cosines)


def max_sim(tokens: np.ndarray, sizes: np.ndarray, asked: Sequence[Tokens]) -> np.ndarray:
    """Mean best cosines: float32 ``(queries, documents)``.

    Parameters
    ----------
    tokens : np.ndarray
        Float32 ``(t, d)``: those of all documents, one behind the other.
    sizes : np.ndarray
        Int64 ``(documents,)``: how many each has; one without any scores -1.
    asked : sequence of Tokens
        The queries; one without tokens gives every document -1.
    """
    scores = np.full((len(asked), len(sizes)), -1.0, np.float32)
    there = np.flatnonzero(sizes)
    if len(there) and any(len(one.ids) for one in asked):
        cosines = tokens @ np.concatenate([one.vectors for one in asked]).T
        starts = np.concatenate([[0], np.cumsum(sizes[there])[:-1]])
        nearest, at = np.maximum.reduceat(cosines, starts, axis=0), 0
        for place, one in enumerate(asked):
            if count := len(one.ids):
                scores[place, there] = nearest[:, at : at + count].mean(axis=1)
                at += count
    # Equal documents must have equal scores, and BLAS may differ in the last digit.
    return np.round(scores, 5)


def _open(opened: Opened, beams: int, named: Named) -> LateRetriever:
    index = token_vectors.opened(opened.folder, len(opened.row_of))
    model = index.about.model or opened.encoder

    def encoder() -> late_encoder.LateEncoder:
        if index.about.model:
            hub.check_here(index.about.model)
        encoders.check_same(model, index.about.encoder)
        return late_encoder.load(model)

    return LateRetriever(index, lru_cache(maxsize=1)(encoder))


def _evidence(found: Found) -> str:
    by = found.by
    assert isinstance(by, LateRetriever)
    met = by.align(found.query, found.row)
    if not met.cosines.size:
        return f"MaxSim {found.score:.3f}"
    top = met.cosines.max(axis=1)
    order = np.argsort(-top, kind="stable")[:NAMED]
    pairs = (f"{met.query[place]}≈{met.document[met.nearest[place]]} {top[place]:.2f}" for place in order)
    return f"MaxSim {found.score:.3f}: {', '.join(pairs)}"


def _lost(lack: Lack) -> list[Loss]:
    return below(lack, "MaxSim")


def _told(opened: Opened, named: Named) -> str:
    about = token_vectors.read(opened.folder)
    trained = "" if about.trained else ", not trained for this"
    told = (
        f"{about.tokens:,} token vectors in {token_vectors.megabytes(about):,.0f} MB by {about.model or opened.encoder}{trained}"
    )
    return f"{told}; all documents are compared; it encodes queries itself"


METHOD = Method(
    name="late",
    summary="a vector a token: each token of the query with its nearest in the document (MaxSim)",
    citation="ColBERT (Khattab and Zaharia 2020, arXiv:2004.12832)",
    color="#AA4499",
    open=_open,
    evidence=_evidence,
    there=token_vectors.is_there,
    stamp=token_vectors.stamp,
    told=_told,
    lost=_lost,
)
