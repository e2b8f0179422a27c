"""Two tries read off into the flat arrays of one: linear in the nodes, with nothing sorted."""

from typing import TYPE_CHECKING

import numpy as np

from engine.errors import TriescopeError
from engine.trie import ROOT, Trie

if TYPE_CHECKING:
    from engine.live.merged import Merged


def compacted(tree: "Merged") -> Trie:
    """The flat trie of all live documents: what :func:`engine.trie.build` makes of their identifiers, array for array.

    Rows keep their numbers.

    Raises
    ------
    TriescopeError
        No document is left.
    """
    if not tree.counts[ROOT]:
        raise TriescopeError("identifiers: no document has one")
    starts, sizes = [np.zeros(1, np.int64)], []
    for children, above in zip(tree.by_level[1:], tree.by_level, strict=False):
        sizes.append(np.bincount(children.parent, minlength=len(above.node)))
        # The documents of the children of a node follow one another from where its own begin.
        ends = np.cumsum(tree.counts[children.node])
        begins = np.append(0, ends[:-1])
        first = np.cumsum(sizes[-1]) - sizes[-1]
        starts.append(starts[-1][children.parent] + begins - begins[first[children.parent]])
    sizes.append(np.zeros(len(tree.by_level[-1].node), np.int64))
    code, doc_start = tree.code[tree.nodes], np.concatenate(starts)
    return Trie(
        code=code.astype(np.uint16 if code.max() < 1 << 16 else np.int32),
        first_child=np.append(1, 1 + np.cumsum(np.concatenate(sizes))).astype(np.int32),
        doc_start=doc_start.astype(np.int32),
        doc_stop=(doc_start + tree.counts[tree.nodes]).astype(np.int32),
        documents=np.array(tree.documents, np.int32),
        level_start=np.cumsum([0, *(len(level.node) for level in tree.by_level)]).astype(np.int32),
    )
