"""Opening a file that may not be one: a pipe would be waited for, a device may never end."""

import os
import stat
from pathlib import Path
from typing import IO

from engine.errors import TriescopeError


def opened(path: Path) -> IO[bytes]:
    """A regular file, to be read.

    Raises
    ------
    TriescopeError
        There is none, it is something else, or it may not be read.
    """
    try:
        # Without waiting for somebody who writes into it, if it is a pipe; what was opened is what is looked at.
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except (OSError, ValueError) as error:
        raise TriescopeError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise TriescopeError(f"{path}: not a file")
    return file


def read(path: Path) -> bytes:
    """All bytes of a regular file.

    Raises
    ------
    TriescopeError
        As :func:`opened`, or the disk fails.
    """
    with opened(path) as file:
        try:
            return file.read()
        except OSError as error:
            raise TriescopeError(f"{path}: cannot be read ({error.strerror or error})") from error
