"""Members of an archive that somebody else may have made: what one claims to hold is counted as it is read."""

import errno
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import TriescopeError

# Bytes copied at once.
BLOCK = 1 << 20
# What zipfile raises of an archive that it cannot read: of a newer format it says NotImplementedError, of an encrypted member
# RuntimeError.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Say in a line that ``what`` cannot be read, whatever the library calls that.

    Raises
    ------
    TriescopeError
        It cannot.
    """
    try:
        yield
    except UNREADABLE as error:
        raise TriescopeError(f"{what} is damaged, or packed in a way that is not read") from error
    except (OSError, ValueError) as error:  # a place before the beginning of the file; a disk that takes no more is no such thing
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise TriescopeError(f"{what} is damaged: it speaks of places that it does not have") from error


def copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, most: int) -> int:
    """Unpack a member into a file that is not there yet; returns its bytes, and stops at more than ``most``.

    Raises
    ------
    OverflowError
        It holds more; what was written of it is the caller's to clear away.
    FileExistsError
        There is such a file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with archive.open(member) as packed, target.open("xb") as file:
        while block := packed.read(BLOCK):
            count += len(block)
            if count > most:
                raise OverflowError(f"more than {most:,} bytes")
            file.write(block)
    return count
