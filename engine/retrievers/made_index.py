"""Vector indexes that are made when somebody asks for them, and what they share: where they lie, how good they were found to be.

They lie in the cache of this machine, named after the vectors that they are of, and travel with no build: whoever reads such a
file trusts it, so nobody reads another's. What an index finds is compared anew by the vectors themselves, which stay on the disk;
so scores are cosines, and squeezing costs only what it lets slip.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from pydantic import Field, ValidationError

from engine import paths
from engine.data.figures import Stored
from engine.errors import TriescopeError
from engine.files import replace_json
from engine.kernels.top_k import top_k
from engine.retrievers import hnsw_width
from engine.retrievers.dense import ExactRetriever
from engine.retrievers.lost import BELOW, SEARCH, Lack, Loss, places
from engine.retrievers.opened import EMBEDDINGS, Opened
from engine.retrievers.ranking import Queries, Ranking, pack, vectors_of
from engine.stored import described
from engine.stored.content import read as read_content
from engine.text import hub

ABOUT = "index.json"
# Candidates for each result that is wanted, and at least; so few documents pass a filter that all of them are compared.
EACH, LEAST, FEW = 4, 100, 2000


class About(Stored):
    """An index as it was made: its width, the share of the ``nearest`` that it found for so many made-up queries
    (:mod:`engine.retrievers.hnsw_width`), bytes of its file, which is read into memory, and seconds that
    it took."""

    documents: int = Field(ge=1)
    dimensions: int = Field(ge=1)
    width: int = Field(ge=1)
    recall: float = Field(ge=0, le=1)
    nearest: int
    probes: int
    bytes: int
    seconds: float


class Nearest(Protocol):
    """An index over vectors, a row each."""

    width: int

    def nearest(self, queries: np.ndarray, depth: int, allowed: np.ndarray | None) -> list[np.ndarray]:
        """Rows of ``depth`` of the nearest to each query, about, int64, in any order; only those ``allowed``."""
        ...


class Squeezed(NamedTuple):
    """A way to squeeze vectors: what it is called, how it is made, written and read."""

    name: str
    widths: tuple[int, ...]
    make: Callable[[np.ndarray], Any]
    write: Callable[[Any, Path], None]
    read: Callable[[Path, About], Any]


class RefinedRetriever(ExactRetriever):
    """Candidates of an index, compared by the vectors themselves.

    Parameters
    ----------
    name : str
        What it is called.
    index : Nearest
        Who finds candidates.
    embeddings : np.ndarray
        Float32 ``(documents, d)``, unit rows.
    """

    def __init__(self, name: str, index: Nearest, embeddings: np.ndarray):
        super().__init__(embeddings)
        self.name, self.index = name, index

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are cosines. Exact where few documents pass the filter, and where
        the index finds fewer than are wanted."""
        vectors = np.ascontiguousarray(vectors_of(self.name, queries), np.float32)
        passing = np.arange(len(self.embeddings)) if allowed is None else np.flatnonzero(allowed)
        wanted = min(k, len(passing))
        if allowed is not None and len(passing) <= FEW:
            found = [passing] * len(vectors)
        else:
            found = self.index.nearest(vectors, min(max(EACH * k, LEAST), len(passing)), allowed)
        results = []
        for query, rows in zip(vectors, found, strict=True):
            rows = rows if len(rows) >= wanted else passing
            scores = np.round(self.embeddings[rows] @ query, 6)
            order = top_k(scores, k, rows)
            results.append((rows[order], scores[order]))
        return pack(results, k)

    def exact(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """The same by comparing all."""
        return super().search(queries, k, allowed)


def folder_of(build: Path, name: str) -> Path:
    """Where an index of a build lies, made or not."""
    return paths.cache() / "indexes" / f"{hub.sha256(build / EMBEDDINGS)[:24]}-{name}"


def is_there(build: Path, name: str) -> bool:
    """Whether a build has one on this machine."""
    return (build / EMBEDDINGS).is_file() and (folder_of(build, name) / ABOUT).is_file()


def stamp(build: Path, name: str) -> str:
    """What changes when it is made anew; empty where there is none."""
    return described.stamp(folder_of(build, name) / ABOUT)


def about(build: Path, name: str) -> About:
    """What is known of it.

    Raises
    ------
    TriescopeError
        There is none, or its file is damaged.
    """
    path = folder_of(build, name) / ABOUT
    if not path.is_file():
        raise TriescopeError(f"{build.name} has no {name} on this machine: `python -m engine indexes {build.name}` makes it")
    try:
        return About.model_validate_json(read_content(path))
    except ValidationError as error:
        raise TriescopeError(f"{path}: damaged ({error.errors()[0]['msg']})") from error


def choose(of: Squeezed, index: Any, embeddings: np.ndarray) -> tuple[int, float]:
    """The narrowest width that reaches the goal, or the widest, and its recall; the index is left at it."""
    queries, found = hnsw_width.probes(embeddings), 0.0
    by = RefinedRetriever(of.name, index, embeddings)
    for width in of.widths:
        index.width = width
        found = recall(by, queries)
        if found >= hnsw_width.GOAL:
            break
    return index.width, round(found, 4)


def recall(by: RefinedRetriever, queries: np.ndarray, nearest: int = hnsw_width.NEAREST) -> float:
    """Share of each query's nearest that are found among so many, by score, so that equals are as good."""
    asked = Queries([""] * len(queries), queries)
    found, exact = by.search(asked, nearest).scores, by.exact(asked, nearest).scores
    last = np.array([scores[np.isfinite(scores)][-1] for scores in exact])
    return float(((found >= last[:, None] - 1e-6).sum(axis=1) / np.isfinite(exact).sum(axis=1)).mean())


def make(of: Squeezed, embeddings: np.ndarray, folder: Path, seconds: Callable[[], float]) -> About:
    """Make an index, measure it and write it into a folder that is there."""
    vectors = np.ascontiguousarray(embeddings, np.float32)
    index = of.make(vectors)
    width, found = choose(of, index, vectors)
    of.write(index, folder)
    known = About(
        documents=len(vectors),
        dimensions=vectors.shape[1],
        width=width,
        recall=found,
        nearest=min(hnsw_width.NEAREST, len(vectors)),
        probes=hnsw_width.PROBES,
        bytes=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        seconds=round(seconds(), 1),
    )
    replace_json(folder / ABOUT, known.model_dump())
    return known


def opened(of: Squeezed, build: Opened) -> tuple[Any, np.ndarray]:
    """An index of a build at the width that was chosen, and the vectors that it is of, as the build was made.

    Raises
    ------
    TriescopeError
        There is none, or it is of other vectors.
    """
    known, whole = about(build.folder, of.name), build.base or build
    if (known.documents, known.dimensions) != whole.embeddings.shape:
        raise TriescopeError(f"{folder_of(build.folder, of.name)}: it is of other vectors; delete the folder")
    index = of.read(folder_of(build.folder, of.name), known)
    index.width = known.width
    return index, whole.embeddings


def told(known: About) -> str:
    """In a few words, for whoever compares it."""
    size, whole = known.bytes / 1e6, known.documents * known.dimensions * 4 / 1e6
    found = f"{known.recall:.1%} of the {known.nearest} nearest of {known.probes} made-up queries"
    return f"{size:,.1f} MB for {whole:,.1f} MB of vectors; found {found}, {known.width:,} wide"


def lost(lack: Lack) -> list[Loss]:
    """Why a list lacks documents: their exact rank, and whether the index let them slip."""
    by = lack.by
    assert isinstance(by, RefinedRetriever)
    losses = []
    for at in places(by.exact(lack.queries, lack.documents, lack.allowed), lack.rows):
        assert at is not None, "every document has a vector"
        slipped = at.rank <= lack.k
        how = f"the index let it slip: exact rank {at.rank:,}" if slipped else f"rank {at.rank:,}"
        losses.append(Loss(SEARCH if slipped else BELOW, f"{how}, cosine {at.score:.3f}", at.rank, at.score))
    return losses
