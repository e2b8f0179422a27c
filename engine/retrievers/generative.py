"""Generative retrieval: write the identifier code by code, look up the document at the leaf."""

from collections.abc import Iterator

from engine.decoding import decode
from engine.decoding.search import TOGETHER
from engine.decoding.trace import Trace
from engine.retrievers.base import Queries, Ranking, pack
from engine.retrievers.dense import vectors_of
from engine.scorers.base import Scorer, encode_for
from engine.trie import Trie

DEFAULT_BEAMS = 50


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
