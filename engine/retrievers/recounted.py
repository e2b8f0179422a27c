"""BM25 over a catalogue that changed: the counts of the index as it was, recounted for the documents there are now.

How rare a word is and how long a document is are measured against all documents, so a single one that comes or goes changes every
score. But a score is made of counts that do not change: how often a document says a word, and how many words it has,

    score = idf(word) * tf / (k1 (1 - b + b words / mean words) + tf)

so with the number of words of each document, which is kept beside the index, ``tf`` can be read off, those that are gone left
out, those that came counted in, and the formula filled in anew. What comes of it is what indexing all documents anew would give,
number for number (a test holds it), and no text is cut but those of the additions.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse as matrices

from engine.errors import TriescopeError
from engine.retrievers.sparse import K1, LENGTHS, NOTHING, B, Counts, SparseRetriever, tokens
from engine.stored import arrays

# A count that is read off is a whole number but for the rounding of a float32.
NEAR = 0.25


class RecountedRetriever(SparseRetriever):
    """The index of the documents ``kept`` of another, in their order, and of those ``added`` behind them.

    Parameters
    ----------
    whole : SparseRetriever
        Over the documents as they were.
    texts : callable
        Their texts; asked for only where an index of an earlier version does not tell its documents' lengths.
    kept : np.ndarray
        Int64, ascending: rows that stay.
    added : sequence of str
        Texts that come.
    """

    def __init__(self, whole: SparseRetriever, texts: Callable[[], list[str]], kept: np.ndarray, added: Sequence[str]):
        import bm25s

        self.rule, self.folder, self.language = whole.rule, None, whole.language
        table, lengths = _counts(whole, texts)
        cut, words = tokens(added, whole.rule, whole.language), dict(whole.index.vocab_dict)
        for word in dict.fromkeys(word for of_text in cut for word in of_text):
            words.setdefault(word, table.shape[1] + len(words) - len(whole.index.vocab_dict))
        columns = table.shape[1] + len(words) - len(whole.index.vocab_dict)
        old = table.tocsr()[kept]
        old.resize(len(kept), columns)
        table = matrices.vstack([old, _counted(cut, words, columns)]).tocsc()
        table.sort_indices()
        lengths = np.concatenate([lengths[kept], np.array([len(of_text) for of_text in cut], np.int64)])
        frequency = np.diff(table.indptr)
        self.index = bm25s.BM25(k1=K1, b=B, method="lucene")
        self.index.nonoccurrence_array = None
        self.index.scores = {
            "data": _scores(table, frequency, lengths),
            "indices": table.indices.astype(np.int32),
            "indptr": table.indptr.astype(np.int64),
            "num_docs": len(lengths),
        }
        self.index.vocab_dict = {word: number for word, number in words.items() if frequency[number]}


def _scores(table: matrices.csc_matrix, frequency: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """What bm25s makes of counts, in its very types: float32."""
    documents = len(lengths)
    rare = {df: math.log(1 + (documents - df + 0.5) / (df + 0.5)) for df in np.unique(frequency).tolist()}
    idf = np.array([rare[df] for df in frequency.tolist()], np.float32)
    mean = lengths.mean()
    room = K1 * ((1 - B) + B * lengths / mean) if mean else np.ones(documents)
    tf = table.data.astype(np.float32)
    return (np.repeat(idf, frequency) * (tf / (room[table.indices] + tf))).astype(np.float32)


def _counts(whole: SparseRetriever, texts: Callable[[], list[str]]) -> Counts:
    """What the documents of an index say; read off once and kept with it."""
    if whole.counts is None:
        number = whole.index.vocab_dict
        lengths = None if NOTHING in number else _lengths(whole)
        whole.counts = _read_off(whole, lengths) if lengths is not None else None
        if whole.counts is None:  # an earlier version wrote the index: its texts are cut once more
            cut = tokens(texts(), whole.rule, whole.language)
            columns = len(whole.index.scores["indptr"]) - 1
            whole.counts = Counts(_counted(cut, number, columns).tocsc(), np.array([len(words) for words in cut], np.int64))
    return whole.counts


def _lengths(whole: SparseRetriever) -> np.ndarray | None:
    if whole.folder is None or not (whole.folder / LENGTHS).is_file():
        return None
    path = whole.folder / LENGTHS
    found = arrays.mapped(path, "int32")
    if len(found) != whole.index.scores["num_docs"] or (len(found) and found.min() < 0):
        raise TriescopeError(f"{path}: not the lengths of these documents")
    return np.asarray(found, np.int64)


def _read_off(whole: SparseRetriever, lengths: np.ndarray) -> Counts | None:
    """None where the lengths are not those that the scores were made with."""
    of = whole.index.scores
    data, rows, starts = (np.asarray(of[name]) for name in ("data", "indices", "indptr"))
    frequency, documents, mean = np.diff(starts), len(lengths), lengths.mean()
    if not mean:
        return None
    df = frequency.astype(np.float64)
    idf = np.log(1 + (documents - df + 0.5) / (df + 0.5))
    share = data / np.repeat(idf, frequency)
    tf = share / np.maximum(1 - share, 1e-12) * (K1 * ((1 - B) + B * lengths / mean))[rows]
    whole_numbers = np.rint(tf)
    sums = np.bincount(rows, whole_numbers, minlength=documents)
    if (np.abs(tf - whole_numbers) > NEAR).any() or (whole_numbers < 1).any() or not np.array_equal(sums, lengths):
        return None
    table = matrices.csc_matrix((whole_numbers.astype(np.float32), rows, starts), (documents, len(starts) - 1))
    return Counts(table, lengths)


def _counted(cut: Sequence[Sequence[str]], number: dict[str, int], columns: int) -> matrices.csr_matrix:
    column = np.array([number[word] for words in cut for word in words if word in number], np.int64)
    row = np.repeat(np.arange(len(cut)), [sum(word in number for word in words) for words in cut])
    return matrices.csr_matrix((np.ones(len(row), np.float32), (row, column)), (len(cut), columns))
