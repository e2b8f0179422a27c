"""One process at a time in a folder: two that write into one would write over each other."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import TriescopeError


@contextmanager
def alone(folder: Path, otherwise: str) -> Iterator[None]:
    """Hold a lock on the folder itself; it goes with the process, however that ends.

    Raises
    ------
    TriescopeError
        Another process holds it; ``otherwise`` is what that means, in words.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise TriescopeError(otherwise) from error
    finally:
        os.close(handle)
