"""The best children by ``query . vector of the node + its bias``, found without scoring them all.

What the centroid scorer has in common with any scorer that keeps a vector a node. Holds what
:func:`engine.kernels.best_children.best_children` needs: rough copies of the vectors, a byte a dimension, one for each set of
documents.
"""

from typing import NamedTuple

import numpy as np

from engine.kernels.best import Best
from engine.kernels.best_children import Shape, best_children
from engine.kernels.compiled import fixed
from engine.kernels.means import Rough, RoughQuery, roughen, roughen_queries
from engine.trie import Tree, Trie


class SearchState(NamedTuple):
    """Several queries on one tree: exact float64 ``(q, d)``, rough, and the tree."""

    vectors: np.ndarray
    rough: RoughQuery
    shape: Shape


class NodeSearch:
    """Selection by node vectors.

    Parameters
    ----------
    trie : Trie
        The whole trie.
    vectors : np.ndarray
        Float32 ``(n, d)``.
    bias : np.ndarray
        Float32, one a node.
    holder : np.ndarray
        Int, one a node: its row in ``vectors``, as :func:`engine.scorers.centroid.holders` makes them.
    """

    def __init__(self, trie: Trie, vectors: np.ndarray, bias: np.ndarray, holder: np.ndarray):
        self.trie = trie
        self.vectors = fixed(vectors)
        held, row = np.unique(holder, return_inverse=True)
        whole = np.empty(0, bool)
        self.shape = Shape(*map(fixed, (trie.first_child, whole, row.astype(np.int32), held, bias)))
        rough = roughen(self.vectors, self.shape.mean)
        self.finite = bool(np.isfinite(rough.error).all() and np.isfinite(rough.norm).all() and np.isfinite(bias).all())
        self.rough = Rough(*map(fixed, rough))

    @property
    def nbytes(self) -> int:
        """Bytes held beside the trie and the vectors."""
        return sum(array.nbytes for array in (*self.rough, self.shape.row, self.shape.mean))

    def start(self, tree: Tree, vectors: np.ndarray) -> SearchState | None:
        """State for float32 ``(q, d)`` queries; None on another tree or where a number is not finite."""
        if (
            tree.whole is not self.trie
            or not self.finite
            or vectors.shape[1] != self.vectors.shape[1]
            or not np.isfinite(vectors).all()
        ):
            return None
        shape = self.shape if tree is self.trie else self.shape._replace(legal=fixed(tree.legal))
        exact = np.ascontiguousarray(vectors, np.float64)
        return SearchState(exact, roughen_queries(exact), shape)

    def best_children(self, state: SearchState, old: Best, beams: int) -> Best:
        """See :class:`engine.scorers.base.SelectingScorer`."""
        count, width = len(state.vectors), min(beams, len(self.trie.code))
        new = Best(
            np.empty((count, width), np.int64),
            np.empty((count, width), np.int64),
            np.empty((count, width), np.float32),
            np.empty(count, np.int64),
            np.empty(count, np.int64),
        )
        best_children(state.shape, self.vectors, self.rough, state.vectors, state.rough, old, new)
        return new
