"""Lines of a text file, packed or not, whatever ends them; what is no text is said where it stands."""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

# Longest line accepted in a text file: a guard against a file that is not what its name says.
LONGEST_LINE = 16 << 20
# What bytes that are no UTF-8 are decoded to (PEP 383).
UNDECODED = re.compile("[\udc80-\udcff]")


class BadLineError(Exception):
    """A line that cannot be read, in words; whoever counts rows says which one it is."""


def lines(path: Path, newline: str) -> Iterator[str]:
    """Lines with their ends; a mark of the byte order before the first is dropped.

    Parameters
    ----------
    path : Path
        UTF-8, packed with gzip if it is called .gz.
    newline : str
        What ends a line: ``"\\n"``, or ``""`` for that, a carriage return and both, each line its own.

    Raises
    ------
    BadLineError
        A line is too long, no UTF-8, or cannot be unpacked.
    """
    with gzip.open(path) if path.name.lower().endswith(".gz") else open(path, "rb") as raw:
        # A fault is found in the line it stands in, not in the block that was decoded with it.
        text = io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape", newline=newline)
        try:
            while line := text.readline(LONGEST_LINE + 1):
                if len(line) > LONGEST_LINE:
                    raise BadLineError(f"the line is longer than {LONGEST_LINE:,} characters")
                if not line.isascii() and UNDECODED.search(line):
                    raise BadLineError("not UTF-8")
                yield line
        except gzip.BadGzipFile as error:
            raise BadLineError("not a GZIP stream") from error
        except (EOFError, zlib.error) as error:
            raise BadLineError("the GZIP stream is cut off or damaged") from error
