"""From words to codes: a path of words for each document becomes its identifier.

Categories, attributes, titles, keywords and URLs differ only in how they find the words; numbering them, and seeing to it
that no identifier is the beginning of another, is the same for all.
"""

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from engine.errors import TriescopeError
from engine.identifiers.base import Identifiers, lengths

# The word of a document that has none.
UNKNOWN = "unknown"
# What a person reads where an identifier stops although others go on.
END = "(end)"
# Longest path; what a longer one has beyond is one last word. The code table is as wide as its longest row.
DEEPEST = 16


def identifiers_of(paths: Sequence[Sequence[str]], always_end: bool = False) -> Identifiers:
    """Number the words of each level in alphabetical order.

    Parameters
    ----------
    paths : sequence of sequences of str
        The words of each document, coarse to fine; a document without any gets the one word "unknown".
    always_end : bool
        Give every identifier an end code, as GENRE's titles have (De Cao et al. 2021). Otherwise only a path that is the
        beginning of another one gets it, so that a leaf is always an end. The end code is 0 at its level.

    Returns
    -------
    Identifiers
        Int32 codes, equal where paths are equal, none the proper beginning of another; no codebooks.

    Raises
    ------
    TriescopeError
        There are no documents: a scheme of words cannot work on embeddings alone.

    >>> found = identifiers_of([["Drama", "Family"], ["Comedy"], ["Drama"]])
    >>> found.codes.tolist(), found.words
    ([[1, 1], [0, -1], [1, 0]], [['Comedy', 'Drama'], ['(end)', 'Family']])
    """
    if not len(paths):
        raise TriescopeError("identifiers made of words need the documents, and there are none")
    filled = [path or (UNKNOWN,) for path in paths]
    columns, words = [], []
    # A level is a column of the table of paths; the sentinel None stands where a path has ended.
    for column in zip_longest(*filled):
        level = sorted({word for word in column if word is not None})
        number: dict[str | None, int] = {None: -1, **{word: code for code, word in enumerate(level)}}
        columns.append(np.fromiter(map(number.__getitem__, column), np.int32, len(filled)))
        words.append(level)
    codes = np.column_stack([*columns, np.full(len(filled), -1, np.int32)])
    return _with_ends(codes, [*words, []], np.ones(len(codes), bool) if always_end else is_beginning(codes))


def clipped(path: Sequence[str], separator: str) -> list[str]:
    """A path of at most :data:`DEEPEST` words; the last one holds all that remain.

    >>> clipped(list("abcdefghijklmnopqr"), "/")[-2:]
    ['o', 'p/q/r']
    """
    rest = path[DEEPEST - 1 :]
    return [*path[: DEEPEST - 1], separator.join(rest)] if rest else list(path)


def is_beginning(codes: np.ndarray) -> np.ndarray:
    """Which rows of int ``(n, levels)`` codes, -1 padded, are the proper beginning of another row: bool ``(n,)``.

    >>> is_beginning(np.array([[1, -1], [1, 2], [0, -1], [1, -1]])).tolist()
    [True, False, False, True]
    """
    # -1 sorts before every code, so a row that begins others stands right before the first of them.
    different, group = np.unique(codes, axis=0, return_inverse=True)
    begins = np.zeros(len(different), bool)
    begins[:-1] = ((different[:-1] == different[1:]) | (different[:-1] < 0)).all(axis=1)
    return begins[group.ravel()]


def _with_ends(codes: np.ndarray, words: list[list[str]], ends: np.ndarray) -> Identifiers:
    """Put an end code behind the rows that ``ends`` marks, moving the level's other codes up by one; drop an unused column."""
    length = lengths(codes)
    for level in range(codes.shape[1]):
        rows = ends & (length == level)
        if rows.any():
            codes[codes[:, level] >= 0, level] += 1
            codes[rows, level] = 0
            words[level] = [END, *words[level]]
    levels = len(words) if words[-1] else len(words) - 1
    vocabulary = tuple(len(level) for level in words[:levels])
    return Identifiers(codes[:, :levels].copy(), vocabulary, words=words[:levels], content=length)
