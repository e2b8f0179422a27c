"""Generative retrieval: write the identifier code by code, look up the document at the leaf (DSI, Tay et al. 2022)."""

from collections.abc import Iterator

import numpy as np

from engine.decoding import decode
from engine.decoding.search import TOGETHER
from engine.decoding.trace import Trace
from engine.retrievers.base import DEFAULT_BEAMS, Found, Method, Named, Opened, Queries, Ranking, pack, vectors_of
from engine.scorers.base import Scorer, encode_for
from engine.trie import Trie


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
        """What :meth:`search` returns, and how sure each decode was (:attr:`engine.decoding.trace.Trace.confidence`), float64."""
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
