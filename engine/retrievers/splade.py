"""Learned sparse search: an encoder weighs terms of query and document, also such as are not there (SPLADE, Formal et al. 2021).

A score is the sum, over the terms that both have, of the two weights' product; who shares no term is not found.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from scipy import sparse

from engine.retrievers.base import Found, Method, Named
from engine.retrievers.lost import BELOW, NO_WORD, Lack, Loss, places
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking, best, pack
from engine.text import encoders, hub, sparse_encoder, term_weights
from engine.text.sparse_encoder import TermEncoder, Terms
from engine.text.term_weights import TermWeights

# Terms that are named as evidence.
NAMED = 3


class SpladeRetriever:
    """Inner products of weights of terms.

    Parameters
    ----------
    index : TermWeights
        The documents' terms.
    encoder : callable
        ``() -> TermEncoder``: opened by the first query.
    """

    name = "splade"
    needs_vectors = False
    floor = 0.0

    def __init__(self, index: TermWeights, encoder: Callable[[], TermEncoder]):
        self.index, self.encoder = index, encoder
        starts = np.concatenate([[0], index.ends])
        shape = (len(index.ends), index.about.terms)
        self.by_document = sparse.csr_array((index.weights, index.ids, starts), shape=shape)
        self.by_term = self.by_document.tocsc()
        # Each query alone, so that its terms never depend on the others.
        self.terms = lru_cache(maxsize=1024)(lambda text: encoder().encode([text], "query")[0])

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`. Encoding is part of it."""
        results = []
        for text in queries.texts:
            scores = self._scores(self.by_term, self.terms(text))
            passing = scores > 0 if allowed is None else (scores > 0) & allowed
            found = best(scores, k, passing)
            results.append((found, scores[found]))
        return pack(results, k)

    def scores(self, queries: Queries, rows: Sequence[np.ndarray], allowed: np.ndarray | None = None) -> list[np.ndarray]:
        """See :class:`engine.retrievers.base.Scoring`; 0 where no term is shared."""
        return [
            self._scores(self.by_document[np.asarray(of, np.int64)].tocsc(), self.terms(text))
            for text, of in zip(queries.texts, rows, strict=True)
        ]

    def _scores(self, documents: sparse.csc_array, query: Terms) -> np.ndarray:
        if not len(query.ids) or not documents.shape[0]:
            return np.zeros(documents.shape[0], np.float32)
        return np.round(np.asarray(documents[:, query.ids] @ query.weights, np.float32), 4)

    def shared(self, query: str, row: int) -> dict[str, float]:
        """Terms that a query and a document share, each with its share of the score, the largest first."""
        own = self.terms(query)
        weights = self.by_document[[row]].toarray()[0][own.ids] * own.weights
        order = [place for place in np.argsort(-weights, kind="stable") if weights[place] > 0]
        total = float(weights.sum())
        words = self.encoder().words(own.ids[order])
        return {word: float(weights[place]) / total for word, place in zip(words, order, strict=True)}


def _open(opened: Opened, beams: int, named: Named) -> SpladeRetriever:
    index = term_weights.opened(opened.folder, len(opened.row_of))

    def encoder() -> TermEncoder:
        hub.check_here(index.about.model, sparse_encoder.WHAT)
        encoders.check_same(index.about.model, index.about.encoder)
        return sparse_encoder.load(index.about.model)

    return SpladeRetriever(index, lru_cache(maxsize=1)(encoder))


def _evidence(found: Found) -> str:
    by = found.by
    assert isinstance(by, SpladeRetriever)
    terms = list(by.shared(found.query, found.row).items())[:NAMED]
    return f"terms: {', '.join(f'{word} {share:.0%}' for word, share in terms)}"


def _lost(lack: Lack) -> list[Loss]:
    found = places(lack.by.search(lack.queries, lack.documents, lack.allowed), lack.rows)
    return [
        Loss(BELOW, f"rank {at.rank:,}, score {at.score:.3f}", at.rank, at.score) if at else Loss(NO_WORD, "shares no term")
        for at in found
    ]


def _told(opened: Opened, named: Named) -> str:
    about = term_weights.read(opened.folder)
    each = about.entries / max(1, about.documents)
    return f"{each:,.0f} terms a document, {term_weights.megabytes(about):,.1f} MB, by {about.model}; it encodes queries itself"


METHOD = Method(
    name="splade",
    summary="weights of terms by an encoder, also of terms that are not there (learned sparse search)",
    citation="SPLADE (Formal et al. 2021, arXiv:2107.05720)",
    color="#B3862C",
    open=_open,
    evidence=_evidence,
    empty="No document shares a term that counts.",
    there=term_weights.is_there,
    stamp=term_weights.stamp,
    told=_told,
    lost=_lost,
)
