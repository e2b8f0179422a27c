"""Retrievers by name. To add one: write its file, add it to :data:`RETRIEVERS`."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine import identifiers, trie
from engine.errors import TriescopeError
from engine.retrievers.base import Queries, Ranking, Retriever
from engine.retrievers.dense import ExactRetriever, HnswRetriever
from engine.retrievers.generative import DEFAULT_BEAMS, GenerativeRetriever
from engine.retrievers.hybrid import HybridRetriever, Tuning
from engine.retrievers.sparse import SparseRetriever
from engine.scorers import centroid

__all__ = ["DEFAULT_BEAMS", "RETRIEVERS", "Queries", "Ranking", "Retriever", "open_members", "open_retriever", "open_scorer"]


def open_scorer(folder: Path) -> centroid.CentroidScorer:
    """The scorer of a build folder, over its own trie."""
    codebooks = identifiers.load(folder / "identifiers.npz").codebooks
    return centroid.load(trie.load(folder / "trie"), codebooks, folder / "scorer")


def _embeddings(folder: Path) -> np.ndarray:
    return np.load(folder / "embeddings.npy", mmap_mode="r", allow_pickle=False)


def _generative(folder: Path, beams: int) -> GenerativeRetriever:
    scorer = open_scorer(folder)
    return GenerativeRetriever(scorer.trie, scorer, beams)


def open_members(
    folder: Path, beams: int = DEFAULT_BEAMS
) -> tuple[SparseRetriever, ExactRetriever, GenerativeRetriever, HnswRetriever]:
    """What the hybrid is made of."""
    return (
        SparseRetriever(folder / "sparse"),
        ExactRetriever(_embeddings(folder)),
        _generative(folder, beams),
        HnswRetriever(folder / "dense.faiss"),
    )


def _hybrid(folder: Path, beams: int) -> HybridRetriever:
    stored = json.loads((folder / "tuning.json").read_text("utf-8"))
    tuning = Tuning(tuple(stored["weights"]), float(stored["threshold"]), str(stored["chosen_on"]))
    return HybridRetriever(*open_members(folder, beams), tuning)


RETRIEVERS: dict[str, Callable[[Path, int], Retriever]] = {
    "bm25": lambda folder, beams: SparseRetriever(folder / "sparse"),
    "dense": lambda folder, beams: ExactRetriever(_embeddings(folder)),
    "dense-hnsw": lambda folder, beams: HnswRetriever(folder / "dense.faiss"),
    "generative": _generative,
    "hybrid": _hybrid,
}


def open_retriever(name: str, folder: Path, beams: int = DEFAULT_BEAMS) -> Retriever:
    """Open a retriever of a build folder; ``beams`` matters to those that decode."""
    if name not in RETRIEVERS:
        raise TriescopeError(f"unknown retriever {name!r}; there are {', '.join(RETRIEVERS)}")
    return RETRIEVERS[name](folder, beams)
