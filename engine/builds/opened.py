"""An opened build: what it holds (:mod:`engine.builds.contents`), and what it answers."""

import time
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from engine import filters
from engine.builds import turns
from engine.builds.contents import Contents
from engine.builds.hits import hits_of, of_query
from engine.builds.results import Decode, How, Results, told
from engine.builds.written import check_query, parse_prefix
from engine.decoding import strategies
from engine.decoding.trace import Trace, steps_json
from engine.errors import TriescopeError
from engine.explaining.why import Why, why
from engine.retrievers import DEFAULT_BEAMS, Queries
from engine.retrievers.lost import Loss, lost
from engine.text.rewriting import Rewritten, Vocabulary, dictionary, rewritten, whole_words
from engine.text.words import pieces
from engine.trie import Tree, restrict

# Whose queries are read for words that people use.
TRAIN = "train"


class Build(Contents):
    """A build folder, checked against its manifest, with what changed in it since; its parameters are those of
    :class:`engine.builds.contents.Contents`."""

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the documents, of train queries, of the encoder and, where there is one, of a dictionary."""
        asked = Counter(word for query in self.corpus.qrels.get(TRAIN, {}) for word in pieces(self.corpus.queries[query]))
        known = [word for word, count in asked.most_common() if word.isalpha()]
        known += [*whole_words(self.model), *dictionary(self.language)]
        return Vocabulary(self.texts(), list(dict.fromkeys(known)), self.language)

    def rewritten(self, query: str) -> Rewritten:
        """A query without its typing errors and without what only asks (:mod:`engine.text.rewriting`), and what was changed."""
        return rewritten(query, self.vocabulary)

    def turned(self, query: str, more: Sequence[str] = (), less: Sequence[str] = ()) -> np.ndarray:
        """Vector of a query moved towards some documents, by id, and away from others (:mod:`engine.builds.turns`): for
        :meth:`search` and :meth:`decode`."""
        return turns.vector(self, self.encode(query)[0], turns.Turns(tuple(more), tuple(less)))

    def search(
        self,
        query: str,
        retriever: str = "generative",
        k: int = 10,
        beams: int = DEFAULT_BEAMS,
        vector: np.ndarray | None = None,
        filter: str = "",
    ) -> Results:
        """Hits of one query, and milliseconds: ``encode`` (0 if a vector was given or none is needed), ``search``.

        Only documents that pass the ``filter`` are searched (:mod:`engine.filters`), so ``k`` hits come back where as many pass
        and can be found.
        """
        check_query(query)
        allowed = self.allowed(filter)
        opened, encode_ms = self.retriever(retriever, beams), 0.0
        if opened.needs_vectors and vector is None:
            vector, encode_ms = self.encode(query)
        start = time.perf_counter()
        ranking = opened.search(Queries([query], None if vector is None else vector[None]), k, allowed)
        search_ms = (time.perf_counter() - start) * 1e3
        return Results(of_query(self, ranking, 0, retriever), {"encode": round(encode_ms, 3), "search": round(search_ms, 3)})

    def allowed(self, filter_text: str) -> np.ndarray | None:
        """Which documents pass a filter: bool, an entry a document row; None where there is no filter.

        Raises
        ------
        TriescopeError
            It is no filter over these columns (:func:`engine.filters.evaluate`), or lets nothing through.
        """
        if not filter_text:
            return None
        allowed = filters.evaluate(self.columns, filter_text)
        if not allowed.any():
            raise TriescopeError(f"filter: none of {len(allowed):,} documents passes it")
        return allowed

    def view(self, filter_text: str = "", force: str = "", ban: Sequence[str] = ()) -> Tree:
        """The trie, restricted to documents that pass a filter and to identifiers that begin as told.

        Prefixes are text like ``3-17``; see :func:`engine.filters.evaluate` for filters.
        """
        if not (filter_text or force or ban):
            return self.trie
        return restrict(self.trie, self.allowed(filter_text), parse_prefix(force), [parse_prefix(prefix) for prefix in ban])

    def left_aside(self, filter_text: str) -> list[str]:
        """What a filter cannot compare, a sentence a column; see :func:`engine.filters.left_aside`."""
        return filters.left_aside(self.columns, filter_text) if filter_text else []

    def decode(
        self,
        query: str,
        beams: int = DEFAULT_BEAMS,
        vector: np.ndarray | None = None,
        strategy: str = "beam",
        tree: Tree | None = None,
        settings: dict[str, Any] | None = None,
        seed: int = 0,
        temperature: float = 1.0,
        scorer: str = "",
        branch: str = "",
    ) -> Decode:
        """Decode one query by a strategy and keep everything that was considered; with a prefix to ``branch`` at, go back to its
        step, keep it alone there and go on (:mod:`engine.decoding.branching`)."""
        check_query(query)
        vector = self.encode(query)[0] if vector is None else vector
        opened = self.scorer(scorer)
        taken = self.query_for(opened, query, vector)
        seen = tree or self.trie
        trace = strategies.decode(strategy, seen, opened, taken, beams, settings or {}, seed, temperature)
        named, line = scorer or self.default_scorer, told(strategy, settings, temperature)
        made = Decode.of(trace, How(self, query, taken, named, line, seen, temperature))
        return made.branch(branch) if branch else made

    def why(
        self,
        query: str,
        document: str,
        beams: int = DEFAULT_BEAMS,
        vector: np.ndarray | None = None,
        tree: Tree | None = None,
        temperature: float = 1.0,
        scorer: str = "",
    ) -> Why:
        """Why beam search brings a document, or why it does not."""
        check_query(query)
        if document not in self.row_of:
            raise TriescopeError(f"{self.name} has no document {document!r}")
        vector = self.encode(query)[0] if vector is None else vector
        opened = self.scorer(scorer)
        return why(tree or self.trie, opened, self.query_for(opened, query, vector), self.row_of[document], beams, temperature)

    def lost(
        self,
        query: str,
        documents: Sequence[str],
        retriever: str = "generative",
        k: int = 10,
        beams: int = DEFAULT_BEAMS,
        vector: np.ndarray | None = None,
        filter: str = "",
    ) -> list[Loss]:
        """Why the list of ``k`` that :meth:`search` gives lacks each of the documents, by id (:mod:`engine.retrievers.lost`)."""
        check_query(query)
        if unknown := [document for document in documents if document not in self.row_of]:
            raise TriescopeError(f"{self.name} has no document {unknown[0]!r}")
        if vector is None and self.retriever(retriever, beams).needs_vectors:
            vector = self.encode(query)[0]
        rows = [self.row_of[document] for document in documents]
        asked = Queries([query], None if vector is None else vector[None])
        return lost(self, retriever, asked, rows, k, beams, self.allowed(filter))

    def trace_json(self, query: str, trace: Trace, k: int = 10, tree: Tree | None = None) -> dict:
        """The trace as plain values, with the first ``k`` documents it leads to."""
        rows, scores = trace.documents(tree or self.trie, k)
        hits = hits_of(self.documents, self.identifier, rows, scores, ["generative"] * len(rows))
        return {
            "query": query,
            "strategy": trace.strategy,
            "beams": trace.beams,
            "scored": trace.scored,
            "confidence": round(trace.confidence, 4),
            "steps": steps_json(trace, self.trie),
            "hits": [hit._asdict() for hit in hits],
        }
