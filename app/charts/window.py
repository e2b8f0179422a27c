"""The window of the trie that a picture shows: some levels below a focus, never the whole tree."""

from typing import NamedTuple

import numpy as np

from engine.trie import Trie

# Cells a browser draws without a pause (UX measurements: one DOM node a cell).
LIMIT = 1200


def whole_limit(first: int) -> int:
    """Cells of a picture of a whole tree with so many first codes: of very many the largest stand alone, for the others have no
    room for a word, and each weighs as much on its way to the browser.

    >>> whole_limit(32), whole_limit(1024)
    (1200, 300)
    """
    return LIMIT if first <= LIMIT // 4 else LIMIT // 4


class Cell(NamedTuple):
    """One cell. ``node`` is -1 for the cell that stands for children left out."""

    prefix: str
    parent: str
    node: int
    name: str
    documents: int
    depth: int


def window(trie: Trie, names: list[str], focus: int, depth: int, limit: int = LIMIT, least: int = 1) -> list[Cell]:
    """Cells from ``focus`` down ``depth`` levels, largest first, at most about ``limit``, none of fewer documents than ``least``.

    What does not fit is gathered in one cell a parent that says how many codes and documents it stands for.
    """
    counts = trie.counts
    root = "-".join(map(str, trie.prefix(focus)))
    cells = [Cell(root, "", focus, names[focus] if root else "all documents", int(counts[focus]), 0)]
    level = [(focus, root)]
    for below in range(1, depth + 1):
        parents = np.array([node for node, _ in level], np.int64)
        if not len(parents):
            break
        children = trie.children(parents)
        if not len(children.node):
            break
        room = limit - len(cells)
        shown = np.zeros(len(children.node), bool)
        shown[np.argsort(-counts[children.node], kind="stable")[: max(room, 0)]] = True
        shown &= counts[children.node] >= least
        following = []
        for place, (parent, prefix) in enumerate(level):
            mine = np.flatnonzero(children.parent == place)
            for index in mine[shown[mine]]:
                node = int(children.node[index])
                own = f"{prefix}-{trie.code[node]}".lstrip("-")
                cells.append(Cell(own, prefix, node, names[node], int(counts[node]), below))
                following.append((node, own))
            rest = children.node[mine[~shown[mine]]]
            # Where all are too small their parent says as much as one cell for them would.
            if (counts[rest] >= least).any() or (len(rest) and shown[mine].any()):
                documents = int(counts[rest].sum())
                label = f"{len(rest):,} more codes, {documents:,} documents"
                cells.append(Cell(f"{prefix}-more", prefix, -1, label, documents, below))
            del parent
        level = following
    return cells
