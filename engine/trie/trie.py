"""The prefix tree of all identifiers, as flat arrays.

Nodes are numbered level by level, left to right, root first. Then the children of a node are a run of consecutive node
numbers, and the documents below a node are a run of consecutive places in leaf order. Two pointers a node say it all;
there are no objects, no dictionaries and no per-document Python. (The construction follows the idea of STATIC,
constrained decoding on accelerators: one sort, then one comparison of neighbouring rows finds every node of every level.)
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.stored import arrays
from engine.trie.arrays import arrays_of, lengths_of
from engine.trie.tree import ROOT, Children
from engine.trie.view import View


class Trie(NamedTuple):
    """Flat arrays, and the plainest :class:`engine.trie.tree.Tree`.

    Every array but ``documents`` and ``level_start`` has one entry a node.

    Attributes
    ----------
    code : np.ndarray
        The code that leads into the node; uint16, or int32 where a level has more than 65,536 codes. 0 at the root.
    first_child : np.ndarray
        Int32, one entry more than nodes: node ``i`` has the children ``first_child[i] .. first_child[i + 1] - 1``.
    doc_start, doc_stop : np.ndarray
        Int32: the documents below node ``i`` are ``documents[doc_start[i]:doc_stop[i]]``.
    documents : np.ndarray
        Int32: document rows in leaf order (identifiers sorted code by code; equal identifiers in document order).
    level_start : np.ndarray
        Int32: first node of each level, and one entry more. Level 0 is the root alone.
    """

    code: np.ndarray
    first_child: np.ndarray
    doc_start: np.ndarray
    doc_stop: np.ndarray
    documents: np.ndarray
    level_start: np.ndarray

    @property
    def whole(self) -> "Trie":
        """Itself: nothing is left out."""
        return self

    @property
    def levels(self) -> int:
        """Length of the longest identifier."""
        return len(self.level_start) - 2

    @property
    def counts(self) -> np.ndarray:
        """Documents below each node, int32."""
        return self.doc_stop - self.doc_start

    @property
    def legal(self) -> np.ndarray:
        """Bool, one a node: every node has a document below it."""
        return np.ones(len(self.code), bool)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self)

    def counts_of(self, nodes: np.ndarray) -> np.ndarray:
        """Documents below each of ``nodes``, int32."""
        return self.doc_stop[nodes] - self.doc_start[nodes]

    def children(self, nodes: np.ndarray) -> Children:
        """Children of all ``nodes`` in one go, in node order.

        >>> trie = build(np.array([[0, 1], [0, 2], [3, 0]], np.int32))
        >>> trie.children(np.array([0]))
        Children(parent=array([0, 0]), node=array([1, 2]))
        >>> trie.children(np.array([1, 2])).parent.tolist()
        [0, 0, 1]
        """
        start = self.first_child[nodes].astype(np.int64)
        size = self.first_child[np.asarray(nodes) + 1] - start
        ends = np.cumsum(size)
        parent = np.repeat(np.arange(len(size)), size)
        return Children(parent, np.arange(len(parent)) + np.repeat(start - (ends - size), size))

    def is_leaf(self, nodes: np.ndarray) -> np.ndarray:
        """Which nodes are complete identifiers."""
        return self.first_child[nodes] == self.first_child[np.asarray(nodes) + 1]

    def tie_key(self, nodes: np.ndarray) -> np.ndarray:
        """What settles equal scores: the node numbers themselves."""
        return nodes

    def leaf_documents(self, node: int) -> np.ndarray:
        """Document rows below ``node``: a slice, not a copy."""
        return self.documents[self.doc_start[node] : self.doc_stop[node]]

    def leaves_documents(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Document rows below each of the nodes, node by node, and how many each has: a hundred leaves at once take a tenth of
        the time of one after the other.

        >>> built = build(np.array([[0, 1], [0, 2], [3, 0], [0, 1]], np.int32))
        >>> [found.tolist() for found in built.leaves_documents(np.array([5, 3]))]
        [[2, 0, 3], [1, 2]]
        """
        start = self.doc_start[nodes]
        size = (self.doc_stop[nodes] - start).astype(np.int64)
        if size.max(initial=1) == 1:  # no node is without a document
            return self.documents[start], size
        ends = np.cumsum(size)
        return self.documents[np.arange(size.sum()) + np.repeat(start - (ends - size), size)], size

    def level_of(self, nodes: np.ndarray | int) -> np.ndarray:
        """Level of each node; the root has level 0."""
        return np.searchsorted(self.level_start, nodes, side="right") - 1

    def parent(self, nodes: np.ndarray | int) -> np.ndarray:
        """Parent of each node; the root is its own."""
        return np.maximum(np.searchsorted(self.first_child, nodes, side="right") - 1, 0)

    def prefix(self, node: int) -> tuple[int, ...]:
        """Codes from the root to ``node``.

        >>> build(np.array([[0, 1], [0, 2], [3, 0]], np.int32)).prefix(5)
        (3, 0)
        """
        codes: list[int] = []
        while node != ROOT:
            codes.append(int(self.code[node]))
            node = int(self.parent(node))
        return tuple(reversed(codes))

    def find(self, prefix: tuple[int, ...]) -> int | None:
        """Node of a prefix, or None when no identifier starts so."""
        node = ROOT
        for code in prefix:
            low, high = int(self.first_child[node]), int(self.first_child[node + 1])
            place = low + int(np.searchsorted(self.code[low:high], code))
            if place == high or self.code[place] != code:
                return None
            node = place
        return node

    def path(self, document: int) -> list[int]:
        """Nodes from level 1 down to the leaf of a document row; empty when it has no identifier."""
        places = np.flatnonzero(self.documents == document)
        nodes = []
        if len(places):
            node, place = ROOT, places[0]
            while (low := self.first_child[node]) < (high := self.first_child[node + 1]):
                node = int(low + np.searchsorted(self.doc_stop[low:high], place, side="right"))
                nodes.append(node)
        return nodes

    def leaves_of(self, rows: np.ndarray) -> np.ndarray:
        """Leaf of each document row, int32; -1 where it has no identifier.

        >>> build(np.array([[0, 1], [-1, -1], [0, 1], [3, -1]], np.int32)).leaves_of(np.array([2, 1, 3, 9])).tolist()
        [3, -1, 2, -1]
        """
        leaves = np.flatnonzero(np.diff(self.first_child) == 0).astype(np.int32)
        leaves = leaves[np.argsort(self.doc_start[leaves], kind="stable")]
        leaf_of = np.full(max(self.documents.max(initial=-1), np.max(rows, initial=-1)) + 1, -1, np.int32)
        leaf_of[self.documents] = np.repeat(leaves, self.counts[leaves])
        return leaf_of[rows]

    def restricted(self, allowed: np.ndarray) -> View:
        """View of the documents that are ``allowed``, bool, an entry a document row; see :func:`engine.trie.tree.restrict`."""
        return View.of(self, allowed[self.documents])

    def compact(self) -> "Trie":
        """Itself: it is flat already."""
        return self


