"""What a build holds: checked against its manifest when it is opened, mapped or read when it is first asked for."""

import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from engine.builds import checked, in_use
from engine.builds.grown import Grown
from engine.builds.manifest import Manifest
from engine.builds.opening import check_encoder, read_identifiers, read_manifest, verify
from engine.builds.parts import Parts
from engine.builds.upgrade import here
from engine.builds.written import check_query
from engine.data import tables
from engine.data.corpus import Corpus
from engine.errors import TriescopeError
from engine.identifiers import Identifiers, assign
from engine.live import journal
from engine.scorers.base import Scorer, encode_for
from engine.text import embed, hub, query_vectors

log = logging.getLogger(__name__)


class Contents(Parts):
    """A build folder, checked against its manifest, with what changed in it since (:mod:`engine.live.journal`).

    Parameters
    ----------
    folder : str or Path
        Where it lies.
    base : Contents, optional
        The same folder without the changes, where it is open already.
    live : bool
        Whether changes are wanted; else the build is as it was made.

    Raises
    ------
    TriescopeError
        The folder is no build, or a file of it is missing or changed.
    """

    base: "Self | None"
    manifest: Manifest

    def __init__(self, folder: str | Path, base: "Self | None" = None, live: bool = True):
        folder = Path(folder)
        self.state = in_use.state(folder)
        if live and journal.stamp(folder):
            self._open_grown(folder, base or type(self)(folder, live=False))
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

    def _open_grown(self, folder: Path, base: "Self") -> None:
        changes = journal.read(folder, base.embeddings.shape[1], base.origin)
        super().__init__(folder, base.model, base.fields)
        self.base, self.origin, self.head = base, base.origin, changes[-1].name
        self.grown = Grown(base, changes)
        self.manifest = base.manifest.model_copy(
            update={"corpus": base.manifest.corpus.grown(len(self.grown.documents), self.head)}
        )

    @classmethod
    def current(cls, folder: Path, known: "Self | None") -> "Self":
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

    def placed(self, vectors: np.ndarray) -> np.ndarray:
        """Content codes that the scheme gives to vectors, int32 ``(n, levels)``.

        Raises
        ------
        TriescopeError
            It cannot (:func:`engine.identifiers.unplaceable`).
        """
        return assign(self.manifest.spec.scheme, (self.base or self).identifiers, vectors)

    @property
    def codes(self) -> np.ndarray:
        """Identifiers: int32 ``(documents, levels)``, -1 padded."""
        return self.identifiers.codes

    def identifier(self, row: int) -> str:
        """Codes of a document row as text: ``3-17-0``."""
        return "-".join(str(code) for code in self.codes[row] if code >= 0)

    def encodes(self, query: str) -> bool:
        """Whether a query has a vector here: any, unless the encoder is not here; then those that came with one."""
        if not hub.absent(self.encoder):
            return True
        known = query_vectors.known(self.encoder, [query])
        return known is not None and bool(known[1][0])

    def encode(self, query: str) -> tuple[np.ndarray, float]:
        """Embedding of a query and the milliseconds it took.

        Raises
        ------
        TriescopeError
            The query is empty, or the encoder is another one than the documents went through.
        """
        check_query(query)
        check_encoder(self.manifest)
        return embed.encode_query(query, self.encoder)

    def embed_queries(self, texts: Sequence[str], progress: embed.Progress | None = None) -> np.ndarray:
        """Embeddings of many queries, through the cache: float32 ``(len(texts), d)``.

        Raises
        ------
        TriescopeError
            The encoder is another one than the documents went through.
        """
        check_encoder(self.manifest)
        return embed.embed(texts, self.encoder, progress, role="query")

    def query_for(self, scorer: Scorer, query: str, vector: np.ndarray) -> np.ndarray:
        """A query as a scorer takes it: its embedding, unless the scorer reads more of it than that."""
        return encode_for(scorer, [query], vector[None])[0]
