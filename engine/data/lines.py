"""Lines of a text file, packed or not, whatever ends them; what is no text is said where it stands."""

import codecs
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
        UTF-8, or UTF-16 that begins with the mark of its byte order; packed with gzip if it is called .gz.
    newline : str
        What ends a line: ``"\\n"``, or ``""`` for that, a carriage return and both, each line its own.

    Raises
    ------
    BadLineError
        A line is too long, in another encoding, or cannot be unpacked.
    """
    with gzip.open(path) if path.name.lower().endswith(".gz") else open(path, "rb") as raw:
        try:
            # What Windows calls Unicode says so in its first two bytes.
            wide = raw.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
            # A fault is found in the line it stands in, not in the block that was decoded with it.
            text = io.TextIOWrapper(raw, "utf-16" if wide else "utf-8-sig", "strict" if wide else "surrogateescape", newline)
            while line := text.readline(LONGEST_LINE + 1):
                if len(line) > LONGEST_LINE:
                    raise BadLineError(f"the line is longer than {LONGEST_LINE:,} characters")
                if not line.isascii() and UNDECODED.search(line):
                    raise BadLineError("not UTF-8; save it as UTF-8 (in Excel: CSV UTF-8) or as UTF-16 with its mark")
                yield line
        except UnicodeDecodeError as error:
            raise BadLineError("not UTF-16, though its first bytes say so") from error
        except gzip.BadGzipFile as error:
            raise BadLineError("not a GZIP stream") from error
        except (EOFError, zlib.error) as error:
            raise BadLineError("the GZIP stream is cut off or damaged") from error
