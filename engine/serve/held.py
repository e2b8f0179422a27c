"""One build as a server holds it: opened whole, so that its answers stay those of this build, whatever is put in its place."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from engine import retrievers
from engine.builds import hits, in_use
from engine.builds.hits import Hits
from engine.builds.opened import Build
from engine.builds.opening import check_encoder
from engine.errors import TriescopeError
from engine.retrievers import Queries
from engine.text import embed

# Vectors of queries that are kept, some 1.5 kB each; filters that are kept, a byte a document.
VECTORS, FILTERS = 4096, 16
WARM = "warm"
T = TypeVar("T")


class MovedError(Exception):
    """The folder of a build is another one now, and something of it was to be read that had not been read before."""


class Held:
    """An opened build that does not go back to its folder for what is usually asked.

    Parameters
    ----------
    folder : Path
        The build's.
    before : Held, optional
        The one held until now; where only documents came or went since, what was opened of it is used again.

    Attributes
    ----------
    unencoded : str
        Why queries cannot be encoded, and only words are searched; empty where they can.
    ready : set of str
        Retrievers whose files are all in memory.

    Raises
    ------
    TriescopeError
        It is no build, is damaged, or was replaced while it was opened.
    """

    def __init__(self, folder: Path, before: "Held | None" = None):
        self.identity = in_use.state(folder)
        self.build: Build = Build.current(folder, before.build if before else None)
        self.unencoded = ""
        self.ready: set[str] = set()
        self._vectors: OrderedDict[str, np.ndarray] = OrderedDict()
        self._filters: OrderedDict[str, np.ndarray] = OrderedDict()
        self._made: dict[str, tuple[object, Any]] = {}
        self._lock, self._making = threading.Lock(), threading.Lock()
        build = self.build
        _ = build.documents, build.row_of, build.trie, build.names, build.identifiers, build.columns
        self._encode = self._way()
        for name in dict.fromkeys(["generative", *retrievers.usual(), "dense-hnsw"]):
            self._open(name)
        if self.moved():
            raise TriescopeError(f"{folder}: another build was put in its place while it was opened")

    @property
    def name(self) -> str:
        """What the build is called: its folder's name."""
        return self.build.folder.name

    def moved(self) -> bool:
        """Whether its folder holds another build now, or none, or documents came or went."""
        return in_use.state(self.build.folder) != self.identity

    def check(self, retriever: str) -> None:
        """Refuse to go on where a retriever would have to be read from a folder that holds another build now: one that was not
        asked before, or one that decodes, whose scorer and weights are looked up at every search.

        Raises
        ------
        MovedError
            It would.
        """
        if self.moved() and (retriever not in self.ready or retrievers.method_of(retriever)[0].decodes):
            raise MovedError(self.name)

    def kept(self, what: str, stamp: object, make: Callable[[], T]) -> T:
        """Something that is made of the build and kept for its next use, until another is asked for or its stamp changes."""
        with self._making:
            known = self._made.get(what)
            if known is None or known[0] != stamp:
                known = self._made[what] = (stamp, make())
            return known[1]

    def whole(self) -> "Held":
        """Itself, for work that looks into its folder.

        Raises
        ------
        MovedError
            The folder holds another build now.
        """
        if self.moved():
            raise MovedError(self.name)
        return self

    def allowed(self, filter_text: str) -> np.ndarray | None:
        """See :meth:`engine.builds.opened.Build.allowed`; the last :data:`FILTERS` are remembered."""
        if not filter_text:
            return None
        with self._lock:
            known = self._filters.get(filter_text)
        if known is None:
            known = self.build.allowed(filter_text)
            assert known is not None
            self._keep(self._filters, FILTERS, filter_text, known)
        return known

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Unit embeddings of queries, float32 ``(len(texts), d)``; those that are not remembered are encoded together.

        Raises
        ------
        TriescopeError
            The encoder is another one than the documents went through, or is not there.
        """
        if self._encode is None:
            raise TriescopeError(self.unencoded)
        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
        if lacking := [text for text in dict.fromkeys(texts) if text not in known]:
            for text, vector in zip(lacking, self._encode(lacking), strict=True):
                known[text] = vector.copy()  # a row of the whole would keep the whole
                self._keep(self._vectors, VECTORS, text, known[text])
        return np.array([known[text] for text in texts])

    def search(self, texts: Sequence[str], retriever: str, k: int, beams: int, filter_text: str) -> list[Hits]:
        """Hits of several queries, found together.

        Raises
        ------
        TriescopeError
            As :meth:`engine.builds.opened.Build.search`.
        MovedError
            See :meth:`check`.
        """
        self.check(retriever)
        opened = self.build.retriever(retriever, beams)
        queries = Queries(list(texts), self.vectors(texts) if opened.needs_vectors else None)
        ranking = opened.search(queries, k, self.allowed(filter_text))
        found = [hits.of_query(self.build, ranking, place, retriever) for place in range(len(texts))]
        self.check(retriever)
        return found

    def _way(self) -> Callable[[Sequence[str]], np.ndarray] | None:
        """What encodes queries, opened once: the encoder's files are looked at here and not at every query."""
        manifest = self.build.manifest
        try:
            check_encoder(manifest)
            return embed.query_way(self.build.encoder, manifest.encoder.sha256 or "")
        except TriescopeError as error:
            self.unencoded = str(error)
            return None

    def _open(self, name: str) -> None:
        """Search once, so that what a retriever reads and compiles is there before somebody waits for it."""
        try:
            self.search([WARM], name, 10, retrievers.DEFAULT_BEAMS, "")
            self.ready.add(name)
        except TriescopeError:
            pass  # this build has no such index, or no encoder; whoever asks for it is told

    def _keep(self, kept: "OrderedDict[str, np.ndarray]", most: int, key: str, value: np.ndarray) -> None:
        with self._lock:
            kept[key] = value
            kept.move_to_end(key)
            while len(kept) > most:
                kept.popitem(last=False)
