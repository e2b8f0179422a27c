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
from engine.text.words import alike, pieces

# Words of a value; distinct values of a column, above which it is a text and no key; documents below a value of one word, which
# else is more likely to mean something else; values read of one query.
LONGEST, MOST_VALUES, FEWEST, MOST_NAMED = 6, 20_000, 3, 8
# Letters of a value or of a column's name, so that a filter stays one; columns that share a value, above which it says yes or no.
MOST_LETTERS, MOST_MEANT = 80, 4
FIRST_YEAR, LAST_YEAR = 1000, 2100
SPELLED = {
    word: place for place, word in enumerate("twenties thirties forties fifties sixties seventies eighties nineties".split(), 2)
}
DECADE = regex.compile(r"(1[0-9]|20)?([0-9])0s")
YEAR = regex.compile(r"1[0-9]{3}|20[0-9]{2}")
APOSTROPHE = regex.compile(r"(?<=\d)['’](?=s\b)")
# What turns the word behind it round, in English.
NOT = frozenset("no not non without isn except never neither nor".split())
ARTICLES = frozenset(("a", "an", "the", "any"))


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
    years : list of str
        Columns that hold nothing but years.
    unread : list of str
        Columns of more values than are read, or of too long a name.

    >>> from engine.data.corpus import Document
    >>> films = [Document(str(i), "", "", {"genre": "Comedy", "year": 1970 + i}) for i in range(3)]
    >>> keys = Keys(Columns(films))
    >>> [(one.words, one.keys[0].filter) for one in keys.named("Comedies of the 70s")]
    [('comedies', "genre = 'comedy'"), ('70s', 'year >= 1970 and year <= 1979')]
    """

    def __init__(self, columns: Columns, language: str = ENGLISH):
        self.english, self.years, self.unread = language == ENGLISH, [], []
        self._of: dict[tuple[str, ...], list[Key]] = {}
        stops = stop_words(language)
        for name in columns.names:
            column = columns.find(name)
            if name in ("id", "title") or column is None:
                continue
            if _years(column) and len(name) <= MOST_LETTERS:
                self.years.append(name)
            elif len(column.texts) > MOST_VALUES or len(name) > MOST_LETTERS:
                self.unread.append(name)
            elif not column.mostly_numbers:
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
        if self.years and (span := years_of(words[place], self.english)):
            low, high = span
            return 1, tuple(Key(name, _between(quoted(name), low, high)) for name in self.years)
        for size in range(min(self.longest, len(words) - place), 0, -1):
            *head, last = words[place : place + size]
            keys = [key for form in self._forms(last) for key in self._of.get((*head, form), ())]
            if keys:
                return size, tuple(dict.fromkeys(keys))
        return 1, ()

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
    """The words of a query, in small letters; *1970's* is one.

    >>> words_of_query("Films of the 1970's")
    ['films', 'of', 'the', '1970s']
    """
    return pieces(APOSTROPHE.sub("", alike(query)))


def years_of(word: str, english: bool = True) -> tuple[int, int] | None:
    """The first and last year that a word names; None where it names none.

    >>> years_of("1960s"), years_of("20s"), years_of("seventies"), years_of("1985"), years_of("18s")
    ((1960, 1969), (1920, 1929), (1970, 1979), (1985, 1985), None)
    """
    if english and word in SPELLED:
        word = f"{SPELLED[word]}0s"
    if match := DECADE.fullmatch(word):
        first = int((match[1] or "19") + match[2]) * 10
        return first, first + 9
    return (int(word), int(word)) if YEAR.fullmatch(word) else None


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
