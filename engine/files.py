"""Files that several processes share: a lock on a folder, JSON replaced as a whole, the hash of a file, what a disk refuses."""

import ctypes
import errno
import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout, lock_descriptor

from engine.errors import TriescopeError

# Whoever only looks (:func:`held`) holds the lock for microseconds. A taker tries again for as long as this, so that no look
# refuses it.
PATIENCE_S = 0.5
# Another process may look at the same moment, and holds the lock for as long as that takes: a look tries so often, so far apart,
# before it says that somebody works there.
TRIES, APART_S = 3, 0.002
# Of Linux' renameat2: names as they are, changing places.
AT_FDCWD, RENAME_EXCHANGE = -100, 2
# What a disk that takes no more, or nothing at all, has to say. Libraries hand it on as text alone, each in a type of its own.
REFUSALS = {number: os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)}
_LOOKING = threading.Lock()
_CUT_SHORT = re.compile(r"\d+ requested and \d+ written")  # NumPy says so much and not why; the disk is full


def lock_of(folder: Path) -> Path:
    """The file that is locked: hidden, beside the folder, so that it is never part of what lies in there.

    >>> lock_of(Path("builds/films")).as_posix(), lock_of(Path("builds/.films.partial")).as_posix()
    ('builds/.films.lock', 'builds/.films.partial.lock')
    """
    return folder.with_name(f".{folder.name.removeprefix('.')}.lock")


@contextmanager
def alone(folder: Path, otherwise: str) -> Iterator[None]:
    """Be the only one who works in a folder, which need not exist; two that write into one would write over each other.

    The lock goes with the process, however that ends; its file goes when the lock is given back.

    Raises
    ------
    TriescopeError
        Another process holds it; ``otherwise`` is what that means, in words.
    OSError
        Nothing can be written beside the folder.
    """
    lock = FileLock(lock_of(folder), timeout=PATIENCE_S, poll_interval=0.01)
    try:
        lock.acquire()
    except Timeout as error:
        raise TriescopeError(otherwise) from error
    with _given_back(lock):
        yield


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """As :func:`alone`, but wait until whoever holds the lock has given it back: for work of moments."""
    lock = FileLock(lock_of(folder), poll_interval=0.01)
    lock.acquire()
    with _given_back(lock):
        yield


@contextmanager
def _given_back(lock: FileLock) -> Iterator[None]:
    try:
        yield
    finally:
        # While it is held: whoever waits for it sees that the file is gone, and makes a new one.
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def held(folder: Path) -> bool:
    """Whether a process works in a folder (:func:`alone`, :func:`in_turn`), this one included.

    A look takes nothing away: it takes the lock for microseconds and gives it back, so that any number may look at the same time,
    and who takes the folder meanwhile only waits for the look to end. What is seen may have changed when the answer is read: to
    work in the folder, take it.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "work"
    >>> with alone(folder, "taken"):
    ...     held(folder)
    True
    >>> held(folder)
    False
    """
    path = lock_of(folder)
    try:
        handle = os.open(path, os.O_RDWR if os.access(path, os.W_OK) else os.O_RDONLY)  # some systems lock what can be written
    except OSError:
        return False
    try:
        with _LOOKING:  # the looks of one process come one after the other
            for left in reversed(range(TRIES)):
                if lock_descriptor(handle, blocking=False):
                    return False
                if left:
                    time.sleep(APART_S)
            return True
    finally:
        os.close(handle)  # and the lock with it


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Say in one line that nothing can be written to a place, whoever of NumPy, DuckDB, faiss and the others found out.

    Raises
    ------
    TriescopeError
        Whatever is done within fails for want of space or of leave to write; other errors pass as they are.

    >>> with writing(Path("builds/films")):
    ...     raise RuntimeError("write error: 4022 != 46080 (No space left on device)")
    Traceback (most recent call last):
    engine.errors.TriescopeError: builds/films: no space left on device
    """
    try:
        yield
    except TriescopeError:
        raise
    except Exception as error:
        if why := refusal(error):
            raise TriescopeError(f"{place}: {why}") from error
        raise


def refusal(error: BaseException) -> str:
    """What a disk had against a write, in words; empty where an error says something else."""
    if isinstance(error, OSError) and error.errno is not None:
        return REFUSALS.get(error.errno, "").lower()
    text = str(error)
    full = REFUSALS[errno.ENOSPC] if _CUT_SHORT.search(text) else ""
    return (full or next((told for told in REFUSALS.values() if told in text), "")).lower()


def replace_json(path: Path, value: Any) -> None:
    """Write a JSON file so that readers, and whatever is left of a process that is killed, see the old content or the new.

    The folder is made where it is missing. NaN and infinities, which JSON does not know, raise ``ValueError``.
    """
    replace_bytes(path, json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False).encode())


def replace_bytes(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old content or the new."""
    replacing(path, lambda beside: beside.write_bytes(content))


def replacing(path: Path, write: Callable[[Path], Any]) -> None:
    """Let ``write(beside)`` write a file, which then takes the place of ``path`` in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        write(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def exchange(one: Path, other: Path) -> None:
    """Two names change places in one step, so that whoever looks at any moment, also after a power cut, finds both.

    Where the system cannot do that it takes three steps, and ``one`` is missing for a moment.
    """
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if os.name == "posix" else None
    if call and not call(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE):
        return
    aside = one.with_name(f".{one.name.removeprefix('.')}.aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def read_json(path: Path, otherwise: Any = None) -> Any:
    """Value of a JSON file; ``otherwise`` where there is none, or it is none."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return otherwise


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
