"""All n-grams of some texts: where each occurs, and which words may follow it.

A suffix array over words, sorted by the first :data:`DEPTH` of them: the occurrences of an n-gram are a run of it, and so are
those of every longer n-gram that begins so. An FM-index (Ferragina and Manzini 2000), as SEAL has it, answers the same in less
memory; here three int32 a word are kept, about twice the text.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.text.words import pieces, words_of

# Words by which suffixes are sorted: no longer n-gram can be asked for.
DEPTH = 8
# What stands behind each text: no n-gram goes across.
END = 0


class Runs(NamedTuple):
    """N-grams as runs of the suffix array: ``low`` and ``high``, int64; and the last word of each, int64."""

    low: np.ndarray
    high: np.ndarray
    word: np.ndarray


class Ngrams(NamedTuple):
    """Texts as words, and their suffixes in order.

    Attributes
    ----------
    vocabulary : list of str
        The words by number; number :data:`END` is none.
    words : np.ndarray
        Int32: all texts one after the other, :data:`END` behind each and :data:`DEPTH` times at the end.
    order : np.ndarray
        Int32: the places of all words but the ends, sorted by the :data:`DEPTH` words that begin there.
    document : np.ndarray
        Int32: the text of each of ``order``.
    lengths : np.ndarray
        Int64: words of each text.
    """

    vocabulary: list[str]
    words: np.ndarray
    order: np.ndarray
    document: np.ndarray
    lengths: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in self[1:])

    def first(self) -> Runs:
        """Every word, by number."""
        return self.after(0, len(self.order), 0)

    def after(self, low: int, high: int, length: int) -> Runs:
        """What follows an n-gram of ``length`` words whose run is ``low`` to ``high``: one n-gram more a word that does."""
        following = self.words[self.order[low:high].astype(np.int64) + length]
        starts = np.flatnonzero(np.r_[True, following[1:] != following[:-1]]) if len(following) else np.empty(0, np.int64)
        stops = np.append(starts[1:], len(following)).astype(np.int64)
        word = following[starts].astype(np.int64)
        real = word != END
        return Runs(low + starts[real], low + stops[real], word[real])

    def text(self, low: int, length: int) -> str:
        """The n-gram of ``length`` words whose run begins at ``low``."""
        place = int(self.order[low])
        return " ".join(self.vocabulary[word] for word in self.words[place : place + length])


def index(texts: Sequence[str]) -> Ngrams:
    """Index texts: words in small letters, pairs of characters in scripts without spaces.

    >>> known = index(["To be or not to be", "not to be"])
    >>> runs = known.first()
    >>> [(known.text(low, 1), int(high - low)) for low, high in zip(runs.low, runs.high)]
    [('to', 3), ('be', 3), ('or', 1), ('not', 2)]
    """
    numbers: dict[str, int] = {"": END}
    spelled = [
        [numbers.setdefault(word, len(numbers)) for piece in pieces(text) for word in words_of(piece, alone=False)]
        for text in texts
    ]
    return of_numbers(spelled, list(numbers))


def of_numbers(texts: Sequence[Sequence[int]], vocabulary: list[str]) -> Ngrams:
    """Index texts that are numbers already, each of a word of the vocabulary, whose number :data:`END` is none.

    >>> of_numbers([[1, 2], [2]], ["", "sea", "war"]).document.tolist()
    [0, 1, 0]
    """
    flat, lengths = [number for text in texts for number in (*text, END)], list(map(len, texts))
    words = np.array(flat + [END] * DEPTH, np.int32)
    rank, length = words.astype(np.int64), 1
    while length < DEPTH:  # the rank by twice as many words, from that of the first half and that of the second
        second = np.append(rank[length:], np.full(length, END))
        rank = np.unique(rank * (rank.max() + 1) + second, return_inverse=True)[1]
        length *= 2
    order = np.argsort(rank, kind="stable").astype(np.int32)
    order = order[words[order] != END]
    document = np.repeat(np.arange(len(lengths), dtype=np.int32), np.array(lengths, np.int64) + 1)
    return Ngrams(vocabulary, words, order, document[order], np.array(lengths, np.int64))
