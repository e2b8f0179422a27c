"""Where a text has the words of a query, by their stems, and the part of it that shows most of them.

Words are cut as everywhere (:mod:`engine.text.words`), but in the text as it is written, so that it can be marked there.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import regex

from engine.text.languages import ENGLISH, stemming, stems_of, stop_words
from engine.text.words import PIECE, alike, words, words_of

LETTERS = 140
CUT = "…"
# At most so many letters stand before the first marked word of a snippet that begins within its text.
BEFORE = 40
JOINERS = "\u200c\u200d"  # unseen too, but some scripts spell with them

Span = tuple[int, int]


class Snippet(NamedTuple):
    """A part of a text, and where in it the words of the query stand: ``(start, stop)``, ascending, none touching the next."""

    text: str
    marks: list[Span]

    def parts(self) -> Iterator[tuple[str, bool]]:
        """The text in pieces, each with whether it is marked.

        >>> list(Snippet("a heist film", [(2, 7)]).parts())
        [('a ', False), ('heist', True), (' film', False)]
        """
        at = 0
        for start, stop in self.marks:
            if at < start:
                yield self.text[at:start], False
            yield self.text[start:stop], True
            at = stop
        if at < len(self.text):
            yield self.text[at:], False


def stems(texts: Sequence[str], language: str = ENGLISH) -> list[list[str]]:
    """Stems of each text's words, stop words left out: those that bm25s finds (a test holds it), without loading it.

    >>> stems(["The heists of dreams, part C"]), stems(["Die Häuser"], "german"), stems(["The heists"], "none")
    ([['heist', 'dream', 'part', 'c']], [['haus']], [['the', 'heists']])
    """
    return stems_of([words(text) for text in texts], language)


def spelled(text: str, language: str = ENGLISH) -> dict[str, str]:
    """Stem -> the first word of a text that has it, in small letters.

    >>> spelled("Dreaming of dreams and a heist")
    {'dream': 'dreaming', 'heist': 'heist'}
    """
    found: dict[str, str] = {}
    stops = stop_words(language)
    for stem, word in zip(stems([text], language)[0], (word for word in words(text) if word not in stops), strict=True):
        found.setdefault(stem, word)
    return found


class Wanted(frozenset[str]):
    """Stems that are looked for, and the language that they are of."""

    language = ENGLISH


NOTHING = Wanted()


def wanted(query: str, language: str = ENGLISH) -> Wanted:
    """Stems that are looked for: those of a query."""
    found = Wanted(stems([query], language)[0])
    found.language = language
    return found


def marks(stems_wanted: Wanted, text: str) -> list[Span]:
    """Where the words of a text stand whose stem is wanted; where there are no spaces, all that both share.

    >>> [text[start:stop] for text in ["He dreamed of DREAMS"] for start, stop in marks(wanted("a dream"), text)]
    ['dreamed', 'DREAMS']
    >>> marks(wanted("烤鸭"), "北京最有名的菜是烤鸭")
    [(8, 10)]
    """
    found: list[Span] = []
    stem, known = stemming(stems_wanted.language), dict[str, bool]()
    for match in PIECE.finditer(text) if stems_wanted else ():
        piece = alike(match[0])
        parts = words_of(piece)
        if len(parts) > 1:
            spans = _shared(piece, parts, stems_wanted) if len(piece) == len(match[0]) else []
            found += [(match.start() + start, match.start() + stop) for start, stop in spans]
            continue
        if piece not in known:
            known[piece] = stem([piece])[0] in stems_wanted
        if known[piece]:
            found.append(match.span())
    return _joined(found)


def whole(stems_wanted: Wanted, text: str) -> Snippet:
    """A text in one line, whole, with its marks."""
    line = one_line(text)
    return Snippet(line, marks(stems_wanted, line))


def snippet(stems_wanted: Wanted, text: str, letters: int = LETTERS) -> Snippet:
    """The part of a text, of at most about ``letters``, that has the most of the words wanted; the first such part, and the start
    of the text where it has none. What is cut off is an ellipsis.

    >>> snippet(wanted("dreams"), "A long beginning that says nothing at all. Then she dreams.", 30).text
    '…at all. Then she dreams.'
    """
    line = one_line(text)
    found = marks(stems_wanted, line)
    if len(line) <= letters:
        return Snippet(line, found)
    first, last = _densest(line, found, letters, stems_wanted.language)
    begin, end = _around(line, first, last, letters)
    head, tail = CUT if begin else "", CUT if end < len(line) else ""
    shift = len(head) - begin
    inside = [(start + shift, stop + shift) for start, stop in found if start >= begin and stop <= end]
    return Snippet(f"{head}{line[begin:end]}{tail}", inside)


def one_line(text: str) -> str:
    """A text with single blanks for white space and for signs that are not seen but steer: a terminal, or which way one reads.

    >>> one_line(" a\\x1b[31m\\n b ")
    'a [31m b'
    """
    return " ".join("".join(sign if sign.isprintable() or sign in JOINERS else " " for sign in text).split())


def _shared(piece: str, parts: Sequence[str], stems_wanted: Wanted) -> list[Span]:
    """Stretches of a run without spaces that are made of wanted words."""
    known = stems_wanted.intersection(parts)
    return _joined(sorted(hit.span() for part in known for hit in regex.finditer(regex.escape(part), piece, overlapped=True)))


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Ascending spans, those that overlap or touch made one."""
    joined: list[Span] = []
    for start, stop in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(stop, joined[-1][1])
        else:
            joined.append((start, stop))
    return joined


def _densest(line: str, found: Sequence[Span], letters: int, language: str) -> Span:
    """From the first to the last mark of the window with the most different stems, then the most; the first of equal ones."""
    within: Counter[str] = Counter()
    best, span, left = (0, 0), (0, 0), 0
    spelled = stemming(language)([alike(line[start:stop]) for start, stop in found])
    for right, (_, stop) in enumerate(found):
        within[spelled[right]] += 1
        while left < right and stop - found[left][0] > letters:
            within[spelled[left]] -= 1
            within += Counter()  # what is counted no more is gone
            left += 1
        if (worth := (len(within), right - left + 1)) > best:
            best, span = worth, (found[left][0], stop)
    return span


def _around(line: str, first: int, last: int, letters: int) -> Span:
    """A window around a stretch: some of what stands before it, the rest behind, words kept whole where there are blanks."""
    spare = max(0, letters - (last - first))
    begin = max(0, min(first - min(spare // 2, BEFORE), len(line) - letters))
    if 0 < begin < first and line[begin - 1] != " ":
        blank = line.find(" ", begin, first)
        begin = blank + 1 if blank >= 0 else begin
    end = min(len(line), max(begin + letters, last))
    if last < end < len(line) and line[end] != " ":
        blank = line.rfind(" ", last, end)
        end = blank if blank > 0 else end
    return begin, end
