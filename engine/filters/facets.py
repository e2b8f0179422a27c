"""Facets: the values of a column with the documents that have them, each with the filter that lets just these through.

A count is that of the filter itself, so a facet promises nothing that the filter does not keep.
"""

from typing import NamedTuple

import numpy as np

from engine.data.values import INEXACT
from engine.errors import TriescopeError
from engine.filters.columns import Column, Columns, as_text, elements
from engine.filters.meaning import evaluate
from engine.filters.syntax import CONNECTIVES, TOKEN

# Values listed, and the letters of one; a column of more distinct numbers than that is cut into ranges.
MOST, LONGEST, NUMBERS, RANGES = 50, 200, 20, 10


class Facet(NamedTuple):
    """A value or a range of numbers as text, the filter that asks for it, and how many documents that lets through."""

    value: str
    filter: str
    documents: int


class Facets(NamedTuple):
    """What a column holds, most frequent first (ranges in order); distinct values that are not listed; documents without any."""

    found: list[Facet]
    others: int
    without: int


def facets(columns: Columns, name: str, within: np.ndarray | None = None) -> Facets:
    """Values of a column.

    Parameters
    ----------
    columns : Columns
        The documents, by columns.
    name : str
        A column.
    within : np.ndarray, optional
        Bool, an entry a document row: only these are counted.

    Raises
    ------
    TriescopeError
        There is no such column.

    >>> from engine.data.corpus import Document
    >>> films = [Document("a", "Ran", "", {"genre": ["War", "Drama"]}), Document("b", "Up", "", {"genre": ["Drama"]})]
    >>> facets(Columns(films), "genre").found
    [Facet(value='Drama', filter="genre = 'Drama'", documents=2), Facet(value='War', filter="genre = 'War'", documents=1)]
    """
    column = columns.find(name)
    if column is None:
        raise TriescopeError(f"no column {name[:40]!r}")
    within = np.ones(columns.size, bool) if within is None else within
    without = int(np.count_nonzero(within & ~column.present))
    here = within[column.row]
    if (bounds := _bounds(column, here)) is not None:
        filters = [(_range(low, high), _asks_range(name, low, high)) for low, high in bounds]
        return Facets([_counted(columns, text, asked, within) for text, asked in filters], 0, without)
    texts, counts = np.unique(np.unique(np.column_stack([column.row[here], column.text[here]]), axis=0)[:, 1], return_counts=True)
    order = texts[np.lexsort((texts, -counts))].tolist()
    listed = [text for text in order if len(column.texts[text]) <= LONGEST][:MOST]
    spelled = _spelled(columns, name, column, listed)
    found = [_counted(columns, spelled[text], f"{quoted(name)} = {_value(spelled[text])}", within) for text in listed]
    return Facets(sorted(found, key=lambda one: -one.documents), len(order) - len(listed), without)


def both(one: str, other: str) -> str:
    """A filter that lets through what both do; either may be empty.

    >>> both("year < 1990 or year > 2000", "genre = 'War'")
    "(year < 1990 or year > 2000) and genre = 'War'"
    """
    if not one.strip() or not other.strip():
        return one.strip() or other.strip()
    return f"{one if ' or ' not in one.casefold() else f'({one})'} and {other}"


def quoted(name: str) -> str:
    """A column's name as a filter takes it.

    >>> quoted("year"), quoted("release year"), quoted("not")
    ('year', "'release year'", "'not'")
    """
    match = TOKEN.fullmatch(name)
    bare = match is not None and match["word"] == name and name.lower() not in CONNECTIVES
    return name if bare else _value(name)


def _value(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _counted(columns: Columns, value: str, asked: str, within: np.ndarray) -> Facet:
    return Facet(value, asked, int(np.count_nonzero(evaluate(columns, asked) & within)))


def _bounds(column: Column, here: np.ndarray) -> list[tuple[float, float]] | None:
    """Ranges of a column that holds many distinct numbers and nothing else, one a document; None for any other. The last one
    holds its upper bound too."""
    if column.numbers is None or np.isnan(column.numbers).any() or len(column.row) != np.count_nonzero(column.present):
        return None
    numbers = np.unique(column.numbers[here])
    if len(numbers) <= NUMBERS:
        return None
    whole = bool((numbers == np.round(numbers)).all())
    edges = np.quantile(column.numbers[here], np.linspace(0, 1, RANGES + 1), method="lower")
    edges = np.unique(np.round(edges) if whole else edges)
    return list(zip(edges[:-1].tolist(), [*edges[1:-1].tolist(), np.inf], strict=True))


def _range(low: float, high: float) -> str:
    return f"{_number(low)} and more" if high == np.inf else f"{_number(low)} to below {_number(high)}"


def _asks_range(name: str, low: float, high: float) -> str:
    least = f"{quoted(name)} >= {_number(low)}"
    return least if high == np.inf else f"{least} and {quoted(name)} < {_number(high)}"


def _number(value: float) -> str:
    return str(int(value)) if value == round(value) and abs(value) < INEXACT else repr(float(value))


def _spelled(columns: Columns, name: str, column: Column, listed: list[int]) -> dict[int, str]:
    """Each value as the first document that has it spells it."""
    found: dict[int, str] = {}
    for text in listed:
        document = columns.documents[column.row[np.argmax(column.text == text)]]
        key = name if name in ("id", "title") or name in document.metadata else _own_spelling(columns, name)
        cell = getattr(document, key) if key in ("id", "title") else document.metadata[key]
        values = (one if isinstance(one, str) else as_text(one) for one in elements(cell))
        found[text] = next(one for one in values if as_text(one) == column.texts[text])
    return found


def _own_spelling(columns: Columns, name: str) -> str:
    return next(other for other in columns.names if other.casefold() == name.casefold())
