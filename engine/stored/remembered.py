"""Checks that are made once: what was found right is remembered on this machine, by what cannot be forged.

The mark lies under the home and never beside the file, where it could come along with it. It is named after the files' identity:
device, number, size, and the times that a system sets itself. Whoever writes to a file, or puts another in its place, changes its
ctime, which no program can set back; so the mark says as much as a hash, and asking costs a look at the folder where hashing a
gigabyte takes a second.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from engine import paths
from engine.errors import TriescopeError

# Part of every mark: raised where checks get stricter, so that what passed the old ones is looked at again.
CHECKS = 1

_seen: set[str] = set()
_lock = threading.Lock()


def once(what: str, files: Sequence[Path], check: Callable[[], object]) -> None:
    """Run a check unless these very files passed it before.

    Parameters
    ----------
    what : str
        Names the check.
    files : sequence of Path
        Whatever it looks at.
    check : callable
        Raises :class:`TriescopeError` where something is wrong; then nothing is remembered.

    Raises
    ------
    TriescopeError
        What the check says, or a file is gone.
    """
    mark = paths.cache() / "checked" / _identity(what, files)
    with _lock:
        known = str(mark) in _seen
    if known or mark.is_file():
        return
    check()
    with _lock:
        _seen.add(str(mark))
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError:
        pass  # a home that cannot be written to: looked at again by the next process


def _identity(what: str, files: Sequence[Path]) -> str:
    known: list[object] = [CHECKS, what]
    for path in files:
        try:
            found = path.stat()
        except (OSError, ValueError) as error:
            raise TriescopeError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
        known += [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:32]
