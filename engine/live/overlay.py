"""Additions and deletions without rebuilding: a small trie over the large one, merged when convenient.

A log-structured merge tree (O'Neil et al. 1996) keeps new keys in a small sorted structure beside the large one and merges the
two from time to time. Here both are tries: the *delta* is the trie of the additions, a deletion only clears the bit of a
document, and :class:`engine.live.merged.Merged` reads the two as one tree; its ``compact`` reads that tree off into the flat
arrays of a :class:`engine.trie.Trie`, level by level, with nothing sorted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from engine import trie
from engine.errors import TriescopeError
from engine.live.mapping import identifiers_of, live_below, mapped, stack
from engine.live.merged import Merged
from engine.live.restricted import Restricted, leave
from engine.trie import ROOT, Trie

_NONE, _ZERO = np.zeros(0, np.int32), np.zeros(1, np.int32)
EMPTY = Trie(_ZERO.astype(np.uint16), np.ones(2, np.int32), _ZERO, _ZERO, _NONE, np.array([0, 1], np.int32))


@dataclass(frozen=True, eq=False)
class Overlay(Merged):
    """A trie with documents added and removed; a value: every change gives a new one and shares what stayed.

    Document rows are numbered once and for all: ``0 .. base_rows - 1`` are the base's documents, those without an identifier
    included, and additions take the next numbers in the order they came. A removed row is never given again; a document that
    changes is removed and added anew.

    Nodes of the base keep their numbers, also when nothing live is below them; prefixes that only additions have are numbered
    from ``len(base.code)`` on, anew with every :meth:`add` (but not by :meth:`remove`).

    Attributes
    ----------
    base_rows, rows : int
        Documents of the base, and of base and additions together. (The rest is described in :class:`engine.live.merged.Merged`.)
    """

    base_rows: int
    rows: int

    @staticmethod
    def of(base: Trie, rows: int) -> "Overlay":
        """Nothing added or removed yet; ``rows`` is the number of documents of the base, with or without an identifier.

        >>> overlay = Overlay.of(trie.build(np.array([[0, 1], [3, 0]], np.int32)), rows=2)
        >>> overlay = overlay.add(np.array([[0, 0], [3, 0]], np.int32)).remove([1])
        >>> [overlay.prefix(node) for node in overlay.nodes]
        [(), (0,), (3,), (0, 0), (0, 1), (3, 0)]
        >>> overlay.compact().documents.tolist()
        [2, 0, 3]
        """
        none = np.zeros(1, np.int64)
        return Overlay(base, EMPTY, np.ones(len(base.documents), bool), np.ones(0, bool), none, none, none[:0], rows, rows)

    @property
    def whole(self) -> "Overlay":
        """Itself: nothing is left out but what was removed."""
        return self

    def add(self, codes: np.ndarray) -> "Overlay":
        """Overlay with more documents.

        Parameters
        ----------
        codes : np.ndarray
            Int ``(n, levels)``, -1 padded, of any width: the identifiers of documents ``rows .. rows + n - 1``. A row of only -1
            is a document without one.

        Raises
        ------
        TriescopeError
            What :func:`engine.trie.build` says of the live documents and these together, as a gap or an identifier that is the
            beginning of another.
        """
        kept, added = identifiers_of(self.delta)[self.delta_alive], np.asarray(codes, np.int32)
        rows = self.delta.documents[self.delta_alive]
        order = np.argsort(rows)
        rows = np.append(rows[order], np.arange(self.rows, self.rows + len(added), dtype=np.int32))
        table = stack(kept[order], added)
        try:
            delta = trie.build(table) if (table >= 0).any() else EMPTY
            number, before, place = mapped(self.base, delta)
            grown = replace(
                self,
                delta=delta._replace(documents=rows[delta.documents]),
                delta_alive=np.ones(len(delta.documents), bool),
                number=number,
                before=before,
                place=place,
                rows=self.rows + len(added),
            )
            if _ends_inside(grown):
                raise TriescopeError("identifiers: one is the beginning of another")
        except TriescopeError:
            trie.build(stack(self.identifiers(), added))  # says the same, and of which document
            raise
        return grown

    def remove(self, rows: Iterable[int] | np.ndarray) -> "Overlay":
        """Overlay without the documents ``rows``; those that are removed already, or have no identifier, change nothing.

        Raises
        ------
        TriescopeError
            There is no such row.
        """
        rows = np.asarray(rows if isinstance(rows, np.ndarray) else list(rows), np.int64)
        if len(rows) and (rows.min() < 0 or rows.max() >= self.rows):
            wrong = rows[(rows < 0) | (rows >= self.rows)][0]
            raise TriescopeError(f"document row {wrong} cannot be removed: there are rows 0 to {self.rows - 1}")
        stays = np.ones(self.rows, bool)
        stays[rows] = False
        return replace(
            self,
            base_alive=self.base_alive & stays[self.base.documents],
            delta_alive=self.delta_alive & stays[self.delta.documents],
        )

    def restricted(self, allowed: np.ndarray) -> Restricted:
        """The overlay for those of its documents that are ``allowed``, bool, an entry a row; see :func:`engine.trie.restrict`."""
        return leave(self, self, allowed)

    def identifiers(self) -> np.ndarray:
        """Identifiers of all rows, int32 ``(rows, levels)``; only -1 for a row that is removed or has none."""
        width = max(self.base.levels, self.delta.levels)
        table = np.full((self.rows, width), -1, np.int32)
        for tree, alive in ((self.base, self.base_alive), (self.delta, self.delta_alive)):
            table[tree.documents[alive], : tree.levels] = identifiers_of(tree)[alive]
        return table


def _ends_inside(tree: Merged) -> bool:
    """Whether an identifier of one trie ends where live ones of the other go on."""
    shared = np.flatnonzero((tree.number < len(tree.base.code)) & (tree.number != ROOT))
    twins = tree.number[shared]
    live = live_below(tree.base, tree.base_alive, twins) > 0
    return bool(np.any(live & (tree.delta.is_leaf(shared) != tree.base.is_leaf(twins))))
