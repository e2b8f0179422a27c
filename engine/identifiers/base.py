"""What an identifier scheme takes and returns."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.data.corpus import Document
from engine.options import Option


class Material(NamedTuple):
    """What a scheme may look at: float32 ``(n, d)`` embeddings and the documents they belong to."""

    embeddings: np.ndarray
    documents: Sequence[Document]


class Identifiers(NamedTuple):
    """What a scheme returns.

    Attributes
    ----------
    codes : np.ndarray
        Int32 ``(documents, levels)``, padded with -1 on the right where a scheme has variable length; no identifier is the
        beginning of another. A row of only -1 is a document without an identifier: it is not in the trie.
    vocabulary : tuple of int
        Number of codes at each level.
    codebooks : list of np.ndarray
        Float32 ``(codes, d)`` for the first levels, where a document is approximated by the sum of its codes' rows; empty for
        schemes without vectors in the embedding space. Shorter than ``vocabulary`` when the last level only counts.
    words : list of list of str
        A word for each code of each level, where the scheme's codes mean words (category, attributes, title, ...); else empty.
    arrays : dict of str to np.ndarray
        Whatever else the scheme fitted and needs for :attr:`Scheme.assign`.
    """

    codes: np.ndarray
    vocabulary: tuple[int, ...]
    codebooks: list[np.ndarray] = []  # noqa: RUF012
    words: list[list[str]] = []  # noqa: RUF012
    arrays: dict[str, np.ndarray] = {}  # noqa: RUF012


Progress = Callable[[int, int], None]


class Scheme(NamedTuple):
    """A way to make identifiers.

    Attributes
    ----------
    fit : callable
        ``fit(material, settings, seed, progress)`` -> :class:`Identifiers`, before collisions are resolved. ``settings`` holds
        every option, None where the default is to be chosen. ``progress(done, total)`` may be called while a long fit runs.
    assign : callable or None
        ``assign(fitted, embeddings)`` -> int32 ``(n, levels)``: the content codes (no collision code) of new documents from what
        was fitted, without refitting (the semantic ID of a new item). On the training documents it gives their fitted codes.
    resolvers : tuple of str
        Ways to resolve collisions that make sense here, the default first (see :mod:`engine.identifiers.collisions`).
    """

    name: str
    summary: str
    citation: str
    options: tuple[Option, ...]
    fit: Callable[[Material, dict[str, Any], int, Progress], Identifiers]
    assign: Callable[[Identifiers, np.ndarray], np.ndarray] | None = None
    resolvers: tuple[str, ...] = ("extra-code", "leave")


def save(fitted: Identifiers, path: Path) -> None:
    """Write everything as one ``.npz``; words as JSON text in bytes, so nothing needs pickle."""
    parts = {f"codebook_{level}": book for level, book in enumerate(fitted.codebooks)}
    parts |= {f"array_{name}": array for name, array in fitted.arrays.items()}
    words = np.frombuffer(json.dumps(fitted.words, ensure_ascii=False).encode(), np.uint8)
    np.savez(
        path,
        codes=fitted.codes,
        vocabulary=np.array(fitted.vocabulary, np.int32),
        words=words,
        **parts,  # type: ignore[arg-type]
    )


def load(path: Path) -> Identifiers:
    """Read back what :func:`save` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        books = [stored[f"codebook_{level}"] for level in range(sum(name.startswith("codebook_") for name in stored.files))]
        arrays = {name.removeprefix("array_"): stored[name] for name in stored.files if name.startswith("array_")}
        words = json.loads(stored["words"].tobytes().decode())
        return Identifiers(stored["codes"], tuple(int(size) for size in stored["vocabulary"]), books, words, arrays)
