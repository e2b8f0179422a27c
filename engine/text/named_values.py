"""Values of columns that a query names: ``japanese crime films of the 1960s`` names a language, a genre and ten years.

A value is named where its words stand in the query side by side, as they are or, in English, the last one in the plural; of two
that overlap the longer counts. Columns of years are named by a year or a decade. No other column of numbers is read, nor one of
truth values.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import regex

from engine.filters.columns import Column, Columns, as_number
from engine.filters.facets import quoted
from engine.text.languages import ENGLISH, stop_words
from engine.text.named_ranges import ARTICLES, range_at, words_for, years_of
from engine.text.words import alike, pieces

# Words of a value; distinct values of a column, above which it is a text and no key; documents below a value of one word, which
# else is more likely to mean something else; values read of one query.
LONGEST, MOST_VALUES, FEWEST, MOST_NAMED = 6, 20_000, 3, 8
# Letters of a value or of a column's name, so that a filter stays one; columns that share a value, above which it says yes or no.
MOST_LETTERS, MOST_MEANT = 80, 4
FIRST_YEAR, LAST_YEAR = 1000, 2100
APOSTROPHE = regex.compile(r"(?<=\d)['’](?=s\b)")
MONEY = regex.compile(r"[$€£] ?(\d[\d.,]*\d|\d)(?!\w)")
# A number with a point or commas, and two years with a dash: each is one word.
WRITTEN = regex.compile(r"(?<![\w.,-])(\d+\.\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{4}[-–]\d{4})(?![\w-]|[.,]\d)")
# What turns the word behind it round, in English.
NOT = frozenset("no not non without isn except never neither nor".split())


class Key(NamedTuple):
    """A column and the filter that lets through what has the value."""

    column: str
    filter: str


class Named(NamedTuple):
    """Words of a query, in small letters, and what they may name; several keys where more than one column has such a value.
    ``turned`` where a word like *not* stands before them; ``at`` is their place among :func:`words_of_query`."""

    words: str
    keys: tuple[Key, ...]
    turned: bool
    at: slice


class Keys:
    """The values of a corpus by their words.

    Parameters
    ----------
    columns : Columns
        Its columns.
    language : str
        Whose stop words name nothing, and whether words have English plurals.

    Attributes
    ----------
    years, numbers : list of str
        Columns that hold nothing but years, and others of numbers.
    unread : list of str
        Columns of more values than are read, or of too long a name.

    >>> from engine.data.corpus import Document
    >>> films = [Document(str(i), "", "", {"genre": "Comedy", "year": 1970 + i}) for i in range(3)]
    >>> keys = Keys(Columns(films))
    >>> [(one.words, one.keys[0].filter) for one in keys.named("Comedies of the 70s")]
    [('comedies', "genre = 'comedy'"), ('70s', 'year >= 1970 and year <= 1979')]
    """

    def __init__(self, columns: Columns, language: str = ENGLISH):
        self.english = language == ENGLISH
        self.years: list[str] = []
        self.numbers: list[str] = []
        self.unread: list[str] = []
        self._of: dict[tuple[str, ...], list[Key]] = {}
        self._columns: dict[str, list[str]] = {}
        stops = stop_words(language)
        for name in columns.names:
            column = columns.find(name)
            if name in ("id", "title") or column is None:
                continue
            if column.mostly_numbers and len(name) <= MOST_LETTERS:
                (self.years if _years(column) else self.numbers).append(name)
                for word in words_for(name):
                    self._columns.setdefault(word, []).append(name)
            elif len(column.texts) > MOST_VALUES or len(name) > MOST_LETTERS:
                self.unread.append(name)
            else:
                for words, key in _values(name, column):
                    if not stops.issuperset(words):
                        self._of.setdefault(words, []).append(key)
        self._of = {words: keys for words, keys in self._of.items() if len({key.column for key in keys}) <= MOST_MEANT}
        self.longest = max(map(len, self._of), default=1)

    def named(self, query: str) -> list[Named]:
        """What a query names, in its order; of the first :data:`MOST_NAMED`."""
        words, place = words_of_query(query), 0
        found: list[Named] = []
        while place < len(words) and len(found) < MOST_NAMED:
            size, keys = self._at(words, place)
            if keys:
                before = [word for word in words[max(0, place - 2) : place] if word not in ARTICLES][-1:]
                at, turned = slice(place, place + size), self.english and bool(NOT.intersection(before))
                found.append(Named(" ".join(words[at]), keys, turned, at))
            place += size
        return found

    def _at(self, words: list[str], place: int) -> tuple[int, tuple[Key, ...]]:
        """How many words to go on by, and what they name."""
        if self.english and (ranged := self._range(words, place)):
            return ranged
        if self.years and (span := years_of(words[place], self.english)):
            low, high = span
            return 1, tuple(Key(name, _between(quoted(name), low, high)) for name in self.years)
        for size in range(min(self.longest, len(words) - place), 0, -1):
            *head, last = words[place : place + size]
            keys = [key for form in self._forms(last) for key in self._of.get((*head, form), ())]
            if keys:
                return size, tuple(dict.fromkeys(keys))
        return 1, ()

    def _range(self, words: list[str], place: int) -> tuple[int, tuple[Key, ...]] | None:
        """The same of a range of numbers, with the word of a column before or behind it; None where there is none. One of nothing
        that is named is passed over, so that its number is not taken for a year."""
        at, columns = place, self._columns.get(words[place], [])
        if columns:
            at += 2 if words[place + 1 : place + 2] in (["of"], ["is"]) else 1
        found = range_at(words, at) if at < len(words) else None
        if found is None:
            return None
        end = at + found.size
        behind = self._columns.get(words[end], []) if end < len(words) and not columns else []
        of = columns or behind or (self.years if found.of_times or found.years_alone else [])
        keys = tuple(Key(name, found.filter(quoted(name))) for name in of if name in self.years or not found.years_alone)
        return end - place + bool(keys and behind), keys

    def _forms(self, word: str) -> Iterator[str]:
        """A word, and what it may be the plural of."""
        yield word
        if self.english and len(word) > 3 and word.endswith("s"):
            yield word[:-1]
            if word.endswith("es"):
                yield word[:-2]
            if word.endswith("ies"):
                yield word[:-3] + "y"


def words_of_query(query: str) -> list[str]:
    """The words of a query, in small letters; *1970's* is one, and so is a number, with its commas and its point.

    >>> words_of_query("Films of the 1970's, rated 8.5, under $1,000")
    ['films', 'of', 'the', '1970s', 'rated', '8.5', 'under', '1,000', 'dollars']
    """
    parts = WRITTEN.split(MONEY.sub(r"\1 dollars", APOSTROPHE.sub("", alike(query))))
    return [word for place, part in enumerate(parts) for word in ([part] if place % 2 else pieces(part))]


def _between(name: str, low: int, high: int) -> str:
    return f"{name} = {low}" if low == high else f"{name} >= {low} and {name} <= {high}"


def _years(column: Column) -> bool:
    """Whether all values are years, by the rule of the attributes' decades."""
    numbers = column.numbers
    if numbers is None or not len(numbers):
        return False
    return bool(((numbers % 1 == 0) & (numbers >= FIRST_YEAR) & (numbers <= LAST_YEAR)).all())


def _values(name: str, column: Column) -> Iterator[tuple[tuple[str, ...], Key]]:
    """The words of each value that can be named, with its key."""
    size = max(1, len(column.present))
    pairs = np.unique(column.text.astype(np.int64) * size + column.row)
    documents = np.bincount(pairs // size, minlength=len(column.texts))
    for text, count in zip(column.texts, documents.tolist(), strict=True):
        words = tuple(pieces(text))
        if not 0 < len(words) <= LONGEST or len(text) > MOST_LETTERS or text in ("true", "false") or as_number(text) is not None:
            continue
        if len(words) > 1 or count >= FEWEST:
            yield words, Key(name, f"{quoted(name)} = '" + text.replace("'", "''") + "'")
