"""A trie with some documents left out: filters, bans, forced prefixes, leaves already given, all by one mechanism.

Whatever restricts a search is a set of documents, and a node is legal while a document of the set is below it. Documents stand in
leaf order, so one running count answers that for every node: the count at the end of its slice minus the count at its start. A
restriction therefore prunes whole branches, and the beam is spent on legal ones only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.errors import TriescopeError
from engine.trie import Children, Trie

Prefix = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class View:
    """What a decoder sees of a restricted trie; nodes keep their numbers.

    Attributes
    ----------
    trie : Trie
        The whole trie.
    before : np.ndarray
        Int32, one entry more than the trie has documents: how many of the set stand before each place in leaf order.
    """

    trie: Trie
    before: np.ndarray

    @property
    def levels(self) -> int:
        """Length of the longest identifier of the whole trie."""
        return self.trie.levels

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


def restrict(
    trie: Trie, allowed: np.ndarray | None = None, force: Prefix = (), ban: Iterable[Prefix] = (), without: Iterable[int] = ()
) -> View:
    """View of a trie under restrictions.

    Parameters
    ----------
    trie : Trie
        The whole trie.
    allowed : np.ndarray, optional
        Bool, an entry a document row: what a filter lets through.
    force : tuple of int
        A prefix that every identifier must begin with.
    ban : iterable of tuple of int
        Prefixes that no identifier may begin with; ones that the trie lacks ban nothing.
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
    live = np.ones(len(trie.documents), bool) if allowed is None else allowed[trie.documents].astype(bool)
    if force:
        node = trie.find(force)
        if node is None:
            raise TriescopeError(f"no identifier starts with {'-'.join(map(str, force))}, so it cannot be forced")
        live[: trie.doc_start[node]] = False
        live[trie.doc_stop[node] :] = False
    for prefix in ban:
        banned = trie.find(prefix)
        if banned is not None:
            live[trie.doc_start[banned] : trie.doc_stop[banned]] = False
    for leaf in without:
        live[trie.doc_start[leaf] : trie.doc_stop[leaf]] = False
    before = np.zeros(len(live) + 1, np.int32)
    np.cumsum(live, out=before[1:])
    if not before[-1]:
        raise TriescopeError("no document is left under these restrictions")
    return View(trie, before)
