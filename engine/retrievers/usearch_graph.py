"""Approximate dense search by a walk over a graph of vectors of eight bits a number, with usearch (Vardanian 2023).

Documents are added to it and taken out of it where it stands. Its Python side has no filter within the walk: under one it walks
further, until enough of what it meets passes.
"""

from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import TriescopeError
from engine.retrievers import squeezed
from engine.retrievers.made_index import About, Squeezed

FILE, NAME = "graph.usearch", "dense-usearch"
LINKS, BUILD_WIDTH = 16, 128
# Vectors that are added in one call.
BLOCK = 4096


class Graph:
    """See :class:`engine.retrievers.made_index.Nearest`; ``width`` is the number of nodes that a walk keeps in view."""

    def __init__(self, index: Any):
        self.index, self.width = index, 64

    def nearest(self, queries: np.ndarray, depth: int, allowed: np.ndarray | None) -> list[np.ndarray]:
        """Rows that a walk meets; under a filter it goes twice as far until enough of them pass, or all were met."""
        return [self._of_one(query, depth, allowed) for query in queries]

    def _of_one(self, query: np.ndarray, depth: int, allowed: np.ndarray | None) -> np.ndarray:
        total, far = len(self.index), depth
        while True:
            self.index.expansion_search = max(self.width, far)
            # One thread: with more, equal questions have had unequal answers.
            keys = np.asarray(self.index.search(query, min(far, total), threads=1).keys).astype(np.int64)
            rows = keys if allowed is None else keys[allowed[keys]]
            if len(rows) >= depth or far >= total:
                return rows[:depth]
            far *= 2

    def add(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        """More vectors, under their rows."""
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            self.index.add(rows[part].astype(np.uint64), np.ascontiguousarray(vectors[part], np.float32), threads=1)

    def remove(self, rows: np.ndarray) -> None:
        """Take rows out."""
        self.index.remove(rows.astype(np.uint64))


def _new(width: int) -> Graph:
    from usearch.index import Index

    return Graph(Index(ndim=width, metric="cos", dtype="i8", connectivity=LINKS, expansion_add=BUILD_WIDTH))


def make(vectors: np.ndarray) -> Graph:
    """A graph over float32 ``(n, d)`` unit vectors."""
    made = _new(vectors.shape[1])
    made.add(np.arange(len(vectors)), vectors)
    return made


def _write(of: Graph, folder: Path) -> None:
    of.index.save(str(folder / FILE))


def _read(folder: Path, about: About) -> Graph:
    made = _new(about.dimensions)
    try:
        made.index.load(str(folder / FILE))
    except (RuntimeError, ValueError, OSError) as error:
        raise TriescopeError(f"{folder / FILE}: not a graph of usearch; delete the folder") from error
    if (len(made.index), made.index.ndim) != (about.documents, about.dimensions):
        raise TriescopeError(f"{folder / FILE}: not a graph of these vectors; delete the folder")
    return made


SQUEEZED = Squeezed(NAME, (64, 128, 256, 512, 1024), make, _write, _read)


class _Grown:
    """The same where documents came and went: they are added and taken out in memory; rows are counted anew."""

    def __init__(self, of: Graph, kept: np.ndarray, added: np.ndarray):
        before = len(of.index)
        of.remove(np.setdiff1d(np.arange(before), kept))
        if len(added):
            of.add(before + np.arange(len(added)), added)
        self.of, self.width, self.size = of, of.width, before + len(added)
        self.rows = np.concatenate([kept, before + np.arange(len(added))])

    def nearest(self, queries: np.ndarray, depth: int, allowed: np.ndarray | None) -> list[np.ndarray]:
        passing = None
        if allowed is not None:
            passing = np.zeros(self.size, bool)
            passing[self.rows[allowed]] = True
        self.of.width = self.width
        return squeezed.renumbered(self.of.nearest(queries, depth, passing), self.rows, self.size)


METHOD = squeezed.method(
    SQUEEZED,
    _Grown,
    summary="vectors of eight bits a number, nearest by a walk over a graph; what is found is compared anew: approximate",
    citation="Vardanian 2023 (USearch)",
    color="#88CCEE",
)
