"""What the points of the map are coloured by: the first codes of the identifier, a column, or the hits of a query."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from app.charts.palette import BLUE, GREEN, GREY, ORANGE, PINK, SKY, retriever
from engine.data.corpus import Document
from engine.identifiers import category, columns
from engine.trie import Trie

# Red is kept for the chosen document, grey for the rest. From the sixth on the symbol helps to tell hues apart.
HUES = (BLUE, ORANGE, GREEN, PINK, SKY, "#7A5CC0", "#8A7B00", "#A8327D")
SYMBOLS = ("circle",) * 5 + ("diamond", "square", "triangle-up")
NO_IDENTIFIER, NO_VALUE = "no identifier", "no value"
# A column of more values than a quarter of the documents names things, it does not group them.
GROUPED = 4


class Group(NamedTuple):
    """Points of one colour. ``places`` are int64 indices into the points of the map, not document rows."""

    name: str
    colour: str
    symbol: str
    places: np.ndarray


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


def prefix_labels(trie: Trie, names: Sequence[str], rows: np.ndarray, depth: int) -> list[str]:
    """For each document row the prefix of its first ``depth`` codes and the words of that node: "3-17 · sea, ship".

    A shorter identifier counts as a whole; a document without one is labelled :data:`NO_IDENTIFIER`.
    """
    # Leaf order makes the documents of a node neighbours, so each level is painted over the one above.
    node = np.zeros(max(int(rows.max(initial=-1)), int(trie.documents.max())) + 1, np.int64)
    for level in range(1, min(depth, trie.levels) + 1):
        nodes = np.arange(trie.level_start[level], trie.level_start[level + 1])
        node[trie.documents[_places(trie, nodes)]] = np.repeat(nodes, trie.counts[nodes])
    label = {0: NO_IDENTIFIER}
    for found in np.unique(node[rows]).tolist():
        if found:
            label[found] = f"{'-'.join(map(str, trie.prefix(found)))} · {names[found]}"
    return [label[found] for found in node[rows].tolist()]


def column_labels(documents: Sequence[Document], rows: np.ndarray, column: str) -> list[str]:
    """First level of a column for each document row: the first item of a list, the head of a path, or the text itself."""
    return [_first(documents[row], column) or NO_VALUE for row in rows]


def group_columns(documents: Sequence[Document]) -> list[str]:
    """Metadata columns of text that sort documents into groups, those that are called a category first.

    >>> kites = [Document(str(i), "", "", {"sku": f"k{i}", "year": 1990, "shelf": shelf}) for i, shelf in enumerate("aaaabbbb")]
    >>> group_columns(kites)
    ['shelf']
    """
    found = []
    for name in columns.names(documents):
        cells = [document.metadata.get(name) for document in documents]
        if all(isinstance(cell, str | list | None) for cell in cells):
            values = {_first(document, name) for document in documents} - {""}
            filled = sum(bool(cell) for cell in cells)
            if 2 <= len(values) <= max(len(documents) / GROUPED, 2) and 2 * filled >= len(documents):
                found.append(name)
    known = [name for name in columns.called(documents, category.KNOWN) if name in found]
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


def _first(document: Document, column: str) -> str:
    parts = columns.steps(document.metadata.get(column))
    return parts[0] if parts else ""


def _places(trie: Trie, nodes: np.ndarray) -> np.ndarray:
    """Places in leaf order of all documents below ``nodes``, node by node."""
    counts = trie.counts[nodes].astype(np.int64)
    return np.arange(counts.sum()) + np.repeat(trie.doc_start[nodes] - (np.cumsum(counts) - counts), counts)
