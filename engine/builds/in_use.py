"""Work on a build that takes a while: meanwhile somebody may remove the build, or put another in its place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.builds import layout
from engine.errors import TriescopeError
from engine.live import journal

Identity = tuple[int, int, int]


@contextmanager
def in_use(folder: Path) -> Iterator[Callable[[], None]]:
    """Say in a line that a build went away or became another, whatever fails because of it.

    Gives a function that looks, for whoever is about to write into the build: a folder that is gone must not be made again.

    Raises
    ------
    TriescopeError
        The build is not there, not there any more, or another one.
    """
    before = identity(folder)

    def look() -> None:
        if before is None or identity(folder) != before:
            raise TriescopeError(f"{folder}: this build was removed, or another put in its place, while it was used")

    look()
    try:
        yield look
    except Exception:  # nothing is hidden: it goes on, unless the build is the reason for it
        look()
        raise


def state(folder: Path) -> tuple[Identity, str] | None:
    """The same, and what changed in the build since it was made (:mod:`engine.live.journal`)."""
    known = identity(folder)
    return None if known is None else (known, journal.stamp(folder))


def identity(folder: Path) -> Identity | None:
    """What tells a build from another one in its place, None where there is none: a manifest is replaced as a whole."""
    try:
        found = (folder / layout.MANIFEST).stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
