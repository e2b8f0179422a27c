"""Attributes: the values of some metadata columns in order, then a number by the extra code.

A decoder then generates what a document is ("Comedy, melancholy, Italian, Italy"), and the tree is the table that looks
up which documents are so. Cells become words by one rule for all columns: the first item of a list, years by decade,
other numbers by quantile band.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.identifiers import columns
from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme
from engine.identifiers.paths_of_words import DEEPEST, UNKNOWN, identifiers_of

MOST_COLUMNS = 4
MOST_VALUES = 256
BANDS = 5


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Number the values of each column; see :class:`engine.identifiers.base.Scheme`.

    Raises
    ------
    TriescopeError
        A column asked for is not there, there are too many, or there is no metadata.
    """
    asked = list(dict.fromkeys(name.strip() for name in (settings.get("columns") or "").split(",") if name.strip()))
    if len(asked) > DEEPEST:
        raise TriescopeError(f"attributes: at most {DEEPEST} columns, not {len(asked)}")
    chosen = asked or find_columns(material.documents)
    return identifiers_of(
        list(zip(*(values(columns.column(material.documents, name, "attributes")) for name in chosen), strict=True))
    )


def find_columns(documents: Sequence[Document]) -> list[str]:
    """Up to four columns of few values (at least two documents a value, on average), fewest values first.

    Where there are more, those that split the corpus best: a column's entropy is what it tells about a document. Where no
    column has few values, the one that has fewest.

    Raises
    ------
    TriescopeError
        There is no metadata column with a value.
    """
    known = columns.names(documents)
    counts = {name: Counter(values([document.metadata.get(name) for document in documents])) for name in known}
    counts = {name: count for name, count in counts.items() if set(count) != {UNKNOWN}}
    if not counts:
        raise TriescopeError("attributes: the corpus has no metadata column")
    few = {name: count for name, count in counts.items() if 1 < len(count) <= min(MOST_VALUES, len(documents) / 2)}
    few = few or dict([min(counts.items(), key=lambda item: (len(item[1]) < 2, len(item[1])))])
    best = sorted(few, key=lambda name: -_entropy(few[name]))[:MOST_COLUMNS]
    return sorted(best, key=lambda name: len(few[name]))


def values(cells: Sequence[Any]) -> list[str]:
    """One word for each cell of a column; "unknown" where the cell is missing.

    >>> values([["Spain", "Cuba"], []]), values([1994, "2001"]), values(["Garden > Tools", "N/A"])
    (['Spain', 'unknown'], ['1990s', '2000s'], ['Garden', 'N/A'])
    """
    # Of a list or a path with arrows the first item: the top level, the first country. A slash is part of a value ("N/A").
    parts = [columns.steps(cell, slashes=False) for cell in cells]
    texts = [part[0] if part else UNKNOWN for part in parts]
    numbers = {text: _number(text) for text in set(texts) - {UNKNOWN}}
    if not numbers or not all(math.isfinite(number) for number in numbers.values()):
        return texts
    there = [row for row, text in enumerate(texts) if text != UNKNOWN]
    for row, word in zip(there, binned(np.array([numbers[texts[row]] for row in there])), strict=True):
        texts[row] = word
    return texts


def binned(numbers: np.ndarray) -> list[str]:
    """Words for float64 numbers: decades when all are years, the numbers themselves when they are few, else quantile bands.

    >>> binned(np.array([1999.0, 2004.0])), binned(np.array([2.5, 4.0, 2.5]))
    (['1990s', '2000s'], ['2.5', '4', '2.5'])
    >>> binned(np.arange(10.0))[:3]
    ['0 to 1', '0 to 1', '2 to 3']
    """
    if ((numbers % 1 == 0) & (numbers >= 1000) & (numbers <= 2100)).all():
        return [f"{int(number) // 10 * 10}s" for number in numbers]
    if len(np.unique(numbers)) <= BANDS:
        return [_short(number) for number in numbers]
    edges = np.quantile(numbers, np.arange(1, BANDS) / BANDS)
    band = np.searchsorted(edges, numbers, side="right")
    said = {int(one): f"{_short(numbers[band == one].min())} to {_short(numbers[band == one].max())}" for one in np.unique(band)}
    return [said[int(one)] for one in band]


def _number(text: str) -> float:
    """The text as a number; nan where it is none, so that the column stays text."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _short(number: float) -> str:
    return f"{number:.12g}"


def _entropy(count: Counter[str]) -> float:
    shares = np.array(list(count.values())) / count.total()
    return float(-(shares * np.log2(shares)).sum())


SCHEME = Scheme(
    name="attributes",
    summary="Values of metadata columns in order (genre, decade, country, ...), then a number.",
    citation="none: the tree is a table of attributes",
    options=(
        Option(
            name="columns",
            type=str,
            default=None,
            help=f"Metadata columns, with commas, in order. Up to {MOST_COLUMNS} of few values that split the corpus best.",
        ),
    ),
    fit=fit,
)
