"""What changed in a finished build, one file a change: documents that came, identifiers that went.

    films/live/
      000001-4f0c….npz      a change: removed ids, documents, their vectors and codes
      000002-91ab….npz      the next one; it names the hash of the one before

A file is named after its number and the hash of what is in it, and says which one it follows; the first follows the manifest. It
takes its name when it is whole and on the disk, so a process that is killed at any moment leaves the change or nothing. A file
that was altered, or one that is missing between others, is told from both.
"""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.files import sha256
from engine.stored import arrays
from engine.stored.content import read as read_content
from engine.stored.passages import Passages
from engine.stored.remembered import once
from engine.stored.values import whole

FOLDER, FORMAT = "live", 1
NAME = re.compile(r"([0-9]{6})-([0-9a-f]{32})\.npz")
# Above this many files a build is opened noticeably slower, and numbers end at a million: folding in is asked for.
MOST = 10_000


class Change(NamedTuple):
    """One change.

    Attributes
    ----------
    removed : tuple of str
        Ids of documents that go; one that changes goes and comes again.
    documents : list of Document
        Those that come.
    vectors : np.ndarray
        Float32 ``(documents, d)``, unit rows.
    codes : np.ndarray
        Int32 ``(documents, levels)``, padded with -1; only -1 where a document has no identifier.
    content : np.ndarray
        Int32 ``(documents,)``: how many codes of each say something about it.
    name : str
        Hash of what was written; empty before that.
    passages : Passages or None
        Of the documents, where the build has passages; their ``vectors`` are then the means.
    """

    removed: tuple[str, ...]
    documents: list[Document]
    vectors: np.ndarray
    codes: np.ndarray
    content: np.ndarray
    name: str = ""
    passages: Passages | None = None


def stamp(build: Path) -> str:
    """What is different after every change: the last file's name; empty where nothing changed. A look at one folder."""
    return max((name for name in _names(build / FOLDER)), default="")


def count(build: Path) -> int:
    """How many changes there are."""
    return len(_names(build / FOLDER))


def origin(build: Path) -> str:
    """What the first change follows: the hash of the manifest, as it is."""
    return sha256(build / "manifest.json")[:32]


def read(build: Path, width: int, follows: str) -> list[Change]:
    """All changes of a build whose vectors have ``width`` dimensions, in their order; ``follows`` is its :func:`origin`.

    Raises
    ------
    TriescopeError
        A file is damaged, or one is missing among them.
    """
    changes: list[Change] = []
    for number, name in enumerate(sorted(_names(build / FOLDER)), 1):
        path = build / FOLDER / name
        told = NAME.fullmatch(name)
        assert told is not None, "only such names are listed"
        if int(told[1]) != number:
            raise TriescopeError(f"{path}: the change before it is missing")
        once("change", [path], lambda path=path, known=told[2]: _held(path, known))  # type: ignore[misc]
        change, before = _parsed(path, width)
        if before != follows:
            raise TriescopeError(f"{path}: it follows another change, or is of another build")
        changes.append(change._replace(name=told[2]))
        follows = told[2]
    return changes


def append(build: Path, change: Change) -> Path:
    """Write the next change; whoever calls has the build to himself (:func:`engine.files.in_turn`).

    Raises
    ------
    TriescopeError
        There are :data:`MOST` already.
    OSError
        The disk takes no more; nothing has changed then.
    """
    folder, names = build / FOLDER, sorted(_names(build / FOLDER))
    if len(names) >= MOST:
        raise TriescopeError(f"{build.name}: there are {len(names):,} changes; fold them in first (compact)")
    folder.mkdir(exist_ok=True)
    for left in folder.glob(".*.tmp"):
        left.unlink(missing_ok=True)  # of a process that was killed
    follows = NAME.fullmatch(names[-1])[2] if names else origin(build)  # type: ignore[index]
    about = {
        "format": FORMAT,
        "follows": follows,
        "removed": list(change.removed),
        "documents": [list(document) for document in change.documents],
    }
    text = np.frombuffer(json.dumps(about, ensure_ascii=False, default=str).encode(), np.uint8)
    more = {"passages": change.passages.vectors, "ends": change.passages.ends} if change.passages else {}
    beside = folder / f".{os.getpid()}.tmp"
    try:
        with open(beside, "xb") as file:
            np.savez(
                file,
                about=text,
                vectors=np.ascontiguousarray(change.vectors, np.float32),
                codes=np.ascontiguousarray(change.codes, np.int32),
                content=np.ascontiguousarray(change.content, np.int32),
                **more,  # type: ignore[arg-type]
            )
            file.flush()
            os.fsync(file.fileno())
        path = folder / f"{len(names) + 1:06}-{sha256(beside)[:32]}.npz"
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    _settle(folder)
    return path


