"""What a build may be given beside its corpus and its spec, and whether another build was given the same."""

import hashlib
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.builds import layout
from engine.text import query_vectors
from engine.text.query_vectors import QueryVectors


class Given(NamedTuple):
    """Nothing unless named.

    Attributes
    ----------
    behaviour : np.ndarray, optional
        That of :class:`engine.identifiers.base.Material`, a row a document, for schemes that look at it.
    vectors : np.ndarray, optional
        The documents', float32 ``(documents, d)``, where they are there (:mod:`engine.builds.ready`): nothing is embedded.
    queries : QueryVectors, optional
        Those of queries, where the encoder is not here.
    """

    behaviour: np.ndarray | None = None
    vectors: np.ndarray | None = None
    queries: QueryVectors | None = None

    def digests(self) -> dict[str, str]:
        """What an interrupted build has to have been given, to be gone on with."""
        taken = b"" if self.behaviour is None else _in_bytes(self.behaviour)
        found = {"behaviour": hashlib.sha256(taken).hexdigest()}
        if self.vectors is not None:
            found["vectors"] = hashlib.sha256(np.ascontiguousarray(self.vectors).data).hexdigest()
        if self.queries is not None:
            found["query vectors"] = self.queries.digest()
        return found

    def put_into(self, work: Path) -> None:
        """Write into a build in the making what its stages look for there; vectors of documents are a stage that is done."""
        if self.behaviour is not None:
            (work / layout.BEHAVIOUR).write_bytes(_in_bytes(self.behaviour))
        if self.queries is not None:
            query_vectors.store(work, self.queries)

    def unlike(self, folder: Path, encoded: bool) -> str:
        """What a build was given otherwise, in a word or two; empty where nothing. ``encoded``: its encoder is here."""
        if not self._same_behaviour(folder / layout.BEHAVIOUR):
            return "interactions"
        if self.vectors is not None and not np.array_equal(np.load(folder / layout.EMBEDDINGS, mmap_mode="r"), self.vectors):
            return "vectors"
        known = None if encoded else queries_of(folder)
        if not encoded and (known and known.digest()) != (self.queries and self.queries.digest()):
            return "queries' vectors"
        return ""

    def _same_behaviour(self, path: Path) -> bool:
        """But for what another number of cores makes of the last digits."""
        if not path.is_file() or self.behaviour is None:
            return path.is_file() == (self.behaviour is not None)
        known = np.load(path, mmap_mode="r")
        return known.shape == self.behaviour.shape and bool(np.allclose(known, self.behaviour, atol=1e-4))


def queries_of(folder: Path) -> QueryVectors | None:
    """Vectors of queries that lie in a build, made or in the making; None where there are none."""
    return query_vectors.read(folder, int(np.load(folder / layout.EMBEDDINGS, mmap_mode="r").shape[1]))


def _in_bytes(behaviour: np.ndarray) -> bytes:
    written = io.BytesIO()
    np.save(written, np.ascontiguousarray(behaviour, np.float32), allow_pickle=False)
    return written.getvalue()
