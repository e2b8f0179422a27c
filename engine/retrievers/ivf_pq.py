"""Approximate dense search in little memory: product quantization in an inverted file (Jégou, Douze and Schmid 2011), with faiss.

A vector is its nearest coarse centre, and a byte for each eighth number of what is left. A search looks into the lists of the
nearest centres; under a filter, faiss passes over what is left out while it looks.
"""

from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import TriescopeError
from engine.retrievers import squeezed
from engine.retrievers.made_index import About, Squeezed

FILE, NAME = "ivfpq.faiss", "dense-ivfpq"
# Numbers of a vector that share a byte; vectors for each list, about; bits of a byte where there is little to learn them from.
TOGETHER, OF_A_LIST, BITS, FEWER, ENOUGH = 8, 40, 8, 4, 1_000


class IvfPq:
    """See :class:`engine.retrievers.made_index.Nearest`; ``width`` is the number of lists that are looked into."""

    def __init__(self, index: Any):
        self.index, self.width = index, 1

    def nearest(self, queries: np.ndarray, depth: int, allowed: np.ndarray | None) -> list[np.ndarray]:
        """Rows by their squeezed vectors; where the lists hold too few, or too few that pass, more of them are looked into."""
        import faiss

        asked, few = faiss.SearchParametersIVF(), np.arange(len(queries))
        if allowed is not None:
            selector = faiss.IDSelectorBatch(np.flatnonzero(allowed).astype(np.int64))  # kept by name: faiss does not keep it
            asked.sel = selector
        found = [np.empty(0, np.int64)] * len(queries)
        asked.nprobe = min(self.width, self.index.nlist)
        while len(few):
            _, rows = self.index.search(np.ascontiguousarray(queries[few]), depth, params=asked)
            for place, of in zip(few.tolist(), rows, strict=True):
                found[place] = of[of >= 0].astype(np.int64)
            if asked.nprobe >= self.index.nlist:
                break
            few = few[[len(found[place]) < depth for place in few.tolist()]]
            asked.nprobe = min(4 * asked.nprobe, self.index.nlist)
        return found

    def add(self, vectors: np.ndarray) -> None:
        """More rows, behind those that are there."""
        self.index.add(np.ascontiguousarray(vectors, np.float32))


def make(vectors: np.ndarray) -> IvfPq:
    """Learn lists and bytes from float32 ``(n, d)`` unit vectors, and put all of them in."""
    import faiss

    rows, width = vectors.shape
    lists = max(1, min(int(4 * np.sqrt(rows)), rows // OF_A_LIST))
    parts = next(parts for parts in range(max(1, width // TOGETHER), 0, -1) if width % parts == 0)
    bits = BITS if rows >= ENOUGH else FEWER
    index = faiss.IndexIVFPQ(faiss.IndexFlatIP(width), width, lists, parts, bits, faiss.METRIC_INNER_PRODUCT)
    index.cp.min_points_per_centroid = index.pq.cp.min_points_per_centroid = 1  # a small catalogue is no fault to warn of
    index.cp.seed = index.pq.cp.seed = 0
    index.train(vectors)
    index.add(vectors)
    return IvfPq(index)


def _write(of: IvfPq, folder: Path) -> None:
    import faiss

    faiss.write_index(of.index, str(folder / FILE))


def _read(folder: Path, about: About) -> IvfPq:
    import faiss

    try:
        index = faiss.read_index(str(folder / FILE))
    except (RuntimeError, MemoryError) as error:
        raise TriescopeError(f"{folder / FILE}: not a faiss index; delete the folder") from error
    if not isinstance(index, faiss.IndexIVFPQ) or (index.ntotal, index.d) != (about.documents, about.dimensions):
        raise TriescopeError(f"{folder / FILE}: not an index of these vectors; delete the folder")
    return IvfPq(index)


SQUEEZED = Squeezed(NAME, (1, 2, 4, 8, 16, 32, 64, 128, 256), make, _write, _read)


class _Grown:
    """The same where documents came and went: what came is put in, what is gone is struck out of what is found."""

    def __init__(self, of: IvfPq, kept: np.ndarray, added: np.ndarray):
        self.of, self.kept, self.base, self.width = of, kept, of.index.ntotal, of.width
        if len(added):
            of.add(added)
        self.rows = np.concatenate([kept, self.base + np.arange(len(added))])

    def nearest(self, queries: np.ndarray, depth: int, allowed: np.ndarray | None) -> list[np.ndarray]:
        there = np.zeros(self.of.index.ntotal, bool)
        there[self.rows if allowed is None else self.rows[allowed]] = True
        self.of.width = self.width
        return squeezed.renumbered(self.of.nearest(queries, depth, there), self.rows, len(there))


METHOD = squeezed.method(
    SQUEEZED,
    _Grown,
    summary="vectors squeezed to a byte for eight numbers, in lists; what is found is compared anew: approximate, little memory",
    citation="Jégou, Douze and Schmid 2011",
    color="#44AA99",
)
