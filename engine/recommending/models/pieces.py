"""Pieces of identifiers as what an item is to a ranking model (Singh et al. 2023): a row of a table a piece, an item their sum.

Items whose identifiers share pieces share what is learned of them, so one that is rarely taken knows what its neighbours know.
With n-grams a piece is a code or two in a row at their level; SentencePiece learns which runs of codes are worth a row, from how
often they are taken. The control deals the rows out by a number of the item alone: as many numbers to learn, and nothing shared
for a reason.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.trie import Trie

# Codes of an n-gram at most.
LONGEST = 2
# The first character that stands for a code: beyond those that mean something in a text.
FIRST_LETTER = 0x10000


class Pieced(NamedTuple):
    """What pieces are made from: codes of each item, int32 ``(items, levels)``, -1 where one has ended; how often each item was
    taken in training; rows of the table."""

    codes: np.ndarray
    taken: np.ndarray
    rows: int


def codes_of(trie: Trie, items: int) -> np.ndarray:
    """Codes of all items, int32 ``(items, levels)``, -1 beyond the end and for an item without an identifier."""
    found = np.full((items, trie.levels), -1, np.int32)
    for row, leaf in enumerate(trie.leaves_of(np.arange(items)).tolist()):
        if leaf >= 0:
            path = trie.prefix(leaf)
            found[row, : len(path)] = path
    return found


def ngrams(of: Pieced) -> np.ndarray:
    """Rows of each item's n-grams, int64 ``(items, pieces)``, -1 for none. Where there are more different ones than rows, they
    share rows by a hash.

    >>> ngrams(Pieced(np.array([[0, 1], [0, 2], [3, -1]]), np.ones(3), 9)).tolist()
    [[0, 2, 4], [0, 3, 5], [1, -1, -1]]
    """
    keys, there = list[np.ndarray](), list[np.ndarray]()
    items, levels = of.codes.shape
    for length in range(1, LONGEST + 1):
        for level in range(levels - length + 1):
            run = of.codes[:, level : level + length]
            keys.append(np.column_stack([np.full((items, 2), (length, level)), _wide(run)]))
            there.append(np.asarray((run >= 0).all(axis=1)))
    flat, is_there = np.concatenate(keys), np.concatenate(there)
    different, numbers = np.unique(flat[is_there], axis=0, return_inverse=True)
    rows = np.full(len(flat), -1, np.int64)
    place = np.arange(len(different)) if len(different) <= of.rows else _hashed(different) % of.rows
    rows[is_there] = place[numbers.ravel()]
    return rows.reshape(-1, items).T.copy()


def sentencepiece(of: Pieced) -> np.ndarray:
    """The same of the pieces that identifiers are cut into by merging what stands together most often, each counted as often as
    its item was taken: the second of SentencePiece's two ways (Sennrich et al. 2016), for the first one of the library here drops
    the most frequent pieces of so small an alphabet.

    Raises
    ------
    TriescopeError
        There are more codes than rows.
    """
    from tokenizers import Tokenizer, models, trainers

    sizes = np.maximum(of.codes.max(axis=0) + 1, 1)
    first = FIRST_LETTER + np.concatenate([[0], np.cumsum(sizes)[:-1]])
    words = ["".join(chr(code + start) for code, start in zip(row, first.tolist(), strict=True) if code >= 0) for row in of.codes]
    letters = sorted(set("".join(words)))
    if len(letters) > of.rows:
        raise TriescopeError(f"pieces: the identifiers have {len(letters):,} different codes, and the table {of.rows:,} rows")
    learned = Tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(vocab_size=of.rows, initial_alphabet=letters, show_progress=False)
    # An item that nobody took counts too, once.
    counted = ([word] * (int(times) + 1) for word, times in zip(words, of.taken, strict=True))
    learned.train_from_iterator((word for same in counted for word in same), trainer)
    rows = np.full(of.codes.shape, -1, np.int64)
    for item, word in enumerate(words):
        cut = learned.encode(word).ids if word else []
        rows[item, : len(cut)] = cut
    return rows


def hashed(of: Pieced) -> np.ndarray:
    """The control: as many rows an item as it has codes, by a hash of its number and the place."""
    items, levels = of.codes.shape
    keys = np.column_stack([np.repeat(np.arange(items), levels), np.tile(np.arange(levels), items)])
    return (_hashed(keys) % of.rows).reshape(items, levels)


def _wide(run: np.ndarray) -> np.ndarray:
    return np.pad(run, ((0, 0), (0, LONGEST - run.shape[1])), constant_values=-1)


def _hashed(keys: np.ndarray) -> np.ndarray:
    """A number below 2 ** 31 for each row of int keys, the same on every machine (the mixing step of splitmix64)."""
    found = np.zeros(len(keys), np.uint64)
    for column in keys.T.astype(np.int64).astype(np.uint64):
        found = (found ^ column) + np.uint64(0x9E3779B97F4A7C15)
        found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        found ^= found >> np.uint64(31)
    return (found >> np.uint64(33)).astype(np.int64)


WAYS: Mapping[str, Callable[[Pieced], np.ndarray]] = {"ngrams": ngrams, "sentencepiece": sentencepiece, "hashed": hashed}
