"""What may be asked of a tree of identifiers, whoever answers: a trie, a restricted view of one, or a live catalogue.

A decoder, and what explains it, know no more than this. Nodes are numbers; equal scores are settled by :meth:`Tree.tie_key`,
never by the numbers themselves, which need not stand in order where documents were added.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from engine.errors import TriescopeError

if TYPE_CHECKING:
    from engine.trie.trie import Trie

ROOT = 0
Prefix = tuple[int, ...]


class Children(NamedTuple):
    """Children of several nodes at once, ragged: ``parent[i]`` indexes the nodes asked for, ``node[i]`` is the child."""

    parent: np.ndarray
    node: np.ndarray


class Tree(Protocol):
    """Identifiers as a tree.

    A restricted tree (a filter, a ban) answers for the documents that are left: ``counts``, ``legal``, ``children``,
    ``documents``, ``leaf_documents``. Everything else (levels, codes, parents, prefixes, paths) is that of the :attr:`whole`
    tree, whose node numbers it keeps.
    """

    @property
    def whole(self) -> "Tree":
        """The tree without restrictions: itself where there are none."""
        ...

    @property
    def levels(self) -> int:
        """Length of the longest identifier."""
        ...

    @property
    def code(self) -> np.ndarray:
        """The code that leads into each node; 0 at the root."""
        ...

    @property
    def counts(self) -> np.ndarray:
        """Documents below each node, int32; 0 for a node that no document has."""
        ...

    @property
    def legal(self) -> np.ndarray:
        """Bool, one a node: whether a document is below it."""
        ...

    @property
    def documents(self) -> np.ndarray:
        """All rows with an identifier, in leaf order."""
        ...

    def counts_of(self, nodes: np.ndarray) -> np.ndarray:
        """Documents below each of ``nodes``."""
        ...

    def children(self, nodes: np.ndarray) -> Children:
        """Children of all ``nodes`` that have a document below, in order of the nodes asked for, then of their codes."""
        ...

    def is_leaf(self, nodes: np.ndarray) -> np.ndarray:
        """Which nodes are complete identifiers."""
        ...

    def tie_key(self, nodes: np.ndarray) -> np.ndarray:
        """Integers in level order, left to right: what settles equal scores, the smaller first."""
        ...

    def leaf_documents(self, node: int) -> np.ndarray:
        """Rows below ``node``, in leaf order; those of one leaf in document order."""
        ...

    def level_of(self, nodes: np.ndarray) -> np.ndarray:
        """Level of each node; the root has level 0."""
        ...

    def parent(self, nodes: np.ndarray) -> np.ndarray:
        """Parent of each node; the root is its own."""
        ...

    def prefix(self, node: int) -> Prefix:
        """Codes from the root to ``node``."""
        ...

    def find(self, prefix: Prefix) -> int | None:
        """Node of a prefix, or None when no identifier starts so."""
        ...

    def path(self, document: int) -> list[int]:
        """Nodes from level 1 down to the leaf of a document row; empty when it has no identifier."""
        ...

    def restricted(self, allowed: np.ndarray) -> "Tree":
        """The same tree for some of its documents: ``allowed`` is bool, an entry a document row. See :func:`restrict`."""
        ...

    def compact(self) -> "Trie":
        """Flat arrays of the documents that are left, numbered anew; rows keep their numbers."""
        ...


def restrict(
    tree: Tree, allowed: np.ndarray | None = None, force: Prefix = (), ban: Iterable[Prefix] = (), without: Iterable[int] = ()
) -> Tree:
    """A tree under restrictions. Each is a set of documents, and a node is legal while a document of the set is below it.

    Parameters
    ----------
    tree : Tree
        What is to be restricted.
    allowed : np.ndarray, optional
        Bool, an entry a document row: what a filter lets through.
    force : tuple of int
        A prefix that every identifier must begin with.
    ban : iterable of tuple of int
        Prefixes that no identifier may begin with; ones that the tree lacks ban nothing.
    without : iterable of int
        Nodes (leaves already given, say) whose documents are left out.

    Raises
    ------
    TriescopeError
        The forced prefix is in no identifier, or nothing is left.

    Examples
    --------
    >>> from engine.trie import build
    >>> trie = build(np.array([[0, 1], [0, 2], [3, 0]], np.int32))
    >>> restrict(trie, allowed=np.array([True, False, True])).children(np.array([0, 1])).node.tolist()
    [1, 2, 3]
    >>> restrict(trie, ban=[(0,)]).children(np.array([0])).node.tolist()
    [2]
    """
    rows = tree.documents
    left = np.ones(tree.whole.documents.max(initial=-1) + 1, bool) if allowed is None else np.array(allowed, bool)
    if force:
        node = tree.find(force)
        if node is None:
            raise TriescopeError(f"no identifier starts with {'-'.join(map(str, force))}, so it cannot be forced")
        forced = np.zeros_like(left)
        forced[tree.leaf_documents(node)] = True
        left &= forced
    for prefix in ban:
        banned = tree.find(prefix)
        if banned is not None:
            left[tree.leaf_documents(banned)] = False
    for leaf in without:
        left[tree.leaf_documents(leaf)] = False
    if not left[rows].any():
        raise TriescopeError("no document is left under these restrictions")
    return tree.restricted(left)
