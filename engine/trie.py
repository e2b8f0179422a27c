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

ROOT = 0


class Children(NamedTuple):
    """Children of several nodes at once, ragged: ``parent[i]`` indexes the nodes asked for, ``node[i]`` is the child."""

    parent: np.ndarray
    node: np.ndarray


class Trie(NamedTuple):
    """Flat arrays; every array but ``documents`` and ``level_start`` has one entry a node.

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
    def levels(self) -> int:
        """Length of the longest identifier."""
        return len(self.level_start) - 2

    @property
    def counts(self) -> np.ndarray:
        """Documents below each node, int32."""
        return self.doc_stop - self.doc_start

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self)

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

    def leaf_documents(self, node: int) -> np.ndarray:
        """Document rows below ``node``: a slice, not a copy."""
        return self.documents[self.doc_start[node] : self.doc_stop[node]]

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
    length = (codes >= 0).sum(axis=1)
    if np.any((codes >= 0) != (np.arange(codes.shape[1]) < length[:, None])):
        raise TriescopeError("identifiers: a code follows a gap (-1)")
    rows = np.flatnonzero(length)
    if not len(rows):
        raise TriescopeError("identifiers: no document has one")
    codes, length = codes[rows], length[rows]
    # Sort by code, last column first; the row number settles ties, so equal identifiers keep document order.
    order = np.lexsort(codes.T[::-1])
    codes, length, rows = codes[order], length[order], rows[order]
    n, levels = codes.shape
    # The first column in which a row differs from the row above: all its deeper prefixes are new nodes.
    differs = np.ones((n, levels), bool)
    differs[1:] = codes[1:] != codes[:-1]
    new = np.logical_or.accumulate(differs, axis=1) & (codes >= 0)
    starts = [np.zeros(1, np.int64), *(np.flatnonzero(new[:, level]) for level in range(levels))]
    starts = starts[: int(length.max()) + 1]
    level_start = np.cumsum([0] + [len(s) for s in starts]).astype(np.int32)
    # A node's documents run to the next node of its level or to where its parent's end, whichever comes first.
    stops, child_counts = [np.array([n])], []
    for level in range(1, len(starts)):
        parent = np.searchsorted(starts[level - 1], starts[level], side="right") - 1
        following = np.append(starts[level][1:], n)
        stops.append(np.minimum(following, stops[level - 1][parent]))
        child_counts.append(np.bincount(parent, minlength=len(starts[level - 1])))
    child_counts.append(np.zeros(len(starts[-1]), np.int64))
    doc_start, doc_stop, children = (np.concatenate(part) for part in (starts, stops, child_counts))
    level_of_row_end = length[doc_start]
    node_level = np.repeat(np.arange(len(starts)), np.diff(level_start))
    ends_inside = (level_of_row_end == node_level) & (children > 0)
    if ends_inside.any():
        row = rows[doc_start[np.flatnonzero(ends_inside)[0]]]
        raise TriescopeError(f"identifiers: that of document {row + 1} is the beginning of another one")
    narrow = np.uint16 if codes.max() < 1 << 16 else np.int32
    code = np.concatenate([np.zeros(1, np.int64), *(codes[s, level] for level, s in enumerate(starts[1:]))])
    # The root is node 0 and level-order numbering continues at 1, so children run one after another through all levels.
    return Trie(
        code.astype(narrow),
        np.concatenate([[1], 1 + np.cumsum(children)]).astype(np.int32),
        doc_start.astype(np.int32),
        doc_stop.astype(np.int32),
        rows.astype(np.int32),
        level_start,
    )


def save(trie: Trie, folder: Path) -> None:
    """Write one ``.npy`` file an array into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in trie._asdict().items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def load(folder: Path) -> Trie:
    """Map the arrays that :func:`save` wrote; nothing is read until it is touched."""
    return Trie(*(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in Trie._fields))
