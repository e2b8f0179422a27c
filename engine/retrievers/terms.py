"""Which words of a query a document is found by, and how much of its score each of them is.

A keyword score is a sum over the words of the query, so every word has a share of it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

# Words named in a line, with their shares and without; the rest are counted.
NAMED, LISTED = 5, 2


class Terms(NamedTuple):
    """What the words of a query add to the scores of documents.

    Attributes
    ----------
    words : tuple of str
        As the query spells them, each stem once, in its order; stop words are none.
    scores : np.ndarray
        Float32 ``(documents, words)``; 0 where a document does not have the word. A document's score is the sum of its row.
    """

    words: tuple[str, ...]
    scores: np.ndarray

    def shares(self, place: int) -> list[tuple[str, float]]:
        """Words that a document has with their shares of its score, which sum to 1; the largest first.

        >>> Terms(("a", "heist", "dream"), np.array([[0.0, 1.0, 3.0]])).shares(0)
        [('dream', 0.75), ('heist', 0.25)]
        """
        of = self.scores[place].astype(np.float64)
        there = np.flatnonzero(of)
        return [(self.words[at], float(of[at] / of.sum())) for at in there[np.argsort(-of[there], kind="stable")]]

    def missing(self, place: int) -> list[str]:
        """Words that a document does not have.

        >>> Terms(("a", "heist", "dream"), np.array([[0.0, 1.0, 3.0]])).missing(0)
        ['a']
        """
        return [word for word, score in zip(self.words, self.scores[place], strict=True) if not score]


class Postings(NamedTuple):
    """An index of words: ``rows[starts[n]:starts[n + 1]]`` are the documents that have word ``n``, ``data`` what it is worth."""

    data: np.ndarray
    rows: np.ndarray
    starts: np.ndarray
    number: Mapping[str, int]


def terms(postings: Postings, stems: Sequence[str], spelled: Mapping[str, str], rows: np.ndarray) -> Terms:
    """What each stem of a query adds to the scores of some documents; one that the query has twice counts twice.

    Parameters
    ----------
    postings : Postings
        The index.
    stems : sequence of str
        Those of the query, in its order.
    spelled : mapping of str to str
        Stem -> the word that a person wrote; a stem that is not there stands for itself.
    rows : np.ndarray
        Int64 ``(documents,)``.
    """
    counted = Counter(stems)
    scores = np.zeros((len(rows), len(counted)), np.float32)
    for column, (stem, times) in enumerate(counted.items()):
        number = postings.number.get(stem)
        if number is None:
            continue
        of = slice(int(postings.starts[number]), int(postings.starts[number + 1]))
        have, data = postings.rows[of], postings.data[of]
        for place, row in enumerate(rows):
            at = np.flatnonzero(have == row)
            scores[place, column] = times * data[at].sum()
    return Terms(tuple(spelled.get(stem, stem) for stem in counted), scores)


def told(shares: Sequence[tuple[str, float]]) -> str:
    """Shares in a line.

    >>> told([("dream", 0.62), ("heist", 0.377), ("inside", 0.003)])
    'dream 62%, heist 38%, inside <1%'
    """
    named = [f"{word} {share:.0%}" if share >= 0.005 else f"{word} <1%" for word, share in shares[:NAMED]]
    return ", ".join(named + ([f"+{len(shares) - NAMED} more"] if len(shares) > NAMED else []))


def listed(words: Sequence[str]) -> str:
    """Words in a line.

    >>> listed(["a", "b"]), listed("abcdefg")
    ('a, b', 'a, b, +5 more')
    """
    return ", ".join([*words[:LISTED], *([f"+{len(words) - LISTED} more"] if len(words) > LISTED else [])])
