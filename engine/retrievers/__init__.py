"""Retrievers by name. To add one: write its file, add it to :data:`RETRIEVERS`.

``generative`` and ``hybrid`` decode with the build's default scorer; ``generative:NAME`` and ``hybrid:NAME`` with the one named.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine import identifiers, trie
from engine.builds import layout, runs
from engine.errors import TriescopeError
from engine.retrievers.base import Queries, Ranking, Retriever
from engine.retrievers.dense import ExactRetriever, HnswRetriever
from engine.retrievers.generative import DEFAULT_BEAMS, GenerativeRetriever
from engine.retrievers.hybrid import HybridRetriever, Tuning
from engine.retrievers.sparse import SparseRetriever
from engine.scorers import centroid
from engine.scorers.base import Scorer
from engine.scorers.kinds import Parts

__all__ = [
    "DEFAULT_BEAMS",
    "RETRIEVERS",
    "Queries",
    "Ranking",
    "Retriever",
    "open_members",
    "open_parts",
    "open_retriever",
    "open_scorer",
    "split_name",
]


def open_parts(folder: Path) -> Parts:
    """What every scorer of a build folder is made of, mapped."""
    codebooks = identifiers.load(folder / layout.IDENTIFIERS).codebooks
    means = np.load(folder / layout.MEANS, mmap_mode="r", allow_pickle=False)
    # A build in the making has no manifest yet, and no trained scorer that could ask for the encoder.
    manifest = folder / layout.MANIFEST
    encoder = json.loads(manifest.read_text("utf-8"))["spec"]["model"] if manifest.is_file() else ""
    return Parts(trie.load(folder / layout.TRIE), means, codebooks, encoder)


def open_scorer(folder: Path, name: str = "", parts: Parts | None = None) -> Scorer:
    """A scorer of a build folder; the default one unless named. Scorers that share ``parts`` share the trie."""
    name, parts = name or runs.default(folder), parts or open_parts(folder)
    if name == runs.CENTROID:
        return centroid.CentroidScorer(parts.trie, parts.means, parts.codebooks)
    return runs.open_scorer(folder, name, parts)


def _embeddings(folder: Path) -> np.ndarray:
    return np.load(folder / layout.EMBEDDINGS, mmap_mode="r", allow_pickle=False)


def _generative(folder: Path, beams: int, scorer: str) -> GenerativeRetriever:
    parts = open_parts(folder)
    return GenerativeRetriever(parts.trie, open_scorer(folder, scorer, parts), beams)


def open_members(
    folder: Path, beams: int = DEFAULT_BEAMS, scorer: str = ""
) -> tuple[SparseRetriever, ExactRetriever, GenerativeRetriever, HnswRetriever]:
    """What the hybrid is made of."""
    return (
        SparseRetriever(folder / layout.SPARSE),
        ExactRetriever(_embeddings(folder)),
        _generative(folder, beams, scorer),
        HnswRetriever(folder / layout.HNSW),
    )


def _hybrid(folder: Path, beams: int, scorer: str) -> HybridRetriever:
    # Each trained scorer has weights of its own, chosen on development queries when its training ended.
    name = scorer or runs.default(folder)
    tuned = json.loads((folder / layout.TUNING).read_text("utf-8"))
    stored = tuned if name == runs.CENTROID else runs.read(folder, name)["tuning"]
    tuning = Tuning(tuple(stored["weights"]), float(stored["threshold"]), str(stored["chosen_on"]))
    return HybridRetriever(*open_members(folder, beams, name), tuning)


RETRIEVERS: dict[str, Callable[[Path, int, str], Retriever]] = {
    "bm25": lambda folder, beams, scorer: SparseRetriever(folder / layout.SPARSE),
    "dense": lambda folder, beams, scorer: ExactRetriever(_embeddings(folder)),
    "dense-hnsw": lambda folder, beams, scorer: HnswRetriever(folder / layout.HNSW),
    "generative": _generative,
    "hybrid": _hybrid,
}
DECODING = ("generative", "hybrid")


def split_name(name: str) -> tuple[str, str]:
    """Retriever and scorer of a name; the scorer is empty where none is named.

    >>> split_name("generative:node"), split_name("bm25")
    (('generative', 'node'), ('bm25', ''))
    """
    retriever, _, scorer = name.partition(":")
    if retriever not in RETRIEVERS:
        raise TriescopeError(f"unknown retriever {name!r}; there are {', '.join(RETRIEVERS)}")
    if ":" in name and (retriever not in DECODING or not scorer):
        raise TriescopeError(f"{name!r}: a scorer can be named after {' or '.join(DECODING)}, like generative:centroid")
    return retriever, scorer


def open_retriever(name: str, folder: Path, beams: int = DEFAULT_BEAMS) -> Retriever:
    """Open a retriever of a build folder; ``beams`` matters to those that decode."""
    retriever, scorer = split_name(name)
    return RETRIEVERS[retriever](folder, beams, scorer)
