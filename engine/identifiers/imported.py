"""Identifiers that somebody has made already, taken as they are from a metadata column.

A cell is a list of tokens (``["<a_183>", "<b_70>"]``, as LC-Rec and GRID write them), a list of numbers, or a text that spells
either: ``3-17-5``, ``<a_183><b_70>``, or a list in JSON. Where every token of a level is one stem with a number, the number is
the code, so that ours and published identifiers are spelled alike; other tokens are words and are numbered in their order.
"""

import json
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.identifiers import columns
from engine.identifiers.base import Identifiers, Material, Option, Progress, Scheme, lengths
from engine.identifiers.paths_of_words import DEEPEST, END, is_beginning

# Names under which numbers are taken for an identifier; tokens in angle brackets are one whatever their column is called.
KNOWN = ("identifier", "identifiers", "semantic_id", "semantic_ids", "sid", "sids", "docid_codes", "codes")
# A number above this is a key of something, no place in a codebook: arrays are as long as the largest of a level.
LARGEST = 65_535
TOKEN = re.compile(r"<[^<>\s]{1,60}>")
SPELLED = re.compile(r"\d{1,9}(?:[-, ]+\d{1,9})*")
NUMBERED = re.compile(r"(<?[^\W\d]*)(0|[1-9]\d{0,8})>?")


