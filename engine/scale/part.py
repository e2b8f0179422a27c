"""A shard while it searches: it offers the best children of its beams, and goes on from those that are among the best of all."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from engine.kernels.best import Best
from engine.scale.split import Shard
from engine.scorers.selection import NodeSearch, SearchState
from engine.trie import ROOT


class Offered(NamedTuple):
    """Candidates of one level, best first: nodes of the whole tree, int64 ``(q, n)``, totals, float32, and how many each query
    has, int64 ``(q,)``."""

    node: np.ndarray
    total: np.ndarray
    size: np.ndarray


class Found(NamedTuple):
    """Documents of several queries, one query after the other: rows, totals, leaves of the whole tree, and how many each has."""

    row: np.ndarray
    total: np.ndarray
    leaf: np.ndarray
    size: np.ndarray


class Part:
    """A shard and the search that is going on in it."""

    def __init__(self, shard: Shard):
        self.shard = shard
        self.search = NodeSearch(shard.trie, shard.vectors, shard.bias, shard.row)
        self.state: SearchState | None = None
        self.last = _nothing(0, 1)

    def start(self, vectors: np.ndarray) -> None:
        """Begin at the root, with float32 ``(q, d)`` queries as the scorer takes them, scale included."""
        self.state = self.search.start(self.shard.trie, vectors)
        count = len(vectors)
        self.last = Best(
            np.full((count, 1), ROOT),
            np.zeros((count, 1), np.int64),
            np.zeros((count, 1), np.float32),
            np.ones(count, np.int64),
            np.zeros(count, np.int64),
        )

    def expand(self, beams: int) -> Callable[[], Offered]:
        """Ask for the best children of the beams there are; what is given finds them when it is called."""

        def find() -> Offered:
            if self.state is None:
                raise ValueError("a number of a query or of the scorer is not finite")
            self.last = self.search.best_children(self.state, self.last, beams)
            width = int(self.last.size.max(initial=0))
            # What lies behind the beams of a query is whatever the memory held.
            there = np.arange(width) < self.last.size[:, None]
            whole = self.shard.whole_nodes(self.last.node[:, :width] * there)
            return Offered(whole, self.last.total[:, :width], self.last.size)

        return find

    def keep(self, sizes: np.ndarray) -> None:
        """Go on with the first ``sizes`` of what was offered: what is among the best of all stands in front here."""
        self.last = self.last._replace(size=sizes.astype(np.int64))

    def documents(self, k: int) -> Callable[[], Found]:
        """Ask for the first ``k`` documents below the beams there are, in their order; what is given looks them up."""
        return lambda: self._documents(k)

    def _documents(self, k: int) -> Found:
        rows: list[int] = []
        totals: list[float] = []
        leaves: list[int] = []
        sizes: list[int] = []
        for node, total, size in zip(self.last.node, self.last.total, self.last.size, strict=True):
            begin = len(rows)
            for leaf, of in zip(node[:size].tolist(), total[:size].tolist(), strict=True):
                known = self.shard.trie.leaf_documents(leaf)[: k - (len(rows) - begin)].tolist()
                rows, totals, leaves = rows + known, totals + [of] * len(known), leaves + [leaf] * len(known)
                if len(rows) - begin >= k:
                    break
            sizes.append(len(rows) - begin)
        whole = self.shard.whole_nodes(np.array(leaves, np.int64))
        return Found(np.array(rows, np.int64), np.array(totals, np.float32), whole, np.array(sizes, np.int64))


def _nothing(count: int, width: int) -> Best:
    """No beam for any query."""
    nodes, sizes = np.zeros((count, width), np.int64), np.zeros(count, np.int64)
    return Best(nodes, nodes, np.zeros((count, width), np.float32), sizes, sizes)
