"""Beams of several shards made one, and what each keeps of its own."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from engine.retrievers.ranking import Ranking, pack
from engine.scale.part import Found, Offered


class Searching(Protocol):
    """A shard that searches, here or in another process."""

    def start(self, vectors: np.ndarray) -> None:
        """See :meth:`engine.scale.part.Part.start`."""
        ...

    def expand(self, beams: int) -> Callable[[], Offered]:
        """See :meth:`engine.scale.part.Part.expand`."""
        ...

    def keep(self, sizes: np.ndarray) -> None:
        """See :meth:`engine.scale.part.Part.keep`."""
        ...

    def documents(self, k: int) -> Callable[[], Found]:
        """See :meth:`engine.scale.part.Part.documents`."""
        ...


def search(parts: Sequence[Searching], levels: int, vectors: np.ndarray, beams: int, k: int) -> Ranking:
    """Decode queries over all shards together: the list that the single tree gives.

    Parameters
    ----------
    parts : sequence of Searching
        The shards, in the order of their first codes.
    levels : int
        Of the whole tree.
    vectors : np.ndarray
        Float32 ``(q, d)``, as the scorer takes them, scale included.
    beams, k : int
        Hypotheses kept after each level, of all shards together; length of the list.
    """
    for part in parts:
        part.start(vectors)
    for _ in range(levels):
        # All are asked before the first is waited for: those in other processes work at the same time.
        waiting = [part.expand(beams) for part in parts]
        sizes = kept([offered() for offered in waiting], beams)
        for part, of_part in zip(parts, sizes, strict=True):
            part.keep(of_part)
    found = [part.documents(k) for part in parts]
    return merged([documents() for documents in found], k)


def kept(offered: Sequence[Offered], beams: int) -> np.ndarray:
    """How many of what each shard offers are among the ``beams`` best of all, int64 ``(shards, q)``; of equal totals the lower
    nodes."""
    counts = np.zeros((len(offered), len(offered[0].size)), np.int64)
    for query in range(counts.shape[1]):
        sizes = [int(of.size[query]) for of in offered]
        totals = np.concatenate([of.total[query, :size] for of, size in zip(offered, sizes, strict=True)])
        nodes = np.concatenate([of.node[query, :size] for of, size in zip(offered, sizes, strict=True)])
        owner = np.repeat(np.arange(len(offered)), sizes)
        best = np.lexsort((nodes, -totals))[:beams]
        counts[:, query] = np.bincount(owner[best], minlength=len(offered))
    return counts


def merged(found: Sequence[Found], k: int) -> Ranking:
    """The best ``k`` documents of each query, of all shards."""
    ends = [np.cumsum(of.size) for of in found]
    results = []
    for query in range(len(found[0].size)):
        spans = [slice(end[query] - of.size[query], end[query]) for of, end in zip(found, ends, strict=True)]
        rows, totals, leaves = (
            np.concatenate([array[span] for array, span in zip(arrays, spans, strict=True)])
            for arrays in ([of.row for of in found], [of.total for of in found], [of.leaf for of in found])
        )
        # Documents of a leaf stand in their order already, and a stable sort keeps it.
        best = np.lexsort((leaves, -totals))[:k]
        results.append((rows[best], totals[best]))
    return pack(results, k)
