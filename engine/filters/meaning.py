"""Filters written as text, such as ``year > 1990 and not countries has 'France'``: which documents they let through.

A filter is read by a small parser of its own (:mod:`engine.filters.syntax`; nothing of it is ever run as code or SQL) and
evaluated on whole columns at once (:mod:`engine.filters.columns`).

    filter      a condition, or filters joined by ``not``, ``and``, ``or`` (binding in this order) and parentheses
    condition   COLUMN = != < <= > >= VALUE (also == <> ≠ ≤ ≥)
                COLUMN has VALUE, COLUMN contains TEXT, COLUMN [not] in (VALUE, VALUE), COLUMN is [not] missing
    COLUMN      id, title or a metadata key; in quotes where it is not one word
    VALUE       a number, true or false, words (``genre has science fiction``), or text in single or double quotes (a quote
                within is doubled), which text needs that holds ``and``, ``or``, ``not``, a sign, or begins with a digit

What a condition means: text compares without regard to case; a list matches when any of its elements does, and ``!=`` and
``not in`` when it has elements and none does; ``contains`` looks for a part of the text. In a column of numbers (every value is
one, or text that reads as one) values compare as numbers. In one of numbers and other texts (``n/a``, ``1,200``) a number is
less or more than those that are numbers, and equal to them where at least half are; no other value meets it, and
:func:`left_aside` counts those. ``id`` and ``title`` are always text. A missing value (null, blank,
an empty list) satisfies ``is missing`` and no other condition. ``not`` is plain negation, so it lets through what misses a value.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import numpy as np

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.filters.columns import NUMBER, Column, Columns, as_number, columns_of
from engine.filters.syntax import Condition, Filter, Joined, Not, Token, parse

__all__ = ["Columns", "allowed", "columns_of", "evaluate", "left_aside", "parse"]

# Columns listed when there is none of that name.
MOST_TOLD = 40


def allowed(documents: Sequence[Document], text: str) -> np.ndarray:
    """Which documents a filter lets through: bool, an entry a document row.

    Where several filters are asked of one corpus, keep :func:`columns_of` the documents and call :func:`evaluate`.

    >>> films = [Document("a", "Ran", "", {"year": 1985, "genre": ["War", "Drama"]}), Document("b", "Up", "", {"year": 2009})]
    >>> allowed(films, "year > 1990 or genre = 'war'").tolist(), allowed(films, "genre is missing").tolist()
    ([True, True], [False, True])
    """
    return evaluate(columns_of(documents), text)


def evaluate(columns: Columns, text: str) -> np.ndarray:
    """Which documents a filter lets through.

    Parameters
    ----------
    columns : Columns
        The documents, by columns.
    text : str
        The filter.

    Returns
    -------
    np.ndarray
        Bool, an entry a document row.

    Raises
    ------
    TriescopeError
        The filter is too long, too deeply nested or not a filter (where, and what was expected there), there is no such column
        (which there are), or a value does not suit its column.
    """
    return _mask(columns, parse(text))


def left_aside(columns: Columns, text: str) -> list[str]:
    """What a filter cannot compare, a sentence a column: values that are no numbers, where it asks for numbers.

    >>> films = [Document("a", "Ran", "", {"price": "1,200"}), Document("b", "Up", "", {"price": 15})]
    >>> left_aside(columns_of(films), "price < 100 or price > 200")
    ["column 'price': 1 of 2 values is no number (such as '1,200'), and no number is compared with it"]
    """
    told: dict[str, str] = {}
    for condition in _conditions(parse(text)):
        column = _column(columns, condition.column)
        if condition.sign == "contains" or not any(_as_numbers(column, condition.sign, value) for value in condition.values):
            continue
        assert column.numbers is not None
        if others := np.count_nonzero(np.isnan(column.numbers)):
            are = "values is no number" if others == 1 else "values are no numbers"
            told[condition.column.text] = (
                f"column {condition.column.text!r}: {others:,} of {len(column.numbers):,} {are} "
                f"(such as {_other_text(column)!r}), and no number is compared with {'it' if others == 1 else 'them'}"
            )
    return list(told.values())


def _mask(columns: Columns, found: Filter) -> np.ndarray:
    if isinstance(found, Not):
        return ~_mask(columns, found.part)
    if isinstance(found, Joined):
        join = np.logical_and if found.by == "and" else np.logical_or
        mask = _mask(columns, found.parts[0])
        for part in found.parts[1:]:
            join(mask, _mask(columns, part), out=mask)
        return mask
    column = _column(columns, found.column)
    if found.sign == "missing":
        return ~column.present
    hit = np.zeros(len(column.row), bool)
    for value in found.values:
        hit |= _matches(column, found, value)
    mask = np.zeros(columns.size, bool)
    mask[column.row[hit]] = True
    return column.present & ~mask if found.sign in ("!=", "not in") else mask


def _column(columns: Columns, name: Token) -> Column:
    column = columns.find(name.text)
    if column is None:
        more = f" and {len(columns.names) - MOST_TOLD} more" if len(columns.names) > MOST_TOLD else ""
        told = ", ".join(" ".join(other.split()) for other in columns.names[:MOST_TOLD])
        raise TriescopeError(f"filter, position {name.at}: no column {name.text[:40]!r}; columns are {told}{more}")
    return column


def _matches(column: Column, condition: Condition, value: Token) -> np.ndarray:
    """Which elements match one value, an entry an element. Negated signs are evaluated as what they negate."""
    sign, text = condition.sign, value.text.casefold()
    if sign == "contains":
        return np.fromiter((text in one for one in column.texts), bool, len(column.texts))[column.text]
    if column.numbers is not None and _as_numbers(column, sign, value):
        if not NUMBER.fullmatch(value.text):
            raise TriescopeError(
                f"filter, position {value.at}: column {condition.column.text!r} holds numbers, and {value.text!r} is none"
            )
        return _compare(column.numbers, sign, float(value.text), float(value.text))
    if value.kind == "number" and sign[0] in "<>":
        raise TriescopeError(
            f"filter, position {value.at}: column {condition.column.text!r} holds text (such as {_other_text(column)!r}); "
            f"put {value.text} in quotes to compare as text"
        )
    # The distinct texts are sorted, so a comparison of texts is one of their places.
    return _compare(column.text, sign, bisect_left(column.texts, text), bisect_right(column.texts, text) - 1)


def _as_numbers(column: Column, sign: str, value: Token) -> bool:
    """Whether a value is compared with the numbers of a column; else its texts are compared."""
    if column.numbers is None:
        return False
    whole = not np.isnan(column.numbers).any()
    return whole or (value.kind == "number" and (column.mostly_numbers or sign[0] in "<>"))


def _other_text(column: Column) -> str:
    """A text of the column that is no number, if it has one."""
    return next((one for one in column.texts if as_number(one) is None), column.texts[0] if column.texts else "")[:40]


def _conditions(found: Filter) -> Iterator[Condition]:
    if isinstance(found, Condition):
        yield found
    else:
        for part in found.parts if isinstance(found, Joined) else (found.part,):
            yield from _conditions(part)


def _compare(values: np.ndarray, sign: str, low: float, high: float) -> np.ndarray:
    """Values against one that stands at ``low``; for a text that no document has, ``high`` is the place below it."""
    if sign == "<":
        return values < low
    if sign == "<=":
        return values <= high
    if sign == ">":
        return values > high
    if sign == ">=":
        return values >= low
    return (values >= low) & (values <= high)
