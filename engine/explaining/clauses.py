"""Why a document came back, in sentences, each with the evidence that it rests on.

No language model writes them: a clause is made where its evidence is there, and says no more than that. Words of the query that
stand in a document, columns that have them, words that it lacks, the codes that were written with the rank of each beginning, a
document above it that begins with the same codes, and how near it is as a whole.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from engine.data.corpus import Document, as_words
from engine.text.matched import Wanted, marks, spelled, stems

KINDS = ("words", "column", "missing", "codes", "alone", "shared", "near")


class Clause(NamedTuple):
    """One sentence.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    says : str
        The sentence.
    evidence : dict
        What it rests on, as plain values: ``field`` and ``spans`` of matched words, ``column`` and ``value``, a ``prefix`` of
        codes like ``3-17``, another ``document``, a ``cosine``.
    """

    kind: str
    says: str
    evidence: dict[str, Any]


class Written(NamedTuple):
    """A code of an identifier: its level, the codes up to it, words of that branch, its rank among the beginnings of that length,
    how many there are (0 where some were left out), how many documents are below, and whether it is among the beams."""

    level: int
    prefix: tuple[int, ...]
    words: str
    rank: int
    of: int
    documents: int
    kept: bool


def ordinal(number: int) -> str:
    """A rank in words.

    >>> [ordinal(number) for number in (1, 2, 3, 4, 11, 22, 1013)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd', '1,013th']
    """
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def joined(words: Sequence[str]) -> str:
    """A list as it is read aloud.

    >>> joined(["a"]), joined(["a", "b", "c"])
    ('"a"', '"a", "b" and "c"')
    """
    quoted = [f'"{word}"' for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def of_words(query: str, stems_wanted: Wanted, document: Document, fields: Sequence[str]) -> list[Clause]:
    """Where the words of a query stand in a document, and which stand nowhere."""
    found, known = [], set[str]()
    for field, text in (("title", document.title), ("text", document.text)):
        if spans := marks(stems_wanted, text):
            words = list(dict.fromkeys(text[start:stop].lower() for start, stop in spans))
            found.append(Clause("words", f"Its {field} has {joined(words)}.", {"field": field, "spans": spans, "words": words}))
            known |= set(stems([text], stems_wanted.language)[0])
    for name, value in document.metadata.items():
        text = as_words(value)
        if spans := marks(stems_wanted, text):
            words = list(dict.fromkeys(text[start:stop].lower() for start, stop in spans))
            aside = "" if name in fields else "; that column is not searched"
            says = f"Its {name} is {text}, and the query says {joined(words)}{aside}."
            evidence = {"column": name, "value": text, "words": words, "searched": name in fields}
            found.append(Clause("column", says, evidence))
            known |= set(stems([text], stems_wanted.language)[0]) if name in fields else set()
    spelling = spelled(query, stems_wanted.language)
    if lacking := [word for stem, word in spelling.items() if stem not in known]:
        nothing = len(lacking) == len(spelling)
        says = "None of the query's words stands in it: it was found by what it means." if nothing else ""
        says = says or f"Nothing in what is searched of it says {joined(lacking)}."
        found.append(Clause("missing", says, {"words": lacking}))
    return found


def of_codes(written: Sequence[Written]) -> list[Clause]:
    """What was written of a document's identifier, level by level, down to where it is alone."""
    found = []
    for code in written:
        prefix = dashed(code.prefix)
        among = f" of {code.of:,}" if code.of else " of those that are left"
        place = "the only one" if code.of == 1 else f"the {ordinal(code.rank)}{among} by score"
        cut = "" if code.kept else ", and was cut there"
        begins = "Its identifier begins with" if code.level == 1 else "Then it goes on to"
        words = f" ({code.words})" if code.words and code.documents > 1 else ""
        says = f"{begins} {prefix}{words}, {place}{cut}."
        found.append(Clause("codes", says, {"prefix": prefix, "rank": code.rank, "of": code.of, "kept": code.kept}))
        if code.documents == 1:
            found.append(Clause("alone", f"No other document begins with {prefix}.", {"prefix": prefix}))
        if code.documents == 1 or not code.kept:
            break
    return found


def of_neighbours(codes: Sequence[int], above: Mapping[str, Sequence[int]], titles: Mapping[str, str]) -> list[Clause]:
    """The document listed above it that begins with the most of the same codes, the first of equals; ``above`` are codes by id,
    in the order of the list."""
    best, most = "", 0
    for other, theirs in above.items():
        shared = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(codes, theirs, strict=False))))
        if shared > most:
            best, most = other, shared
    if not most:
        return []
    rank, prefix = list(above).index(best) + 1, dashed(codes[:most])
    first = "its first code" if most == 1 else f"its first {most} codes"
    says = f'It shares {first}, {prefix}, with "{titles[best]}", which came {ordinal(rank)}.'
    return [Clause("shared", says, {"prefix": prefix, "document": best, "rank": rank})]


def of_nearness(cosine: float, rank: int, documents: int) -> Clause:
    """How near a document is to a query as a whole."""
    says = f"As a whole it is the {ordinal(rank)} nearest of {documents:,} documents to the query, cosine {cosine:.2f}."
    return Clause("near", says, {"cosine": round(cosine, 4), "rank": rank})


def dashed(codes: Sequence[int]) -> str:
    """Codes as text, as everywhere.

    >>> dashed((3, 17))
    '3-17'
    """
    return "-".join(map(str, codes))
