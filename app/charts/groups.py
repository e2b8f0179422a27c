"""What the points of the map are coloured by: the first codes of the identifier, a column, or the hits of a query."""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from app.charts.palette import BLUE, GREEN, GREY, ORANGE, PINK, SHADES, SKY, retriever
from engine.data.corpus import Document
from engine.data.looked_up import at
from engine.identifiers import category, columns
from engine.trie import Trie

# Red is kept for the chosen document, grey for the rest. From the sixth on the symbol helps to tell hues apart.
HUES = (BLUE, ORANGE, GREEN, PINK, SKY, "#7A5CC0", "#8A7B00", "#A8327D")
SYMBOLS = ("circle",) * 5 + ("diamond", "square", "triangle-up")
NO_IDENTIFIER, NO_VALUE = "no identifier", "no value"
LEFT_OUT = "does not pass the filter"
# A column of more values than a quarter of the documents names things, it does not group them.
GROUPED = 4


class Group(NamedTuple):
    """Points of one colour.

    Attributes
    ----------
    name, colour, symbol : str
        What they have in common, and how they are drawn.
    places : np.ndarray
        Int64 indices into the points of the map, not document rows.
    labels : sequence of str
        What each point is, where the group holds several kinds; else empty.
    shades : np.ndarray or None
        Int8: which of the :data:`SHADES` of the colour each point has; None where all have the colour itself.
    """

    name: str
    colour: str
    symbol: str
    places: np.ndarray
    labels: Sequence[str] = ()
    shades: np.ndarray | None = None

    def part(self, among: np.ndarray) -> "Group":
        """Those of its points that ``among``, bool and an entry a point of the group, marks."""
        labels = [label for label, kept in zip(self.labels, among.tolist(), strict=True) if kept] if self.labels else ()
        shades = None if self.shades is None else self.shades[among]
        return self._replace(places=self.places[among], labels=labels, shades=shades)


def largest(labels: Sequence[str]) -> list[Group]:
    """The eight largest groups of equal labels, largest first (equal sizes in order of label), and one for all others.

    >>> [(group.name, group.places.tolist()) for group in largest(["sea", "war", "sea"])]
    [('sea', [0, 2]), ('war', [1])]
    """
    counted = sorted(Counter(labels).items(), key=lambda entry: (-entry[1], entry[0]))
    places = {label: place for place, (label, _) in enumerate(counted)}
    numbers = np.fromiter((places[label] for label in labels), np.int64, len(labels))
    groups = [
        Group(label, HUES[number], SYMBOLS[number], np.flatnonzero(numbers == number))
        for number, (label, _) in enumerate(counted[: len(HUES)])
    ]
    if len(counted) > len(HUES):
        groups.append(Group(f"{len(counted) - len(HUES):,} others", GREY, "circle", np.flatnonzero(numbers >= len(HUES))))
    return groups


def branches(trie: Trie, names: Sequence[str], rows: np.ndarray, depth: int) -> list[Group]:
    """Document rows by the first ``depth`` codes: a hue a first code (the eight largest, grey for all others), a shade a branch
    below it, siblings one after the other."""
    first = largest(prefix_labels(trie, names, rows, 1))
    if depth == 1:
        return first
    labels, nodes = prefix_labels(trie, names, rows, depth), branch_nodes(trie, rows, depth)
    found, of_point = np.unique(nodes, return_inverse=True)
    parent = np.zeros(len(found), np.int64)
    parent[of_point] = branch_nodes(trie, rows, 1)
    order = np.lexsort((found, parent))
    _, start, size = np.unique(parent[order], return_index=True, return_counts=True)
    shade = np.empty(len(found), np.int8)
    shade[order] = (np.arange(len(order)) - np.repeat(start, size)) % SHADES
    return [
        group._replace(labels=[labels[place] for place in group.places], shades=shade[of_point[group.places]]) for group in first
    ]


