"""Ranges of numbers that a query names in English words: ``under 100 minutes``, ``between 90 and 120``, ``before the 1960s``.

What stands before a number says which side of it is meant, and what stands beside it says of what: a word of a column's name, or
a unit that such a column counts. Times alone (*before*, *since*) need no such word, for columns of years are their own.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import regex

SPELLED = {
    word: place for place, word in enumerate("twenties thirties forties fifties sixties seventies eighties nineties".split(), 2)
}
DECADE = regex.compile(r"(1[0-9]|20)?([0-9])0s")
YEAR = regex.compile(r"1[0-9]{3}|20[0-9]{2}")
NUMBER = regex.compile(r"(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,6})?")
ARTICLES = frozenset(("a", "an", "the", "any"))
# What a side is called; those of the last line are of times.
SIDES: dict[tuple[str, ...], str] = {
    **dict.fromkeys((("under",), ("below",)), "<"),
    **dict.fromkeys((("over",), ("above",)), ">"),
    **dict.fromkeys((("at", "most"), ("up", "to"), ("no", "more", "than"), ("not", "more", "than")), "<="),
    **dict.fromkeys((("at", "least"), ("no", "less", "than"), ("not", "less", "than")), ">="),
    **{(word, "than"): "<" for word in "less fewer shorter cheaper lower smaller lighter".split()},
    **{(word, "than"): ">" for word in "more longer greater higher larger bigger heavier".split()},
}
TIMES: dict[tuple[str, ...], str] = {
    **{("before",): "<", ("earlier", "than"): "<", ("after",): ">", ("later", "than"): ">"},
    **{("since",): ">=", ("until",): "<=", ("till",): "<="},
}
LONGEST = 3
PAIRS = (("between", "and"), ("from", "to"), ("from", "until"), ("", "to"))
# Units, and words of the names of columns that count them.
UNITS = {
    **dict.fromkeys(("minute", "minutes", "min", "mins"), frozenset("runtime duration length minutes minute mins min".split())),
    **dict.fromkeys("dollar dollars euro euros pound pounds usd eur".split(), frozenset(("price", "cost"))),
    **dict.fromkeys(("star", "stars"), frozenset(("rating", "stars", "score"))),
}


class Range(NamedTuple):
    """A range of numbers.

    Attributes
    ----------
    size : int
        Words that name it.
    bounds : tuple of (str, float)
        Its sides, each as a filter compares.
    of_times, years_alone : bool
        Whether it is said of times, and whether it can be of nothing but years.
    """

    size: int
    bounds: tuple[tuple[str, float], ...]
    of_times: bool
    years_alone: bool

    def filter(self, column: str) -> str:
        """As a filter of a column, whose name is given as a filter takes it.

        >>> Range(4, ((">=", 90.0), ("<", 120.5)), False, False).filter("runtime")
        'runtime >= 90 and runtime < 120.5'
        """
        return " and ".join(f"{column} {side} {int(at) if at == int(at) else repr(at)}" for side, at in self.bounds)


def range_at(words: Sequence[str], place: int) -> Range | None:
    """The range that begins at a word, without what stands beside it; None where none does.

    >>> range_at("films between 1960 and the seventies".split(), 1)
    Range(size=5, bounds=(('>=', 1960), ('<=', 1979)), of_times=True, years_alone=True)
    >>> range_at("no more than 1,200.5 grams".split(), 0).bounds, range_at("under the bed".split(), 0)
    ((('<=', 1200.5),), None)
    """
    for opens, joint in PAIRS:
        if opens in ("", words[place]):
            at, first = _number(words, place + bool(opens))
            if first and words[at : at + 1] == [joint]:
                end, last = _number(words, at + 1)
                if last and first.low <= last.high:
                    years = first.years_alone or last.years_alone
                    return Range(end - place, ((">=", first.low), ("<=", last.high)), first.time and last.time, years)
    for size in range(LONGEST, 0, -1):
        said = tuple(words[place : place + size])
        if side := TIMES.get(said) or SIDES.get(said):
            end, of = _number(words, place + size)
            if of:
                edge = of.low if side in ("<", ">=") else of.high
                return Range(end - place, ((side, edge),), said in TIMES and of.time, of.years_alone)
    return None


class _Number(NamedTuple):
    """The lowest and the highest that a word names, whether it can be nothing but years, and whether it can be one."""

    low: float
    high: float
    years_alone: bool
    time: bool


def _number(words: Sequence[str], place: int) -> tuple[int, _Number | None]:
    """The number at a place, an article before it passed over, and the place behind it."""
    if place < len(words) and words[place] in ARTICLES:
        place += 1
    if place >= len(words):
        return place, None
    word = words[place]
    if span := years_of(word):
        return place + 1, _Number(*span, not word.isdigit(), True)
    if NUMBER.fullmatch(word):
        value = float(word.replace(",", ""))
        return place + 1, _Number(value, value, False, False)
    return place, None


def years_of(word: str, english: bool = True) -> tuple[int, int] | None:
    """The first and last year that a word names; None where it names none.

    >>> years_of("1960s"), years_of("20s"), years_of("seventies"), years_of("1985"), years_of("1960-1975"), years_of("18s")
    ((1960, 1969), (1920, 1929), (1970, 1979), (1985, 1985), (1960, 1975), None)
    """
    if english and word in SPELLED:
        word = f"{SPELLED[word]}0s"
    if match := DECADE.fullmatch(word):
        first = int((match[1] or "19") + match[2]) * 10
        return first, first + 9
    low, _, high = word.replace("–", "-").partition("-")
    if all(YEAR.fullmatch(one) for one in (low, high or low)) and low <= (high or low):
        return int(low), int(high or low)
    return None


def words_for(column: str) -> Iterator[str]:
    """Words that name a column of numbers beside one of them: those of its name, and units that it may count.

    >>> sorted(words_for("Runtime_minutes"))
    ['min', 'mins', 'minute', 'minutes', 'runtime']
    """
    own = set(regex.findall(r"\p{L}{2,}", column.lower()))
    yield from own | {unit for unit, counted in UNITS.items() if own & counted}
