"""What an identifier scheme takes and returns."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.options import Option
from engine.stored import arrays


class Asked(NamedTuple):
    """What asks for documents: float32 ``(q, d)`` vectors of queries, for each pair its query and its document, int64, and the
    queries as they were typed."""

    vectors: np.ndarray
    text: np.ndarray
    row: np.ndarray
    said: Sequence[str] = ()


class Material(NamedTuple):
    """What a scheme may look at: float32 ``(n, d)`` embeddings and the documents they belong to; where somebody has taken some of
    them, float32 ``(n, r)`` vectors that are near where two are taken together, zero for a document that never was; and, where
    there are train queries, what they ask for."""

    embeddings: np.ndarray
    documents: Sequence[Document]
    behaviour: np.ndarray | None = None
    asked: Asked | None = None


@dataclass(frozen=True, eq=False)
class Identifiers:
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
    content : np.ndarray
        Int32 ``(documents,)``: how many codes of each identifier, from the first, say something about the document. Those behind
        them are a number that tells it from others, or mark an end. All unless given: who adds a number or an end says so.
    notes : tuple of str
        What a person has to know of them, a sentence each: what was left aside, and how often.
    """

    codes: np.ndarray
    vocabulary: tuple[int, ...]
    codebooks: list[np.ndarray] = field(default_factory=list)
    words: list[list[str]] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    content: np.ndarray = None  # type: ignore[assignment]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.content is None:
            object.__setattr__(self, "content", lengths(self.codes))


def lengths(codes: np.ndarray) -> np.ndarray:
    """Codes of each identifier, int32 ``(documents,)``, from int ``(documents, levels)`` codes that are padded with -1.

    >>> lengths(np.array([[4, -1], [2, 0], [-1, -1]])).tolist()
    [1, 2, 0]
    """
    return (codes >= 0).sum(axis=1, dtype=np.int32)


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
    behaviour : callable
        ``behaviour(settings)``: whether it looks at :attr:`Material.behaviour`, with these settings.
    asks : callable
        ``asks(settings)``: whether it looks at :attr:`Material.asked`, with these settings.
    """

    name: str
    summary: str
    citation: str
    options: tuple[Option, ...]
    fit: Callable[[Material, dict[str, Any], int, Progress], Identifiers]
    assign: Callable[[Identifiers, np.ndarray], np.ndarray] | None = None
    resolvers: tuple[str, ...] = ("extra-code", "leave")
    behaviour: Callable[[dict[str, Any]], bool] = lambda settings: False
    asks: Callable[[dict[str, Any]], bool] = lambda settings: False


def save(fitted: Identifiers, path: Path) -> None:
    """Write everything as one ``.npz``, words as JSON text in bytes, so nothing needs pickle; and :func:`content_path` beside it.

    The content has a file of its own because builds before format 3 lack it: it is added to them, and no file is changed.
    """
    parts = {f"codebook_{level}": book for level, book in enumerate(fitted.codebooks)}
    parts |= {f"array_{name}": array for name, array in fitted.arrays.items()}
    if fitted.notes:
        parts["notes"] = _in_bytes(fitted.notes)
    np.savez(
        path,
        codes=fitted.codes,
        vocabulary=np.array(fitted.vocabulary, np.int32),
        words=_in_bytes(fitted.words),
        **parts,  # type: ignore[arg-type]
    )
    np.save(content_path(path), fitted.content, allow_pickle=False)


def _in_bytes(value: Any) -> np.ndarray:
    return np.frombuffer(json.dumps(value, ensure_ascii=False).encode(), np.uint8)


def content_path(path: Path) -> Path:
    """Where :func:`save` puts the content of the identifiers at ``path``.

    >>> content_path(Path("identifiers.npz")).as_posix()
    'identifiers-content.npy'
    """
    return path.with_name(f"{path.stem}-content.npy")


def load(path: Path) -> Identifiers:
    """Read back what :func:`save` wrote; :func:`engine.identifiers.checked.check` where it may come from somebody else.

    Raises
    ------
    TriescopeError
        They were written by an earlier version, which did not keep the content, or are damaged.
    """
    if not content_path(path).is_file():
        raise TriescopeError(f"{path}: an earlier version wrote these identifiers (there is no {content_path(path).name})")
    return replace(load_without_content(path), content=arrays.mapped(content_path(path), "int32"))


def load_without_content(path: Path) -> Identifiers:
    """Read identifiers as they were written before format 3; ``content`` counts all codes.

    Raises
    ------
    TriescopeError
        They are damaged.
    """
    stored = arrays.members(path)
    others = {name.removeprefix("array_"): array for name, array in stored.items() if name.startswith("array_")}
    try:
        books = [stored[f"codebook_{level}"] for level in range(sum(name.startswith("codebook_") for name in stored))]
        codes, vocabulary = stored["codes"], tuple(int(size) for size in stored["vocabulary"])
        words = json.loads(stored["words"].tobytes().decode())
        notes = tuple(map(str, json.loads(stored["notes"].tobytes().decode()))) if "notes" in stored else ()
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise TriescopeError(f"{path}: damaged ({str(error).splitlines()[0][:80]})") from error
    if codes.ndim != 2:
        raise TriescopeError(f"{path}: damaged (codes of shape {codes.shape})")
    return Identifiers(codes, vocabulary, books, words, others, notes=notes)