def branch_nodes(trie: Trie, rows: np.ndarray, depth: int) -> np.ndarray:
    """For each document row the node of its first ``depth`` codes, int64; the leaf of a shorter identifier, 0 without one."""
    # Leaf order makes the documents of a node neighbours, so each level is painted over the one above.
    node = np.zeros(max(int(rows.max(initial=-1)), int(trie.documents.max())) + 1, np.int64)
    for level in range(1, min(depth, trie.levels) + 1):
        nodes = np.arange(trie.level_start[level], trie.level_start[level + 1])
        rows_below, size = trie.leaves_documents(nodes)
        node[rows_below] = np.repeat(nodes, size)
    return node[rows]


def prefix_labels(trie: Trie, names: Sequence[str], rows: np.ndarray, depth: int) -> list[str]:
    """For each document row the prefix of its first ``depth`` codes and the words of that node: "3-17 · sea, ship".

    A shorter identifier counts as a whole; a document without one is labelled :data:`NO_IDENTIFIER`.
    """
    nodes = branch_nodes(trie, rows, depth)
    found, of_row = np.unique(nodes, return_inverse=True)
    written, at = [""] * len(found), found
    while at.any():  # all of them up the tree together: there may be twenty thousand
        above = zip(at.tolist(), trie.code[at].tolist(), written, strict=True)
        written = [f"{code}-{below}" if node else below for node, code, below in above]
        at = trie.parent(at)
    labels = [
        f"{text[:-1]} · {names[node]}" if node else NO_IDENTIFIER for node, text in zip(found.tolist(), written, strict=True)
    ]
    return [labels[place] for place in of_row.tolist()]


def under(groups: Sequence[Group], passes: np.ndarray) -> list[Group]:
    """Groups of the points that pass a filter (bool, an entry a point of the map), and before them, grey, the others."""
    left = [found for group in groups if len((found := group.part(passes[group.places])).places)]
    return [*([Group(LEFT_OUT, GREY, "circle", np.flatnonzero(~passes))] if not passes.all() else []), *left]


def column_labels(documents: Sequence[Document], rows: np.ndarray, column: str) -> list[str]:
    """First level of a column for each document row: the first item of a list, the head of a path, or the text itself."""
    return [_first(document.metadata.get(column)) or NO_VALUE for document in at(documents, rows)]


def group_columns(documents: Sequence[Document]) -> list[str]:
    """Metadata columns of text that sort documents into groups, those that are called a category first.

    >>> kites = [Document(str(i), "", "", {"sku": f"k{i}", "year": 1990, "shelf": shelf}) for i, shelf in enumerate("aaaabbbb")]
    >>> group_columns(kites)
    ['shelf']
    """
    rows = [document.metadata for document in documents]  # documents that are looked up are read once
    found = []
    for name in dict.fromkeys(chain.from_iterable(rows)):
        cells = [metadata.get(name) for metadata in rows]
        if all(isinstance(cell, str | list | None) for cell in cells):
            values = {_first(cell) for cell in cells} - {""}
            filled = sum(bool(cell) for cell in cells)
            if 2 <= len(values) <= max(len(rows) / GROUPED, 2) and 2 * filled >= len(rows):
                found.append(name)
    known = [name for want in category.KNOWN for name in found if name.lower() == want]
    return known + [name for name in found if name not in known]


def hit_groups(rows: np.ndarray, dense: Collection[int], generative: Collection[int]) -> list[Group]:
    """Points that vector search, generative search or both found; first all others, so that hits are drawn over them."""
    by_dense, by_generative = (np.isin(rows, np.array(sorted(hits), np.int64)) for hits in (dense, generative))
    kinds = (
        ("not found", GREY, "circle", ~by_dense & ~by_generative),
        ("dense only", retriever("dense"), "square", by_dense & ~by_generative),
        ("generative only", retriever("generative"), "diamond", by_generative & ~by_dense),
        ("dense and generative", ORANGE, "circle", by_dense & by_generative),
    )
    return [Group(name, colour, symbol, np.flatnonzero(mask)) for name, colour, symbol, mask in kinds if mask.any()]


def _first(cell: Any) -> str:
    parts = columns.steps(cell)
    return parts[0] if parts else ""
