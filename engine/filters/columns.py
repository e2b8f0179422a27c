"""Metadata of documents as columns: what filters compare, in flat arrays.

A column is ragged, for a document may have a list of values: parallel arrays say of each value which document row it belongs to
and what it is. Texts are told by their place among the sorted distinct ones, so comparing texts is comparing integers.
"""

import json
import re
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from engine.data.corpus import Document
from engine.data.looked_up import keys_of
from engine.data.values import INEXACT

NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*", re.ASCII)


class Column(NamedTuple):
    """Values of one column.

    Attributes
    ----------
    present : np.ndarray
        Bool, an entry a document: it has a value.
    row : np.ndarray
        Int32, an entry a value: the document row it belongs to, ascending.
    texts : list of str
        The distinct values as text without case, sorted.
    text : np.ndarray
        Int32, an entry a value: its place in ``texts``.
    numbers : np.ndarray or None
        Float64, an entry a value, NaN for one that is no number; None where none is.
    mostly_numbers : bool
        Whether at least half of the values are numbers.
    """

    present: np.ndarray
    row: np.ndarray
    texts: list[str]
    text: np.ndarray
    numbers: np.ndarray | None
    mostly_numbers: bool


class Columns:
    """Columns of a corpus, each made when it is first asked for and kept.

    Attributes
    ----------
    size : int
        Documents.
    names : list of str
        ``id``, ``title`` and the metadata keys, in order of appearance. A metadata key of the name ``id`` or ``title`` is hidden
        by the document's own.
    """

    def __init__(self, documents: Sequence[Document]):
        self.documents = documents
        self.size = len(documents)
        self.names = list(dict.fromkeys(("id", "title", *keys_of(documents))))
        self._made: dict[str, Column] = {}

    def find(self, name: str) -> Column | None:
        """The column of this name, in whatever case if only one has it so; None if there is none."""
        if name not in self.names:
            alike = [other for other in self.names if other.casefold() == name.casefold()]
            if len(alike) != 1:
                return None
            name = alike[0]
        if name not in self._made:
            if name in ("id", "title"):
                self._made[name] = _column([getattr(document, name) for document in self.documents], text_only=True)
            else:
                self._made[name] = _column([document.metadata.get(name) for document in self.documents])
        return self._made[name]


def columns_of(documents: Sequence[Document]) -> Columns:
    """Columns of the documents; worth keeping, since the first filter on a column pays for making it.

    >>> found = columns_of([Document("a", "Ran", "", {"year": "1985"}), Document("b", "Up", "", {"year": None})]).find("Year")
    >>> found.present.tolist(), found.numbers.tolist()
    ([True, False], [1985.0])
    """
    return Columns(documents)


def as_number(value: Any) -> float | None:
    """The number that a value is or reads as; None for other text, truth values and numbers so large that
    float64 would blur them.

    >>> as_number(" 1e3 "), as_number(7), as_number("7 seas"), as_number(True)
    (1000.0, 7.0, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        if not NUMBER.fullmatch(value):
            return None
        value = int(value) if len(value) < 20 and value.strip().lstrip("+-").isdigit() else float(value)
        if not abs(value) < INEXACT:
            return None
    return None if isinstance(value, int) and abs(value) >= INEXACT else float(value)


def as_text(value: Any) -> str:
    """A value as text without case: JSON, except that text is itself.

    >>> as_text("Über"), as_text(1990), as_text(True)
    ('über', '1990', 'true')
    """
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)).casefold()


def elements(value: Any) -> list[Any]:
    """The values that one cell holds, none for a missing one.

    >>> elements(["Japan", None, " "]), elements(0), elements(float("nan"))
    (['Japan'], [0], [])
    """
    values = value if isinstance(value, list) else [value]
    return [one for one in values if not _missing(one)]


def _missing(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    # Only NaN differs from itself.
    return value is None or value != value or value == [] or value == {}


def _hashable(value: Any) -> Any:
    """The value itself, or its text where it is a list or an object, which nothing but text compares with."""
    return as_text(value) if isinstance(value, list | dict) else value


def _column(cells: list[Any], text_only: bool = False) -> Column:
    split = [elements(cell) for cell in cells]
    sizes = np.fromiter(map(len, split), np.int64, len(split))
    # Most columns repeat few values, so each value is read once. True is not 1 here, though Python says they are equal.
    kinds: dict[Any, int] = {}
    kind = [
        kinds.setdefault(value if isinstance(value, str) else (type(value), _hashable(value)), len(kinds))
        for value in chain.from_iterable(split)
    ]
    values = [value if isinstance(value, str) else value[1] for value in kinds]
    texts = [as_text(value) for value in values]
    distinct = sorted(set(texts))
    place = {text: at for at, text in enumerate(distinct)}
    numbers = [as_number(value) for value in values]
    of_kind = np.array([place[text] for text in texts], np.int32)
    found = np.array(numbers, np.float64)[kind] if values and not text_only else np.empty(0)
    count = np.count_nonzero(np.isfinite(found))
    return Column(
        present=sizes > 0,
        row=np.repeat(np.arange(len(cells), dtype=np.int32), sizes),
        texts=distinct,
        text=of_kind[kind],
        numbers=found if count else None,
        mostly_numbers=bool(count and 2 * count >= len(found)),
    )