def build(codes: np.ndarray) -> Trie:
    """Trie of identifiers.

    Parameters
    ----------
    codes : np.ndarray
        Int ``(documents, levels)``, -1 padded on the right; rows of only -1 are left out of the trie.

    Raises
    ------
    TriescopeError
        No row has a code, a gap (-1 before a code), or an identifier that is a proper prefix of another (it would end at an
        inner node, where a decoder could not tell "stop" from "go on").
    """
    length, largest = lengths_of(codes)
    if length.min(initial=0) < 0:
        raise TriescopeError("identifiers: a code follows a gap (-1)")
    if not length.any():
        raise TriescopeError("identifiers: no document has one")
    every = length.all()
    rows = np.arange(len(codes), dtype=np.int32) if every else np.flatnonzero(length).astype(np.int32)
    filled = length if every else length[rows]
    kind = np.uint16 if largest.max() < 1 << 16 else np.int32
    trie = Trie(*arrays_of(codes, rows, filled, kind))
    if filled.min() < trie.levels:
        inner = np.flatnonzero(np.diff(trie.first_child))
        ends_inside = inner[length[trie.documents[trie.doc_start[inner]]] == trie.level_of(inner)]
        if len(ends_inside):
            row = trie.documents[trie.doc_start[ends_inside[0]]]
            raise TriescopeError(f"identifiers: that of document {row + 1} is the beginning of another one")
    return trie


def save(trie: Trie, folder: Path) -> None:
    """Write one ``.npy`` file an array into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in files(folder).items():
        np.save(path, getattr(trie, name), allow_pickle=False)


def load(folder: Path) -> Trie:
    """Map the arrays that :func:`save` wrote; nothing is read until it is touched, so :func:`engine.trie.checked.check` where it
    may come from somebody else.

    Raises
    ------
    TriescopeError
        A file is missing, or no array of its type.
    """
    kinds = {"code": ("uint16", "int32")}
    return Trie(*(arrays.mapped(path, *kinds.get(name, ("int32",))) for name, path in files(folder).items()))


def files(folder: Path) -> dict[str, Path]:
    """Where :func:`save` writes each array."""
    return {name: folder / f"{name}.npy" for name in Trie._fields}
