"""A live catalogue under a filter, a ban or a forced prefix: what :class:`engine.trie.view.View` is to a trie.

What is left out counts as removed, for as long as the restriction lasts. But levels, leaves and paths stay those of the whole
overlay, so a search takes as many steps as one without restrictions.
"""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from engine.live.merged import Merged
from engine.trie.tree import Prefix

if TYPE_CHECKING:
    from engine.live.overlay import Overlay


@dataclass(frozen=True, eq=False)
class Restricted(Merged):
    """An overlay for some of its documents; nodes keep their numbers.

    Attributes
    ----------
    overlay : Overlay
        The whole. (The rest is described in :class:`engine.live.merged.Merged`.)
    """

    overlay: "Overlay"

    @property
    def whole(self) -> "Overlay":
        """The overlay without restrictions."""
        return self.overlay

    @property
    def levels(self) -> int:
        """Length of the longest identifier of the whole overlay."""
        return self.overlay.levels

    def is_leaf(self, nodes: np.ndarray) -> np.ndarray:
        """Which nodes are complete identifiers."""
        return self.overlay.is_leaf(nodes)

    def find(self, prefix: Prefix) -> int | None:
        """Node of a prefix in the whole overlay, or None."""
        return self.overlay.find(prefix)

    def path(self, document: int) -> list[int]:
        """Nodes down to the leaf of a document row in the whole overlay, left out here or not; empty when it has none."""
        return self.overlay.path(document)

    def restricted(self, allowed: np.ndarray) -> "Restricted":
        """The same for those of its documents that are ``allowed``, bool, an entry a row."""
        return leave(self, self.overlay, allowed)


def leave(tree: Merged, whole: "Overlay", allowed: np.ndarray) -> Restricted:
    """What a restriction leaves of ``tree``, which is ``whole`` or part of it."""
    parts = {field.name: getattr(tree, field.name) for field in fields(Merged)}
    for trie, alive in (("base", "base_alive"), ("delta", "delta_alive")):
        rows = parts[trie].documents
        # Rows of removed documents may lie beyond the end of the mask.
        parts[alive] = parts[alive] & (rows < len(allowed)) & allowed[np.minimum(rows, len(allowed) - 1)]
    return Restricted(**parts, overlay=whole)
