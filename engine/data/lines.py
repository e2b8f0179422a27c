"""Lines of a text file, packed or not, whatever ends them; what is no text is said where it stands."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from engine.errors import TriescopeError

# Longest line accepted in a text file: a guard against a file that is not what its name says.
LONGEST_LINE = 16 << 20
# How a file may be written; the first is found out by itself, the others have to be named, for any bytes are text in them.
UNICODE = "utf-8"
ENCODINGS = (UNICODE, "latin-1", "cp1252")
PACKED = (".gz", ".zst")
# What a file begins with that is no text, whatever its name says.
NO_TEXT = {
    b"\x1f\x8b": "packed with gzip: let its name end in .gz",
    b"\x28\xb5\x2f\xfd": "packed with zstandard: let its name end in .zst",
    b"PK\x03\x04": "a zip archive, or a workbook of a spreadsheet: save it as CSV UTF-8",
    b"PAR1": "Parquet: let its name end in .parquet",
}
# What bytes that are no UTF-8 are decoded to (PEP 383).
UNDECODED = re.compile("[\udc80-\udcff]")


class BadLineError(Exception):
    """A line that cannot be read, in words; whoever counts rows says which one it is."""


def lines(path: Path, newline: str, encoding: str = UNICODE) -> Iterator[str]:
    """Lines with their ends; a mark of the byte order before the first is dropped.

    Parameters
    ----------
    path : Path
        Packed with gzip if it is called .gz, with zstandard if .zst.
    newline : str
        What ends a line: ``"\\n"``, or ``""`` for that, a carriage return and both, each line its own.
    encoding : str
        One of :data:`ENCODINGS`; the first of them is UTF-8, or UTF-16 and UTF-32, known by the mark of their byte order or, as
        JSON was (RFC 4627), by the zeros of their first two characters.

    Raises
    ------
    BadLineError
        A line is too long, in another encoding, or cannot be unpacked.
    """
    with unpacked(path) as raw:
        try:
            start = raw.peek(4)[:4]
            if told := next((told for sign, told in NO_TEXT.items() if start.startswith(sign)), None):
                raise BadLineError(f"it is no text, but {told}")
            # What Windows calls Unicode says so in its first bytes.
            wide = _wide(start) if encoding == UNICODE else None
            # A fault is found in the line it stands in, not in the block that was decoded with it.
            known = wide or ("utf-8-sig" if encoding == UNICODE else encoding)
            text = io.TextIOWrapper(raw, known, "strict" if wide else "surrogateescape", newline)
            while line := text.readline(LONGEST_LINE + 1):
                if len(line) > LONGEST_LINE:
                    raise BadLineError(f"the line is longer than {LONGEST_LINE:,} characters")
                if not line.isascii() and UNDECODED.search(line):
                    raise BadLineError(_not(encoding))
                yield line
        except UnicodeDecodeError as error:
            raise BadLineError(f"not {error.encoding[:6].upper()}, though its first bytes say so") from error
        except gzip.BadGzipFile as error:
            raise BadLineError("not a GZIP stream") from error
        except (EOFError, zlib.error) as error:
            raise BadLineError("the GZIP stream is cut off or damaged") from error
        except OSError as error:
            if error.errno is None and path.name.lower().endswith(".zst"):  # what Arrow says of a stream that it cannot unpack
                raise BadLineError("not a ZSTD stream, or one that is cut off or damaged") from error
            raise


def _wide(start: bytes) -> str | None:
    """The encoding of more than a byte a character that a file's first four bytes speak of, if any.

    >>> _wide("id".encode("utf-16")), _wide("id".encode("utf-16-be")), _wide("i".encode("utf-32")), _wide(b"id,t")
    ('utf-16', 'utf-16-be', 'utf-32', None)
    """
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = "".join("0" if byte == 0 else "x" for byte in start)
    return {"x0x0": "utf-16-le", "0x0x": "utf-16-be"}.get(zeros)


def unpacked(path: Path) -> Any:
    """The bytes of a file, unpacked as they are read."""
    name = path.name.lower()
    if name.endswith(".gz"):
        return gzip.open(path)
    if name.endswith(".zst"):
        import pyarrow as pa

        packed: IO[bytes] = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
        return io.BufferedReader(packed)
    return open(path, "rb")


def packed_or_not(path: Path) -> Path:
    """The file of a name, or the packed one where only that is there."""
    return next((one for one in (path, *(path.with_name(path.name + ending) for ending in PACKED)) if one.is_file()), path)


def unpacked_name(name: str) -> str:
    """A file's name without what says how it is packed.

    >>> unpacked_name("asked.tsv.GZ"), unpacked_name("asked.tsv")
    ('asked.tsv', 'asked.tsv')
    """
    ending = next((ending for ending in PACKED if name.lower().endswith(ending)), "")
    return name[: len(name) - len(ending)]


def check_encoding(encoding: str) -> str:
    """The name of an encoding that is read.

    Raises
    ------
    TriescopeError
        It is none of :data:`ENCODINGS`.
    """
    if encoding not in ENCODINGS:
        raise TriescopeError(f"encoding {encoding!r} is not read; there are {', '.join(ENCODINGS)}")
    return encoding


def _not(encoding: str) -> str:
    if encoding != UNICODE:
        return f"not {encoding}: a byte that stands for nothing there"
    return (
        "not UTF-8; if it is Latin-1 or of Windows, say so (--encoding latin-1, or cp1252), else save it as UTF-8 (in Excel: CSV "
        "UTF-8) or as UTF-16 with its mark"
    )
