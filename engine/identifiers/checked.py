"""Whether what was read as identifiers is some: codes in range, codebooks and words that belong to them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.errors import TriescopeError
from engine.identifiers.base import Identifiers, lengths


def check(fitted: Identifiers, path: Path, rows: int | None = None) -> None:
    """Hold identifiers to what :class:`Identifiers` says of itself.

    Raises
    ------
    TriescopeError
        The first thing that is wrong, with the file and where in it.

    >>> check(Identifiers(np.array([[0, 1], [2, -1]], np.int32), (3, 2)), Path("a.npz"))
    >>> check(Identifiers(np.array([[0, 1], [3, -1]], np.int32), (3, 2)), Path("a.npz"))
    Traceback (most recent call last):
    engine.errors.TriescopeError: a.npz: damaged (codes: document 2 has code 3 at level 1, which has 3)
    """

    def fault(wrong: object, why: str) -> None:
        if wrong:
            raise TriescopeError(f"{path}: damaged ({why})")

    codes, sizes = fitted.codes, fitted.vocabulary
    fault(codes.dtype != np.int32 or codes.ndim != 2 or 0 in codes.shape, f"codes: {codes.dtype} of shape {codes.shape}")
    fault(rows is not None and len(codes) != rows, f"codes: {len(codes):,} documents where there are {rows or 0:,}")
    levels = codes.shape[1]
    fault(len(sizes) != levels or min(sizes) < 0, f"vocabulary: {len(sizes)} levels where codes have {levels}")
    for level, size in enumerate(sizes):
        column = codes[:, level]
        if column.min() < -1 or column.max() >= size:
            row = int(((column < -1) | (column >= size)).argmax())
            fault(True, f"codes: document {row + 1} has code {column[row]} at level {level + 1}, which has {size}")
        gap = level and bool((column[codes[:, level - 1] < 0] >= 0).any())
        fault(gap, f"codes: one at level {level + 1} follows a gap")
    _check_books(fitted, fault)
    _check_words(fitted, fault)
    for name, array in fitted.arrays.items():
        fault(array.dtype.kind == "f" and not np.isfinite(array).all(), f"{name}: a number that is not finite")
    _check_history(fitted, fault)
    content = fitted.content
    fault(content.dtype != np.int32 or content.shape != (len(codes),), f"content: {content.dtype} of shape {content.shape}")
    fault(((content < 0) | (content > lengths(codes))).any(), "content: more codes than an identifier has")


def _check_books(fitted: Identifiers, fault: Callable[[object, str], None]) -> None:
    books = fitted.codebooks
    fault(len(books) > len(fitted.vocabulary), f"{len(books)} codebooks for {len(fitted.vocabulary)} levels")
    for level, book in enumerate(books):
        size = fitted.vocabulary[level]
        told = f"codebook {level + 1}: {book.dtype} of shape {book.shape}"
        fault(book.dtype != np.float32 or book.ndim != 2 or len(book) != size, f"{told} for {size} codes")
        fault(book.shape[1] != books[0].shape[1], told)
        fault(not np.isfinite(book).all(), f"codebook {level + 1}: a number that is not finite")


def _check_words(fitted: Identifiers, fault: Callable[[object, str], None]) -> None:
    words = fitted.words
    fault(not isinstance(words, list) or len(words) > len(fitted.vocabulary), "words: not a list of at most a list a level")
    for level, (of_level, size) in enumerate(zip(words, fitted.vocabulary, strict=False), 1):
        text = isinstance(of_level, list) and all(isinstance(word, str) for word in of_level)
        fault(not text or len(of_level) > size, f"words: level {level} has no text a code")


def _check_history(fitted: Identifiers, fault: Callable[[object, str], None]) -> None:
    """A fit that took epochs tells of each (:mod:`engine.identifiers.rq_vae`)."""
    axes = {"history_loss": 1, "history_commitment": 1, "history_usage": 2}
    told = [fitted.arrays[name] for name in axes if name in fitted.arrays]
    same = len(told) in (0, len(axes)) and len({array.shape[:1] for array in told}) <= 1
    fault(not same or any(fitted.arrays[name].ndim != axes[name] for name in axes if told), "history: not a row an epoch")
