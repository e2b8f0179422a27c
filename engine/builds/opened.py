"""An opened build: everything that was built, mapped or read when first asked for."""

import logging
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from engine import filters
from engine.builds import checked, in_use, turns
from engine.builds.grown import Grown
from engine.builds.hits import hits_of, of_query
from engine.builds.manifest import Manifest
from engine.builds.opening import check_encoder, read_identifiers, read_manifest, verify
from engine.builds.parts import Parts
from engine.builds.results import Decode, How, Results, told
from engine.builds.upgrade import here
from engine.builds.written import check_query, parse_prefix
from engine.data import tables
from engine.data.corpus import Corpus
from engine.decoding import strategies
from engine.decoding.trace import Trace, steps_json
from engine.errors import TriescopeError
from engine.explaining.why import Why, why
from engine.identifiers import Identifiers
from engine.live import journal
from engine.retrievers import DEFAULT_BEAMS, Queries
from engine.retrievers.lost import Loss, lost
from engine.scorers.base import Scorer, encode_for
from engine.text import embed
from engine.trie import Tree, restrict

log = logging.getLogger(__name__)


class Build(Parts):
    """A build folder, checked against its manifest, with what changed in it since (:mod:`engine.live.journal`).

    Parameters
    ----------
    folder : str or Path
        Where it lies.
    base : Build, optional
        The same folder without the changes, where it is open already.
    live : bool
        Whether changes are wanted; else the build is as it was made.

    Raises
    ------
    TriescopeError
        The folder is no build, or a file of it is missing or changed.
    """

    base: "Build | None"
    manifest: Manifest

    def __init__(self, folder: str | Path, base: "Build | None" = None, live: bool = True):
        folder = Path(folder)
        self.state = in_use.state(folder)
        if live and journal.stamp(folder):
            self._open_grown(folder, base or Build(folder, live=False))
            return
        self.manifest = read_manifest(folder)
        self.origin = journal.origin(folder)
        verify(folder, self.manifest)
        checked.counts(folder, self.manifest)
        super().__init__(folder, self.manifest.spec.model, self.manifest.spec.fields)
        self.head = ""
        try:
            if here(self.model):
                check_encoder(self.manifest)
        except TriescopeError as error:
            log.warning("%s: %s; until then only words are searched", folder, error)

    def _open_grown(self, folder: Path, base: "Build") -> None:
        changes = journal.read(folder, base.embeddings.shape[1], base.origin)
        super().__init__(folder, base.model, base.fields)
        self.base, self.origin, self.head = base, base.origin, changes[-1].name
        self.grown = Grown(base, changes)
        self.manifest = base.manifest.model_copy(
            update={"corpus": base.manifest.corpus.grown(len(self.grown.documents), self.head)}
        )

    @classmethod
    def current(cls, folder: Path, known: "Build | None") -> "Build":
        """The build of a folder as it is now: the one that is ``known``, where nothing changed since it was opened, else opened
        anew, and where only documents came or went with what is known of the rest."""
        now = in_use.state(folder)
        if known and now and known.state and known.state[0] == now[0]:
            return known if known.state == now else cls(folder, known.base or known)
        return cls(folder)

    @property
    def version(self) -> str:
        """What is different as soon as anything of it is: when it was made, and the last change."""
        return f"{self.manifest.created} {self.head}"

    @property
    def catalogue(self) -> str:
        """Names the catalogue for judgements and the like, which stay when documents come and go."""
        return self.manifest.corpus.began or (self.base.manifest if self.base else self.manifest).corpus.sha256

    @property
    def name(self) -> str:
        """Name of the corpus."""
        return self.manifest.corpus.name

    @property
    def language(self) -> str:
        """The language that keyword search takes the documents to be in."""
        return self.manifest.spec.language

    @property
    def model(self) -> str:
        """Name of the encoder."""
        return self.manifest.spec.model

    @cached_property
    def corpus(self) -> Corpus:
        """Documents, queries and judgements."""
        known = self.manifest.corpus
        return Corpus(self.name, self.documents, *tables.read_queries(self.folder), known.left_out, known.notes)

    @cached_property
    def names(self) -> list[str]:
        """Words for each trie node."""
        if self.grown:
            return self.grown.names
        return tables.read_names(self.folder, len(self.trie.code))

    @cached_property
    def identifiers(self) -> Identifiers:
        """What the scheme fitted, and which codes carry content."""
        if self.grown:
            return self.grown.identifiers
        return read_identifiers(self.folder, self.manifest.spec, len(self.embeddings))

    @property
    def codes(self) -> np.ndarray:
        """Identifiers: int32 ``(documents, levels)``, -1 padded."""
        return self.identifiers.codes

    @cached_property
    def columns(self) -> filters.Columns:
        """Columns that a filter can name."""
        return filters.columns_of(self.corpus.documents)

    def identifier(self, row: int) -> str:
        """Codes of a document row as text: ``3-17-0``."""
        return "-".join(str(code) for code in self.codes[row] if code >= 0)

    def encode(self, query: str) -> tuple[np.ndarray, float]:
        """Embedding of a query and the milliseconds it took.

        Raises
        ------
        TriescopeError
            The query is empty, or the encoder is another one than the documents went through.
        """
        check_query(query)
        check_encoder(self.manifest)
        return embed.encode_query(query, self.model)

    def embed_queries(self, texts: Sequence[str], progress: embed.Progress | None = None) -> np.ndarray:
        """Embeddings of many queries, through the cache: float32 ``(len(texts), d)``.

        Raises
        ------
        TriescopeError
            The encoder is another one than the documents went through.
        """
        check_encoder(self.manifest)
        return embed.embed(texts, self.model, progress, role="query")

    def turned(self, query: str, more: Sequence[str] = (), less: Sequence[str] = ()) -> np.ndarray:
        """Vector of a query moved towards some documents, by id, and away from others (:mod:`engine.builds.turns`): for
        :meth:`search` and :meth:`decode`."""
        return turns.vector(self, self.encode(query)[0], turns.Turns(tuple(more), tuple(less)))

    def query_for(self, scorer: Scorer, query: str, vector: np.ndarray) -> np.ndarray:
        """A query as a scorer takes it: its embedding, unless the scorer reads more of it than that."""
        return encode_for(scorer, [query], vector[None])[0]

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
