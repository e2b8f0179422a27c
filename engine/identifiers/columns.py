"""Metadata columns: which there are, and what a cell holds, for the schemes that read them."""

import ast
import json
import math
import re
from collections.abc import Sequence
from typing import Any

from engine.data.corpus import Document, as_words
from engine.data.values import spelled
from engine.errors import TriescopeError
from engine.stored.values import whole

# Between the steps of a path, as shops write it.
ARROW = re.compile(r"\s(?:>>?|»|›)\s")
# What an object of a list is called, in order of preference; and letters of a text that is looked at for a list.
NAMES, LONGEST = ("name", "title", "label", "value"), 4_000


def names(documents: Sequence[Document]) -> list[str]:
    """Metadata columns in the order in which documents first have them.

    >>> names([Document("a", "A", "", {"year": 1990}), Document("b", "B", "", {"mood": "sad", "year": None})])
    ['year', 'mood']
    """
    return list(dict.fromkeys(name for document in documents for name in document.metadata))


def column(documents: Sequence[Document], name: str, scheme: str) -> list[Any]:
    """One cell a document, None where it has none.

    Raises
    ------
    TriescopeError
        No document has a column of this name.
    """
    known = names(documents)
    if name not in known:
        raise TriescopeError(f"{scheme}: there is no metadata column {name!r}; there are {', '.join(sorted(known)) or 'none'}")
    return [document.metadata.get(name) for document in documents]


def called(documents: Sequence[Document], wanted: Sequence[str]) -> list[str]:
    """The columns that have one of the ``wanted`` names, whatever the case, in the order of ``wanted``.

    >>> called([Document("a", "A", "", {"Link": "x", "year": 1, "URL": "y"})], ("url", "link"))
    ['URL', 'Link']
    """
    known = names(documents)
    return [name for want in wanted for name in known if name.lower() == want]


def steps(cell: Any, slashes: bool = True) -> list[str]:
    """The parts of a cell, coarse to fine: a list's items, or a text split at " > " or " >> ", else at "|", else (if ``slashes``)
    at "/". A text that spells a list, as data frames write one into a table, is that list.

    Of a list of paths, the first; of objects, what they are called; of an object without a name, its values.

    Empty for a missing cell: None, an empty text or list, not a number.

    >>> steps([["Beauty", "Bath"], ["Home"]]), steps("['Beauty', 'Bath']"), steps('["Beauty >> Bath", "Home"]')
    (['Beauty', 'Bath'], ['Beauty', 'Bath'], ['Beauty', 'Bath'])
    >>> steps(["Drama", "Family"]), steps("Garden > Tools/Spades"), steps("a/b"), steps("a/b", slashes=False), steps(None)
    (['Drama', 'Family'], ['Garden', 'Tools/Spades'], ['a', 'b'], ['a/b'], [])
    >>> steps([{"id": 16, "name": "Animation"}]), steps({"lvl0": "Toys", "lvl1": "Toys > Kites"}), steps("Drama|War")
    (['Animation'], ['Toys', 'Kites'], ['Drama', 'War'])
    """
    cell = _listed(cell) if isinstance(cell, str) else cell
    if isinstance(cell, dict):
        cell = [cell] if _called(cell) else list(cell.values())
    if isinstance(cell, list | tuple) and cell and isinstance(cell[0], list | tuple):
        return steps(cell[0], slashes)
    if isinstance(cell, list | tuple):
        parts = [_called(part) or as_words(part) for part in cell if not _missing(part)]
        if paths := [part for part in parts if ARROW.search(part)]:  # the first of several, or the deepest of one's beginnings
            return steps(paths[0] if paths[0] == parts[0] else paths[-1], slashes)
    elif _missing(cell):
        return []
    else:
        text = spelled(cell)
        # An arrow needs room around it ("a->b" and markup are no paths); a slash does not, as in file names.
        if ARROW.search(text):
            parts = ARROW.split(text)
        elif "|" in text and "://" not in text:
            parts = text.split("|")
        else:
            parts = text.split("/") if slashes else [text]
    return [stripped for part in parts if (stripped := part.strip())]


def _missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _called(part: Any) -> str:
    """What an object is called; empty where it has no name, or is none."""
    told = [part[key] for key in NAMES if isinstance(part.get(key), str)] if isinstance(part, dict) else []
    return told[0] if told else ""


def _listed(text: str) -> Any:
    """The list that a text spells, as JSON or as Python does; else the text."""
    if len(text) > LONGEST or not (text.startswith("[") and text.endswith("]")):
        return text
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return found if isinstance(found, list) and whole(found) else text
    return text
