"""Two sunbursts that point at each other: the branch under the pointer in one shows where its documents lie in the other.

ECharts joins charts by function only, which a page's option cannot hold; so this reads where the pointer is, by the geometry of
:mod:`app.charts.tree`, and lays a veil over the other picture. Nothing is sent to the server meanwhile.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app.charts.window import Cell
from engine.trie import Trie

# Pairs of branches that share a document; what is more is told by first codes alone.
PAIRS = 20_000

_COMPONENT = st.components.v2.component(
    "linked_trees",
    html="<p></p>",
    css="p { margin: 0; min-height: 1.4em; font-size: 0.875rem; opacity: 0.75; }",
    js=Path(__file__).with_suffix(".js").read_text("utf-8"),
)


def show(keys: Sequence[str], tries: Sequence[Trie], cells: Sequence[Sequence[Cell]], schemes: Sequence[str]) -> bool:
    """Join the charts of these keys; False where only first codes are, for there would be too many pairs."""
    deep, found = True, pairs(tries, cells)
    if len(found) > PAIRS:
        deep, found = False, pairs(tries, [[cell if cell.depth < 2 else cell._replace(node=-1) for cell in of] for of in cells])
    charts = [
        {"key": key, "scheme": scheme, "codes": [cell.prefix for cell in of[1:]], "arcs": arcs(of)}
        for key, scheme, of in zip(keys, schemes, cells, strict=True)
    ]
    total = max(int(trie.counts[0]) for trie in tries)
    _COMPONENT(key="linked-trees", data={"charts": charts, "pairs": found.T.tolist(), "total": total})
    return deep


def arcs(cells: Sequence[Cell]) -> list[list[float]]:
    """Ring (1 or 2), start and stop of each cell below the first one; whole turns, clockwise from the top.

    >>> cells = [Cell("", "", 0, "", 4, 0), Cell("0", "", 1, "", 3, 1), Cell("4", "", 2, "", 1, 1), Cell("0-7", "0", 3, "", 3, 2)]
    >>> arcs(cells)
    [[1, 0.0, 0.75], [1, 0.75, 1.0], [2, 0.0, 0.75]]
    """
    total = max(sum(cell.documents for cell in cells if cell.depth == 1), 1)
    free = {cells[0].prefix: 0}
    found: list[list[float]] = []
    for cell in cells[1:]:
        start = free[cell.parent]
        free[cell.prefix] = start
        free[cell.parent] = start + cell.documents
        found.append([cell.depth, round(start / total, 6), round((start + cell.documents) / total, 6)])
    return found


def pairs(tries: Sequence[Trie], cells: Sequence[Sequence[Cell]]) -> np.ndarray:
    """Branches of two trees that have documents in common: int64 ``(pairs, 3)``, a place among the cells below the first one on
    each side, and how many documents. Cells that stand for what was left out are in none."""
    rings = [[_places(trie, of, depth) for depth in (1, 2)] for trie, of in zip(tries, cells, strict=True)]
    met: list[Any] = []
    for first in rings[0]:
        for second in rings[1]:
            rows = min(len(first), len(second))
            both = np.stack([first[:rows], second[:rows]], 1)
            kept, counts = np.unique(both[(both >= 0).all(1)], axis=0, return_counts=True)
            met.append(np.column_stack([kept, counts]))
    return np.concatenate(met)


def _places(trie: Trie, cells: Sequence[Cell], depth: int) -> np.ndarray:
    """Place of the cell of a ring that each document lies below, -1 for none: int64 ``(rows,)``."""
    place = np.full(1 + int(trie.documents.max(initial=-1)), -1, np.int64)
    for index, cell in enumerate(cells[1:]):
        if cell.depth == depth and cell.node > 0:
            place[trie.documents[trie.doc_start[cell.node] : trie.doc_stop[cell.node]]] = index
    return place