def fit(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Read the cells; see :class:`engine.identifiers.base.Scheme`. A document whose cell is empty gets no identifier.

    Raises
    ------
    TriescopeError
        There is no such column, a cell is no identifier (the first is named, all are counted), or no document has one.
    """
    name = settings.get("column") or find_column(material.documents)
    found, wrong = [], []
    for document, cell in zip(material.documents, columns.column(material.documents, name, "imported"), strict=True):
        tokens = tokens_of(cell)
        found.append(tokens or [])
        if tokens is None:
            wrong.append((document.id, cell))
    if wrong:
        first, cell = wrong[0]
        raise TriescopeError(
            f"imported: {len(wrong):,} of {len(found):,} documents have something in {name!r} that is no identifier; the first "
            f"is {first!r} with {str(cell)[:60]!r} (wanted: 1 to {DEEPEST} tokens as a list, or numbers like 3-17-5)"
        )
    return identifiers_of(found, name)


def tokens_of(cell: Any) -> list[str] | None:
    """The tokens of a cell; none of an empty one, and None where it is no identifier.

    >>> tokens_of(["<a_183>", "<b_70>"]), tokens_of("<a_183><b_70>"), tokens_of("[3, 17]"), tokens_of("3-17-5")
    (['<a_183>', '<b_70>'], ['<a_183>', '<b_70>'], ['3', '17'], ['3', '17', '5'])
    >>> tokens_of(None), tokens_of("a film of 1994"), tokens_of([1, -2]), tokens_of(7)
    ([], None, None, ['7'])
    """
    if isinstance(cell, str):
        text = cell.strip()
        if text.startswith("["):
            try:
                cell = json.loads(text)
            except (ValueError, RecursionError):
                return None
        elif TOKEN.sub("", text).strip(" ,-") == "":
            cell = TOKEN.findall(text)
        elif SPELLED.fullmatch(text):
            cell = re.findall(r"\d+", text)
        else:
            return None
    elif isinstance(cell, int) and not isinstance(cell, bool):
        cell = [cell]
    elif cell is None or (isinstance(cell, float) and math.isnan(cell)):
        cell = []
    if not isinstance(cell, list | tuple) or len(cell) > DEEPEST:
        return None
    tokens = [_token(part) for part in cell]
    return None if any(token is None for token in tokens) else [token for token in tokens if token is not None]


def _token(part: Any) -> str | None:
    if isinstance(part, float) and part.is_integer():
        part = int(part)
    if isinstance(part, int) and not isinstance(part, bool):
        return str(part) if part >= 0 else None
    return part.strip() or None if isinstance(part, str) else None


def find_column(documents: Sequence[Document]) -> str:
    """The first column that holds identifiers, by its cells and, where they are bare numbers, by its name too.

    Raises
    ------
    TriescopeError
        There is none.

    >>> find_column([Document("1", "", "", {"day": "2024-1-5", "letter_sid": ["<a_1>", "<b_2>"]})])
    'letter_sid'
    """
    named = columns.called(documents, KNOWN)
    for name in [*named, *(name for name in columns.names(documents) if name not in named)]:
        cells = [cell for document in documents if (cell := document.metadata.get(name)) not in (None, "", [])]
        read = [tokens_of(cell) for cell in cells]
        good = sum(bool(tokens) and (name in named or all(map(TOKEN.fullmatch, tokens or []))) for tokens in read)
        if good and 2 * good >= len(read):  # the others are named when they are read
            return name
    raise TriescopeError(
        "imported: no metadata column holds identifiers (lists like <a_183>, <b_70>; numbers like 3-17-5 in a column called "
        f"{', '.join(KNOWN[:4])}); there are {', '.join(sorted(columns.names(documents))) or 'none'}: name one with column="
    )


def identifiers_of(found: Sequence[Sequence[str]], name: str) -> Identifiers:
    """Codes of the tokens of each document, and what has to be said of them.

    Parameters
    ----------
    found : sequence of sequence of str
        Tokens of each document; none for a document without an identifier.
    name : str
        Of their column, for what is said.

    Raises
    ------
    TriescopeError
        No document has an identifier.

    >>> made = identifiers_of([["<a_3>", "<b_1>"], ["<a_3>"], [], ["<a_0>", "<b_1>"]], "sid")
    >>> made.codes.tolist(), made.vocabulary, made.content.tolist()
    ([[3, 1], [3, 2], [-1, -1], [0, 1]], (4, 3), [2, 1, 0, 2])
    """
    if not any(found):
        raise TriescopeError(f"imported: no document has an identifier in {name!r}")
    levels = [_numbered([tokens[level] for tokens in found if len(tokens) > level]) for level in range(max(map(len, found)))]
    codes = np.full((len(found), len(levels)), -1, np.int32)
    for level, (numbers, _) in enumerate(levels):
        codes[[len(tokens) > level for tokens in found], level] = numbers
    content, sizes = lengths(codes), [max(numbers) + 1 for numbers, _ in levels]
    words = [of or [str(code) for code in range(sizes[level])] for level, (_, of) in enumerate(levels)]
    # What begins another is shorter than it, so there is a level for its end.
    ends = is_beginning(codes) & (content > 0)
    for level in np.unique(content[ends]):
        codes[ends & (content == level), level] = sizes[level]
        sizes[level] += 1
        words[level].append(END)
    spelled = words if any(of for _, of in levels) else []
    notes = _notes(codes, ends, [level for level, (_, of) in enumerate(levels, 1) if of], name)
    return Identifiers(codes, tuple(sizes), words=spelled, content=content, notes=notes)


def _numbered(tokens: Sequence[str]) -> tuple[list[int], list[str]]:
    """The code of each token of a level; and the word of each code, where the tokens are words."""
    read = [NUMBERED.fullmatch(token) for token in tokens]
    if len({match and match[1] for match in read}) == 1:
        numbers = [int(match[2]) for match in read if match]
        if numbers and max(numbers) <= LARGEST:
            return numbers, []
    words = sorted(set(tokens))
    number = {word: code for code, word in enumerate(words)}
    return [number[token] for token in tokens], words


def _notes(codes: np.ndarray, ends: np.ndarray, of_words: Sequence[int], name: str) -> tuple[str, ...]:
    there = codes[codes[:, 0] >= 0]
    sizes = np.unique(there, axis=0, return_counts=True)[1]
    bare, shared, of = len(codes) - len(there), int(sizes[sizes > 1].sum()), f"{len(codes):,} documents"
    told = {
        f"{bare:,} of {of} have nothing in {name!r}: they get no identifier, are in no tree and cannot be written": bare,
        f"{shared:,} of {of} share their identifier in {name!r} with another": shared,
        f"{ends.sum():,} of {of} have an identifier in {name!r} that begins another: a code more marks its end": ends.any(),
        f"tokens of {name!r} at level {', '.join(map(str, of_words))} are no numbers of one codebook, but words": of_words,
    }
    return tuple(sentence for sentence, so in told.items() if so)


SCHEME = Scheme(
    name="imported",
    summary="Identifiers that are there already, in a column of the catalogue: published ones, or another program's.",
    citation="none: as they come; LC-Rec (Zheng et al. 2024), LETTER (Wang et al. 2024) and GRID write such columns",
    options=(
        Option(
            name="column",
            type=str,
            default=None,
            help="Metadata column of identifiers: lists of tokens or numbers, or texts like 3-17-5. The first that is one.",
        ),
    ),
    fit=fit,
)
