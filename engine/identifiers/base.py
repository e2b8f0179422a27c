"""What an identifier scheme takes and returns."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Option(NamedTuple):
    """One setting as data: the same record makes the shell flag, the form field and the row in the docs.

    ``default`` None means: chosen from the size of the corpus, by the rule that ``help`` states.
    """

    name: str
    type: type
    default: int | float | None
    low: int | float
    high: int | float
    help: str


class Identifiers(NamedTuple):
    """What a scheme returns.

    Attributes
    ----------
    codes : np.ndarray
        Int32 ``(documents, levels)``, padded with -1 on the right where a scheme has variable length. A row of only -1 is a
        document without an identifier: it is not in the trie.
    vocabulary : tuple of int
        Number of codes at each level.
    codebooks : list of np.ndarray
        Float32 ``(codes, d)`` for each level that has vectors; shorter than ``vocabulary`` when the last level only counts.
    """

    codes: np.ndarray
    vocabulary: tuple[int, ...]
    codebooks: list[np.ndarray]


class Scheme(NamedTuple):
    """A way to make identifiers. ``fit(embeddings, settings, seed)`` returns :class:`Identifiers`."""

    name: str
    summary: str
    citation: str
    options: tuple[Option, ...]
    fit: Callable[[np.ndarray, dict, int], Identifiers]


def add_collision_code(identifiers: Identifiers) -> Identifiers:
    """Number the documents that share an identifier, with one more level (TIGER, Rajput et al. 2023, section 3.1).

    The first document of each group, in document order, gets 0, the next 1, and so on. Nothing is added when all
    identifiers differ.

    >>> import numpy as np
    >>> add_collision_code(Identifiers(np.array([[4, 1], [2, 0], [4, 1]], np.int32), (5, 2), [])).codes.tolist()
    [[4, 1, 0], [2, 0, 0], [4, 1, 1]]
    """
    codes = identifiers.codes
    _, group, sizes = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    if sizes.max() == 1:
        return identifiers
    order = np.argsort(group, kind="stable")
    first = np.cumsum(sizes) - sizes
    number = np.empty(len(codes), np.int32)
    number[order] = np.arange(len(codes)) - np.repeat(first, sizes)
    return Identifiers(
        np.column_stack([codes, number]).astype(np.int32), (*identifiers.vocabulary, int(sizes.max())), identifiers.codebooks
    )


def save(fitted: Identifiers, path: Path) -> None:
    """Write codes, vocabulary and codebooks as one ``.npz``."""
    books = {f"codebook_{level}": book for level, book in enumerate(fitted.codebooks)}
    np.savez(path, codes=fitted.codes, vocabulary=np.array(fitted.vocabulary, np.int32), **books)  # type: ignore[arg-type]


def load(path: Path) -> Identifiers:
    """Read back what :func:`save` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        books = [stored[f"codebook_{level}"] for level in range(sum(name.startswith("codebook_") for name in stored.files))]
        return Identifiers(stored["codes"], tuple(int(size) for size in stored["vocabulary"]), books)
