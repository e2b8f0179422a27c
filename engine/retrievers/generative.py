"""Generative retrieval: write the identifier code by code, look up the document at the leaf (DSI, Tay et al. 2022)."""

from collections.abc import Iterator

import numpy as np

from engine.decoding import decode
from engine.decoding.search import TOGETHER
from engine.decoding.trace import Trace
from engine.retrievers.base import DEFAULT_BEAMS, Found, Method, Named, Opened, Queries, Ranking, pack, vectors_of
from engine.scorers.base import Scorer, encode_for
from engine.trie import Trie

# Beams of the decode that says how sure it is: a threshold then means the same at every width.
SURE_BEAMS = DEFAULT_BEAMS


class GenerativeRetriever:
    """Constrained beam search over the trie with any scorer."""

    name = "generative"
    needs_vectors = True

    def __init__(self, trie: Trie, scorer: Scorer, beams: int = DEFAULT_BEAMS):
        self.trie = trie
        self.scorer = scorer
        self.beams = beams

    def traces(self, queries: Queries, sure: bool = False) -> Iterator[Trace]:
        """Decode queries without keeping what was pruned; a group's traces are let go before the next group is decoded.

        ``sure`` adds how sure each is, as in :func:`engine.decoding.decode`.
        """
        taken = encode_for(self.scorer, queries.texts, vectors_of(self.name, queries))
        for start in range(0, len(taken), TOGETHER):
            yield from decode(self.trie, self.scorer, taken[start : start + TOGETHER], self.beams, sure=sure)

    def search(self, queries: Queries, k: int) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are the totals of the paths (nats up to a constant)."""
        return pack([trace.documents(self.trie, k) for trace in self.traces(queries)], k)

    def search_with_confidence(self, queries: Queries, k: int) -> tuple[Ranking, np.ndarray]:
        """What :meth:`search` returns, and how sure of its best path a decode is, float64 ``(queries,)``.

        The confidence (:attr:`engine.decoding.trace.Trace.confidence`) is that of :data:`SURE_BEAMS` beams, whatever the width
        searched with: a narrow beam often ends at a poorer leaf and would look less sure of the same query.
        """
        if self.beams != SURE_BEAMS:
            sure = GenerativeRetriever(self.trie, self.scorer, SURE_BEAMS)
            return self.search(queries, k), sure.search_with_confidence(queries, 1)[1]
        found, confidences = [], []
        for trace in self.traces(queries, sure=True):
            found.append(trace.documents(self.trie, k))
            confidences.append(trace.confidence)
        return pack(found, k), np.array(confidences, np.float64)


def _open(opened: Opened, beams: int, named: Named) -> GenerativeRetriever:
    return GenerativeRetriever(opened.trie, opened.scorer(named.scorer), beams)


def _evidence(found: Found) -> str:
    return f"codes {found.identifier}"


METHOD = Method(
    name="generative",
    summary="writes identifiers, one code at a time",
    citation="Tay et al. 2022, arXiv:2202.06991",
    color="#0072B2",
    open=_open,
    evidence=_evidence,
    decodes=True,
    usual=True,
)
