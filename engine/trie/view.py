"""A trie with some documents left out: filters, bans, forced prefixes, leaves already given, all by one mechanism.

Whatever restricts a search is a set of documents, and a node is legal while a document of the set is below it. Documents stand in
leaf order, so one running count answers that for every node: the count at the end of its slice minus the count at its start. A
restriction therefore prunes whole branches, and the beam is spent on legal ones only.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from engine.trie.tree import Children, Prefix

if TYPE_CHECKING:
    from engine.trie.trie import Trie


@dataclass(frozen=True, eq=False)
class View:
    """What a decoder sees of a restricted trie (a :class:`engine.trie.tree.Tree`); nodes keep their numbers.

    Attributes
    ----------
    trie : Trie
        The whole trie.
    before : np.ndarray
        Int32, one entry more than the trie has documents: how many of the set stand before each place in leaf order.
    """

    trie: "Trie"
    before: np.ndarray

    @staticmethod
    def of(trie: "Trie", live: np.ndarray) -> "View":
        """View of the documents at the places of ``trie.documents`` that ``live``, bool, marks."""
        before = np.zeros(len(live) + 1, np.int32)
        np.cumsum(live, out=before[1:])
        return View(trie, before)

    @property
    def whole(self) -> "Trie":
        """The trie without restrictions."""
        return self.trie

    @property
    def levels(self) -> int:
        """Length of the longest identifier of the whole trie."""
        return self.trie.levels

    @property
    def code(self) -> np.ndarray:
        """The code that leads into each node."""
        return self.trie.code

    @property
    def counts(self) -> np.ndarray:
        """Documents of the set below each node, int32."""
        return self.before[self.trie.doc_stop] - self.before[self.trie.doc_start]

    @cached_property
    def legal(self) -> np.ndarray:
        """Bool, one a node: whether a document of the set is below it. Made when first asked for, by searches that walk runs."""
        return self.before[self.trie.doc_stop] > self.before[self.trie.doc_start]

    def counts_of(self, nodes: np.ndarray) -> np.ndarray:
        """Documents of the set below each node."""
        return self.before[self.trie.doc_stop[nodes]] - self.before[self.trie.doc_start[nodes]]

    def children(self, nodes: np.ndarray) -> Children:
        """Legal children of all ``nodes``, in node order."""
        found = self.trie.children(nodes)
        legal = self.counts_of(found.node) > 0
        return Children(found.parent[legal], found.node[legal])

    def is_leaf(self, nodes: np.ndarray) -> np.ndarray:
        """Which nodes are complete identifiers."""
        return self.trie.is_leaf(nodes)

    def tie_key(self, nodes: np.ndarray) -> np.ndarray:
        """What settles equal scores: the node numbers themselves."""
        return nodes

    def leaf_documents(self, node: int) -> np.ndarray:
        """Rows of the set below ``node``, in leaf order."""
        start, stop = int(self.trie.doc_start[node]), int(self.trie.doc_stop[node])
        found = self.trie.documents[start:stop]
        # Most leaves hold one document, and a search ends at leaves of the set: nothing to pick then.
        if self.before[stop] - self.before[start] == stop - start:
            return found
        return found[np.diff(self.before[start : stop + 1]) > 0]

    @property
    def documents(self) -> np.ndarray:
        """All rows of the set, in leaf order."""
        return self.trie.documents[np.diff(self.before) > 0]

    def level_of(self, nodes: np.ndarray) -> np.ndarray:
        """Level of each node."""
        return self.trie.level_of(nodes)

    def parent(self, nodes: np.ndarray) -> np.ndarray:
        """Parent of each node; the root is its own."""
        return self.trie.parent(nodes)

    def prefix(self, node: int) -> Prefix:
        """Codes from the root to ``node``."""
        return self.trie.prefix(node)

    def find(self, prefix: Prefix) -> int | None:
        """Node of a prefix in the whole trie, or None."""
        return self.trie.find(prefix)

    def path(self, document: int) -> list[int]:
        """Nodes down to the leaf of a document row in the whole trie, in the set or not; empty when it has no identifier."""
        return self.trie.path(document)

    def restricted(self, allowed: np.ndarray) -> "View":
        """View of those of its documents that are ``allowed``, bool, an entry a document row."""
        return View.of(self.trie, (np.diff(self.before) > 0) & allowed[self.trie.documents])

    def compact(self) -> "Trie":
        """The trie of the set alone, without sorting anything again; document rows stay what they are.

        >>> from engine.trie import build, restrict
        >>> part = restrict(build(np.array([[0, 1], [0, 2], [3, 0]], np.int32)), ban=[(0, 1)]).compact()
        >>> [part.prefix(node) for node in range(len(part.code))], part.documents.tolist()
        ([(), (0,), (3,), (0, 2), (3, 0)], [1, 2])
        """
        whole = self.trie
        kept = np.flatnonzero(self.legal)
        # A kept node's number is how many kept ones stand before it, and so is the number of any run's first kept node.
        first_child = np.searchsorted(kept, np.append(whole.first_child[kept], len(whole.code)))
        level_start = np.unique(np.searchsorted(kept, whole.level_start))  # levels that lost all their nodes go
        return whole._replace(
            code=whole.code[kept],
            first_child=first_child.astype(np.int32),
            doc_start=self.before[whole.doc_start[kept]],
            doc_stop=self.before[whole.doc_stop[kept]],
            documents=self.documents,
            level_start=level_start.astype(np.int32),
        )
