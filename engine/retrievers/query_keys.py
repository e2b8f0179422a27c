"""A query as keys: which of the values that it names are to be looked up, and what was ambiguous or left aside.

A word that names a value often tells a plot (*war*, *family*). So where a build has train queries, a value is a key only if most
of what answers those that name it has it. Nothing else is learned. Without train queries every value named is a key.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from typing import NamedTuple

import numpy as np

from engine import filters
from engine.filters.columns import Columns
from engine.text.languages import ENGLISH
from engine.text.named_values import Key, Keys, words_of_query

# Share of what answers train queries that must have a value which they name, chosen on the films' train and development queries;
# how many such queries the mean of its column counts for.
LEAST, PRIOR = 0.7, 2


class Constraint(NamedTuple):
    """What was read of some words: the filter, and how many documents of all pass it."""

    words: str
    filter: str
    documents: int


class Reading(NamedTuple):
    """A query as keys.

    Attributes
    ----------
    constraints : tuple of Constraint
        All of which hold; words that name values of one column that no document has together are one, either of which holds.
    notes : tuple of str
        What was ambiguous and what was left aside, in sentences.
    allowed : np.ndarray or None
        Bool, an entry a document: has what was read, and passes the filter that was given; None where nothing was read.
    rest : str
        The words that were not read as keys, which rank; the query as it was typed where none is left, or nothing was read.
    """

    constraints: tuple[Constraint, ...]
    notes: tuple[str, ...]
    allowed: np.ndarray | None
    rest: str

    @property
    def filter(self) -> str:
        """The constraints as one filter, empty where there is none."""
        return " and ".join(one.filter for one in self.constraints)

    def told(self) -> list[str]:
        """All of it in sentences."""
        if self.allowed is None:
            return ["it names no value to look up: written by number alone", *self.notes]
        read = [f'"{one.words}" is {one.filter} ({one.documents:,} documents)' for one in self.constraints]
        left = f"{int(self.allowed.sum()):,} of {len(self.allowed):,} documents are left"
        return [*read, f'{left}, ranked by "{self.rest}"', *self.notes]


class _Group(NamedTuple):
    """Words of which any holds, the columns and filters that they name, and the documents that have one."""

    columns: tuple[str, ...]
    words: tuple[str, ...]
    filters: tuple[str, ...]
    mask: np.ndarray
    at: tuple[slice, ...]

    def with_either(self, other: "_Group") -> "_Group":
        filters = tuple(dict.fromkeys((*self.filters, *other.filters)))
        return _Group(self.columns, (*self.words, *other.words), filters, self.mask | other.mask, (*self.at, *other.at))


class LookUp:
    """Reads queries.

    Parameters
    ----------
    columns : Columns
        Of the documents.
    asked : iterable of (str, sequence of int)
        Train queries, each with the rows of what answers it.
    language : str
        Of the documents.
    least : float
        See :data:`LEAST`.

    Attributes
    ----------
    asked, queries : int
        Train queries that were read, and those among them that name a value.
    """

    def __init__(
        self, columns: Columns, asked: Iterable[tuple[str, Sequence[int]]] = (), language: str = ENGLISH, least: float = LEAST
    ):
        self.columns, self.keys, self.least = columns, Keys(columns, language), least
        self.asked, self.queries = 0, 0
        self._sums: dict[Key | str, tuple[int, float]] = {}
        for text, rows in asked:
            named = [one for one in self.keys.named(text) if not one.turned]
            self.asked, self.queries = self.asked + 1, self.queries + bool(named)
            for key in {key for one in named for key in one.keys}:
                share = float(self._mask(key.filter)[rows].mean())
                for by in self._known_by(key):
                    count, total = self._sums.get(by, (0, 0.0))
                    self._sums[by] = count + 1, total + share

    def at_least(self, least: float) -> "LookUp":
        """The same with another share that must be reached."""
        other = copy(self)
        other.least = least
        return other

    def trust(self, key: Key) -> float:
        """Share of what answers train queries that name a value which has it, drawn towards its column's; 1 where no train query
        names any of the column."""
        count, total = self._sums.get(key.column, (0, 0.0))
        seen, has = self._sums.get(key, (0, 0.0))
        return (has + PRIOR * total / count) / (seen + PRIOR) if count else 1.0

    def read(self, query: str, within: np.ndarray | None = None) -> Reading:
        """A query as keys; ``within`` is what passes a filter, bool, an entry a document."""
        everything = np.ones(self.columns.size, bool) if within is None else within
        groups: list[_Group] = []
        notes: list[str] = []
        for words, named, turned, at in self.keys.named(query):
            keys = [key for key in named if self.trust(key) >= self.least]
            if turned or not keys:
                notes.append(self._not_read(words, named, turned))
                continue
            new = _Group(
                tuple(dict.fromkeys(key.column for key in keys)),
                (words,),
                tuple(key.filter for key in keys),
                np.logical_or.reduce([self._mask(key.filter) for key in keys]),
                (at,),
            )
            same = next((one for one in groups if one.columns == new.columns and not (one.mask & new.mask).any()), None)
            joined = same.with_either(new) if same else new
            now = [joined if one is same else one for one in groups] + ([] if same else [joined])
            if not np.logical_and.reduce([everything, *(one.mask for one in now)]).any():
                notes.append(f'"{words}" left aside: no document that is left has {_either(new.filters)}')
                continue
            groups = now
            if len(new.columns) > 1:
                notes.append(f'"{words}" is ambiguous: a value of {" and ".join(new.columns)}, and either will do')
        if not groups:
            return Reading((), tuple(notes), None, query)
        gone = {place for one in groups for at in one.at for place in range(at.start, at.stop)}
        rest = " ".join(word for place, word in enumerate(words_of_query(query)) if place not in gone) or query
        constraints = tuple(Constraint(" / ".join(one.words), _either(one.filters), int(one.mask.sum())) for one in groups)
        return Reading(constraints, tuple(notes), np.logical_and.reduce([everything, *(one.mask for one in groups)]), rest)

    def _not_read(self, words: str, keys: Sequence[Key], turned: bool) -> str:
        if turned:
            return f'"{words}" left aside: what stands before it turns it round'
        best = max(keys, key=self.trust)
        return (
            f'"{words}" left aside: {best.filter} has {self.trust(best):.0%} of what answers train queries that say so, '
            f"less than {self.least:.0%}"
        )

    def _known_by(self, key: Key) -> set[Key | str]:
        """What a train query says something of: the value and its column; a number is named too rarely to be known by itself."""
        return {key.column} if key.column in (*self.keys.years, *self.keys.numbers) else {key, key.column}

    def _mask(self, text: str) -> np.ndarray:
        return filters.evaluate(self.columns, text)


def _either(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else "(" + " or ".join(texts) + ")"
