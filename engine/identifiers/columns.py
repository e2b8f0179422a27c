"""Metadata columns: which there are, and what a cell holds, for the schemes that read them."""

import math
from collections.abc import Sequence
from typing import Any

from engine.data.corpus import Document
from engine.errors import TriescopeError


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
    """The parts of a cell, coarse to fine: a list's items, or a text split at " > ", else (if ``slashes``) at "/".

    Of a list of paths, the first.

    Empty for a missing cell: None, an empty text or list, not a number.

    >>> steps([["Beauty", "Bath"], ["Home"]])
    ['Beauty', 'Bath']
    >>> steps(["Drama", "Family"]), steps("Garden > Tools/Spades"), steps("a/b"), steps("a/b", slashes=False), steps(None)
    (['Drama', 'Family'], ['Garden', 'Tools/Spades'], ['a', 'b'], ['a/b'], [])
    """
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return []
    if isinstance(cell, list | tuple) and cell and isinstance(cell[0], list | tuple):
        cell = cell[0]
    if isinstance(cell, list | tuple):
        parts = [str(part) for part in cell if part is not None]
    else:
        text = str(cell)
        # An arrow needs room around it ("a->b" and markup are no paths); a slash does not, as in file names.
        parts = text.split(" > ") if " > " in text else text.split("/") if slashes else [text]
    return [stripped for part in parts if (stripped := part.strip())]
