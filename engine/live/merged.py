"""Two tries read as one tree.

The *base* keeps its node numbers. Each node of the *delta* is mapped once to the base node of the same prefix or, where the base
lacks the prefix, to a number of its own behind the base's. A node is in the tree while a live document is below it, and the
children of a node are those of the base and of the delta, merged by code. So a decoder sees what it would see of the trie of all
live documents, node for node and in the same order; only the numbers differ, and :meth:`Merged.tie_key` gives that order.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.live.compacting import compacted
from engine.live.mapping import bisect, live_below
from engine.trie import ROOT, Children, Trie


@dataclass(frozen=True, eq=False)
class Merged:
    """Most of a :class:`engine.trie.tree.Tree`, answered from two tries.

    No live identifier is the beginning of another one: :class:`engine.live.overlay.Overlay` sees to that.

    Attributes
    ----------
    base, delta : Trie
        The large trie, and the small one of the additions. No document is in both.
    base_alive, delta_alive : np.ndarray
        Bool, an entry a place in the leaf order of each trie: the document has not been removed.
    number : np.ndarray
        Int64: the node here of each node of the delta.
    before : np.ndarray
        Int64: the base node that each delta node equals or, if the base lacks it, would stand before in level order.
    place : np.ndarray
        Int64: base documents before each document of the delta, in leaf order.
    """

    base: Trie
    delta: Trie
    base_alive: np.ndarray
    delta_alive: np.ndarray
    number: np.ndarray
    before: np.ndarray
    place: np.ndarray

    @cached_property
    def levels(self) -> int:
        """Length of the longest live identifier; 1 when there is none, so that a search ends with nothing."""
        old, new = np.flatnonzero(self.counts[: len(self.base.code)]), np.flatnonzero(live_below(self.delta, self.delta_alive))
        return max([1, *(int(tree.level_of(live[-1])) for tree, live in ((self.base, old), (self.delta, new)) if len(live))])

    @cached_property
    def code(self) -> np.ndarray:
        """The code that leads into each node; 0 at the root."""
        return np.concatenate([self.base.code, self.delta.code[self._own]])

    @cached_property
    def counts(self) -> np.ndarray:
        """Live documents below each node, int32; 0 for a node that is not in the tree any more."""
        counts = np.append(live_below(self.base, self.base_alive), np.zeros(len(self._own), np.int32)).astype(np.int32)
        counts[self.number] += live_below(self.delta, self.delta_alive).astype(np.int32)
        return counts

    @property
    def legal(self) -> np.ndarray:
        """Bool, one a node: whether a live document is below it."""
        return self.counts > 0

    def counts_of(self, nodes: np.ndarray) -> np.ndarray:
        """Live documents below each of ``nodes``."""
        return self.counts[nodes]

    def children(self, nodes: np.ndarray) -> Children:
        """Children of all ``nodes`` with a live document below, ragged, in the rebuilt trie's order (by code)."""
        nodes = np.asarray(nodes)
        inside = np.flatnonzero(nodes < len(self.base.code))
        old = self.base.children(nodes[inside])
        old = Children(inside[old.parent], old.node)
        if not self.base_alive.all():
            live = self.counts[old.node] > 0
            old = Children(old.parent[live], old.node[live])
        twin = self._twin[nodes]
        grown = np.flatnonzero(twin >= 0)
        new = self.delta.children(twin[grown])
        node = self.number[new.node]
        own = (node >= len(self.base.code)) & (self.counts[node] > 0)
        if not own.any():
            return old
        parent, node = grown[new.parent[own]], node[own]
        # Both lists are sorted by parent and code, so the second slips into the first.
        at = np.searchsorted(self._key(old.parent, old.node), self._key(parent, node))
        return Children(np.insert(old.parent, at, parent), np.insert(old.node, at, node))

    def is_leaf(self, nodes: np.ndarray) -> np.ndarray:
        """Which nodes are complete identifiers of live documents."""
        return self._leaf[nodes]

    def tie_key(self, nodes: np.ndarray) -> np.ndarray:
        """Int64 keys in the order of the rebuilt trie's node numbers: a new node comes just before the base node it precedes."""
        nodes = np.asarray(nodes)
        stride, new = len(self._own) + 1, nodes - len(self.base.code)
        if stride == 1:
            return nodes
        slot = self.before[self._own[np.maximum(new, 0)]]
        return np.where(new < 0, nodes * stride + stride - 1, slot * stride + new)

    def leaf_documents(self, node: int) -> np.ndarray:
        """Live document rows below ``node``, in leaf order."""
        rows, alive, low = self.delta.documents[:0], self.delta_alive[:0], 0
        if node < len(self.base.code):
            low, high = int(self.base.doc_start[node]), int(self.base.doc_stop[node])
            rows, alive = self.base.documents[low:high], self.base_alive[low:high]
        twin = self._twin[node]
        if twin >= 0:
            of = slice(self.delta.doc_start[twin], self.delta.doc_stop[twin])
            at = self.place[of] - low if len(rows) else 0
            rows, alive = np.insert(rows, at, self.delta.documents[of]), np.insert(alive, at, self.delta_alive[of])
        return rows[alive]

    @property
    def documents(self) -> np.ndarray:
        """All live rows with an identifier, in leaf order."""
        return self.leaf_documents(ROOT)

    @property
    def nodes(self) -> np.ndarray:
        """Nodes of the tree in the rebuilt trie's order: entry ``i`` is what :meth:`compact` numbers ``i``."""
        return np.concatenate([level.node for level in self.by_level])

    def level_of(self, nodes: np.ndarray) -> np.ndarray:
        """Level of each node; the root has level 0."""
        nodes = np.asarray(nodes)
        own = nodes >= len(self.base.code)
        return np.where(own, self.delta.level_of(self._twin[nodes]), self.base.level_of(np.where(own, ROOT, nodes)))

    def parent(self, nodes: np.ndarray) -> np.ndarray:
        """Parent of each node; the root is its own."""
        nodes = np.asarray(nodes)
        own = nodes >= len(self.base.code)
        above = self.number[self.delta.parent(np.where(own, self._twin[nodes], ROOT))]
        return np.where(own, above, self.base.parent(np.where(own, ROOT, nodes)))

    def prefix(self, node: int) -> tuple[int, ...]:
        """Codes from the root to ``node``."""
        own = node - len(self.base.code)
        return self.base.prefix(node) if own < 0 else self.delta.prefix(int(self._own[own]))

    def find(self, prefix: tuple[int, ...]) -> int | None:
        """Node of a prefix, or None when no live identifier starts so."""
        node = int(self.locate(np.array([prefix], np.int64).reshape(1, -1))[0])
        return None if node < 0 else node

    def locate(self, prefixes: np.ndarray) -> np.ndarray:
        """Node of each row of ``(n, length)`` -1 padded prefixes, int64; -1 where no live identifier starts so."""
        found = np.full(len(prefixes), ROOT)
        lost = np.zeros(len(prefixes), bool)
        for codes in prefixes.T:
            on = np.flatnonzero((codes >= 0) & ~lost)
            above, wanted = found[on], codes[on]
            node = np.full(len(on), -1)
            for tree, at, numbers in (
                (self.base, np.where(above < len(self.base.code), above, -1), None),
                (self.delta, self._twin[above], self.number),
            ):
                here = np.flatnonzero(at >= 0)
                low, high = tree.first_child[at[here]], tree.first_child[at[here] + 1]
                child = bisect(tree.code, low, high, wanted[here])
                hit = child < high
                hit[hit] = tree.code[child[hit]] == wanted[here][hit]
                node[here[hit]] = child[hit] if numbers is None else numbers[child[hit]]
            found[on] = node
            lost[on] = (node < 0) | (self.counts[node] == 0)
        found[lost | (self.counts[found] == 0)] = -1
        return found

    def path(self, document: int) -> list[int]:
        """Nodes from level 1 down to the leaf of a document row; empty when it was removed or has no identifier."""
        if (self.base.documents[self.base_alive] == document).any():
            return self.base.path(document)
        if (self.delta.documents[self.delta_alive] == document).any():
            return self.number[self.delta.path(document)].tolist()
        return []

    def compact(self) -> Trie:
        """Flat arrays of the live documents: :func:`engine.live.compacting.compacted`."""
        return compacted(self)

    @cached_property
    def by_level(self) -> list[Children]:
        """All nodes of each level, the root first; parents as places in the level above."""
        levels = [Children(np.zeros(1, np.int64), np.array([ROOT]))]
        while len((below := self.children(levels[-1].node)).node):
            levels.append(below)
        return levels

    @cached_property
    def _own(self) -> np.ndarray:
        """Delta nodes whose prefix the base lacks, in order of their numbers here."""
        return np.flatnonzero(self.number >= len(self.base.code))

    @cached_property
    def _twin(self) -> np.ndarray:
        """The delta node of each node, or -1."""
        twin = np.full(len(self.base.code) + len(self._own), -1, np.int32)
        twin[self.number] = np.arange(len(self.number))
        return twin

    @cached_property
    def _leaf(self) -> np.ndarray:
        leaf = np.zeros(len(self.code), bool)
        # Of a node below which documents of both are alive, either can tell: no identifier is the beginning of another.
        old = (self.base, self.base_alive, np.arange(len(self.base.code)))
        for tree, alive, number in (old, (self.delta, self.delta_alive, self.number)):
            ends = tree.first_child[1:] == tree.first_child[:-1]
            leaf[number] |= ends & (live_below(tree, alive) > 0)
        return leaf

    def _key(self, parent: np.ndarray, node: np.ndarray) -> np.ndarray:
        return (parent.astype(np.int64) << 32) + self.code[node]