def _settle(folder: Path) -> None:
    """Have the new name on the disk too, not only what it names."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _names(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if NAME.fullmatch(name)]
    except OSError:
        return []


def _held(path: Path, known: str) -> None:
    if hashlib.sha256(read_content(path)).hexdigest()[:32] != known:
        raise TriescopeError(f"{path}: the change has been altered since it was written")


def _parsed(path: Path, width: int) -> tuple[Change, str]:
    stored = arrays.members(path)
    try:
        about = json.loads(stored["about"].tobytes().decode())
        if about["format"] != FORMAT:
            raise TriescopeError(f"{path}: a change of format {about['format']}, this version reads {FORMAT}")
        removed, follows = tuple(about["removed"]), about["follows"]
        documents = [Document(*one) for one in about["documents"]]
        vectors, codes, content = stored["vectors"], stored["codes"], stored["content"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise TriescopeError(f"{path}: damaged ({str(error).splitlines()[0][:80]})") from error
    if not all(isinstance(one, str) for one in removed) or not whole(about):
        raise TriescopeError(f"{path}: damaged (an id that is no text)")
    for document in documents:
        _check(path, document)
    right = vectors.dtype == np.float32 and vectors.shape == (len(documents), width) and np.isfinite(vectors).all()
    right = right and codes.dtype == np.int32 and codes.ndim == 2 and len(codes) == len(documents)
    right = right and content.dtype == np.int32 and content.shape == (len(documents),)
    if not right or (codes < -1).any() or (content < 0).any() or (content > (codes >= 0).sum(axis=1)).any():
        raise TriescopeError(f"{path}: damaged (vectors or codes that are not of its documents)")
    known = None
    if "passages" in stored:
        known = Passages(stored["passages"], stored.get("ends", np.empty(0, np.int64)))
        _check_passages(path, known, len(documents), width)
    return Change(removed, documents, vectors, codes, content, passages=known), follows


def _check_passages(path: Path, known: Passages, documents: int, width: int) -> None:
    vectors, ends = known
    right = vectors.dtype == np.float32 and vectors.ndim == 2 and vectors.shape[1] == width and np.isfinite(vectors).all()
    right = right and ends.dtype == np.int64 and ends.shape == (documents,) and (np.diff(ends, prepend=0) >= 1).all()
    if not right or (ends[-1] if documents else 0) != len(vectors):
        raise TriescopeError(f"{path}: damaged (passages that are not of its documents)")


def _check(path: Path, document: Any) -> None:
    texts = (document.id, document.title, document.text)
    if not all(isinstance(text, str) for text in texts) or not document.id or not isinstance(document.metadata, dict):
        raise TriescopeError(f"{path}: damaged (a document that is none)")


def same(one: Document, other: Document) -> bool:
    """Whether two documents hold the same once they are written down, which turns what JSON does not know into text.

    >>> import datetime
    >>> same(Document("a", "t", "", {"on": datetime.date(2020, 1, 2)}), Document("a", "t", "", {"on": "2020-01-02"}))
    True
    """
    return one[:3] == other[:3] and _written(one.metadata) == _written(other.metadata)


def _written(metadata: Any) -> str:
    return json.dumps(metadata, ensure_ascii=False, sort_keys=True, default=str)


def settled(documents: Sequence[Document]) -> list[Document]:
    """Documents as they are read back."""
    return [one._replace(metadata=json.loads(json.dumps(one.metadata, ensure_ascii=False, default=str))) for one in documents]
