"""Telling words: what names of nodes, keyword identifiers and pseudo-queries are made of, so that they speak one language.

How the three weigh them is their own affair. Keyword search cuts otherwise: it needs stems, numbers and short words too.
"""

from collections.abc import Sequence
from typing import NamedTuple

import bm25s

# Three letters at least, and no digit.
WORD = r"(?u)\b[^\W\d_]{3,}\b"


class Words(NamedTuple):
    """``numbers`` holds the words of each text in its order, by their place in ``vocabulary``."""

    numbers: list[list[int]]
    vocabulary: list[str]


def cut(texts: Sequence[str]) -> Words:
    """Words of at least three letters in each text, in small letters, without English stop words and numbers.

    >>> cut(["The ship, the Ship of 1912", "dance"])
    Words(numbers=[[0, 0], [1]], vocabulary=['ship', 'dance'])
    """
    found = bm25s.tokenize(list(texts), stopwords="en_plus", token_pattern=WORD, show_progress=False)
    return Words(found.ids, sorted(found.vocab, key=found.vocab.__getitem__))
