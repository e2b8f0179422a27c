"""From the text of a filter to its syntax tree; :mod:`engine.filters` says what the language is and what it means.

Filters come from strangers: length and nesting are limited, and whatever else is typed ends in a tree or in an error that says
where reading stopped and what was expected there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from engine.errors import TriescopeError

# Far above what a person writes, far below what could keep the process busy or exhaust the stack.
MAX_LENGTH, MAX_NESTING = 2000, 40

TOKEN = re.compile(
    r"""\s*(?:(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    |(?P<text>'(?:[^']|'')*+'|"(?:[^"]|"")*+")|(?P<word>[^\W\d][\w.-]*)|(?P<sign><=|>=|!=|<>|==|[=<>≤≥≠(),])|(?P<end>\Z))""",
    re.VERBOSE,
)
SIGNS = {"==": "=", "<>": "!=", "≠": "!=", "≤": "<=", "≥": ">="}
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
CONNECTIVES = ("and", "or", "not")


class Token(NamedTuple):
    """A piece of a filter; ``at`` is its position from 1, ``text`` is without the quotes."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True)
class Condition:
    """``column sign values``; the sign is a comparison, ``has``, ``contains``, ``in`` or ``missing``."""

    column: Token
    sign: str
    values: tuple[Token, ...] = ()


@dataclass(frozen=True)
class Not:
    """The opposite of ``part``."""

    part: "Filter"


@dataclass(frozen=True)
class Joined:
    """All ``parts`` (``and``) or any of them (``or``)."""

    by: str
    parts: "tuple[Filter, ...]"


Filter = Condition | Not | Joined


def parse(text: str) -> Filter:
    """Syntax tree of a filter.

    Raises
    ------
    TriescopeError
        It is too long, too deeply nested or not a filter.

    >>> parse("not year > 1990").part.sign
    '>'
    """
    if len(text) > MAX_LENGTH:
        raise TriescopeError(f"filter: it has {len(text):,} characters; at most {MAX_LENGTH:,} are read")
    if not text.strip():
        raise TriescopeError("filter: it is empty; write one like year > 1990")
    parser = _Parser(list(_tokens(text)))
    found = parser.joined("or")
    if parser.next.kind != "end":
        parser.fail("and, or, or the end")
    return found


def _tokens(text: str) -> Iterator[Token]:
    place = 0
    while True:
        match = TOKEN.match(text, place)
        if match is None:
            start = place + len(text[place:]) - len(text[place:].lstrip())
            found = text[start:].split()[0][:20]
            closed = "this quote is never closed" if found[0] in "'\"" else f"{found!r} has no meaning here; text goes in quotes"
            raise TriescopeError(f"filter, position {start + 1}: {closed}")
        kind = str(match.lastgroup)
        found, at = match[kind], match.start(kind) + 1
        if kind == "text":
            found = found[1:-1].replace(found[0] * 2, found[0])
        yield Token(kind, SIGNS.get(found, found) if kind == "sign" else found, at)
        if kind == "end":
            return
        place = match.end()


class _Parser:
    """Recursive descent; ``next`` is the token to be read."""

    def __init__(self, tokens: list[Token]):
        self.tokens, self.place, self.depth = tokens, 0, 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def fail(self, expected: str) -> NoReturn:
        found = "the end" if self.next.kind == "end" else repr(self.next.text)
        raise TriescopeError(f"filter, position {self.next.at}: expected {expected}, found {found}")

    def accept(self, *wanted: str) -> str | None:
        """Read the next token if it is one of these keywords or signs."""
        found = self.next.text.lower()
        if self.next.kind not in ("word", "sign") or found not in wanted:
            return None
        self.place += 1
        return found

    def expect(self, sign: str, told: str) -> None:
        if not self.accept(sign):
            self.fail(told)

    def joined(self, by: str) -> Filter:
        part = self.single if by == "and" else lambda: self.joined("and")
        parts = [part()]
        while self.accept(by):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(by, tuple(parts))

    def single(self) -> Filter:
        at = self.next.at
        opened = self.accept("not", "(")
        if not opened:
            return self.condition()
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise TriescopeError(f"filter, position {at}: nested more than {MAX_NESTING} deep")
        if opened == "not":
            found: Filter = Not(self.single())
        else:
            found = self.joined("or")
            self.expect(")", "and, or, or a closing parenthesis")
        self.depth -= 1
        return found

    def condition(self) -> Filter:
        column = self.next
        if column.kind not in ("word", "text") or (column.kind == "word" and column.text.lower() in CONNECTIVES):
            self.fail("a column, not or an opening parenthesis")
        self.place += 1
        sign = self.accept(*COMPARISONS, "has", "contains", "in", "is", "not")
        if sign is None:
            self.fail(f"{' '.join(COMPARISONS)}, has, contains, in or is after column {column.text!r}")
        if sign == "is":
            turned = self.accept("not")
            self.expect("missing", "missing")
            return Not(Condition(column, "missing")) if turned else Condition(column, "missing")
        if sign in ("in", "not"):
            if sign == "not":
                self.expect("in", "in")
            self.expect("(", "an opening parenthesis")
            values = [self.value()]
            while self.accept(","):
                values.append(self.value())
            self.expect(")", "a comma or a closing parenthesis")
            return Condition(column, "in" if sign == "in" else "not in", tuple(values))
        return Condition(column, sign, (self.value(),))

    def value(self) -> Token:
        found = self.next
        if found.kind not in ("number", "text") and not self.is_bare():
            self.fail("a value")
        self.place += 1
        if found.kind != "word":
            return found
        # Words need no quotes: they are one text up to a connective or a sign, with single blanks.
        words = [found.text]
        while self.is_bare() or self.next.kind == "number":
            words.append(self.next.text)
            self.place += 1
        alone = len(words) == 1 and found.text.lower() in ("true", "false")
        return found if alone else Token("text", " ".join(words), found.at)

    def is_bare(self) -> bool:
        """Whether the next token is a word that can be (part of) a value."""
        return self.next.kind == "word" and self.next.text.lower() not in CONNECTIVES
