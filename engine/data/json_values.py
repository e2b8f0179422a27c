"""JSON values of a file, however it is laid out: one a line, one over many lines, or all of them in one array.

The array is never held: a value is handed on as soon as it is whole.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.data.lines import LONGEST_LINE, BadLineError, lines
from engine.errors import RowError, TriescopeError

# What may come next: the array or a first value, a value, what stands between two of an array, nothing any more.
START, FIRST, VALUE, BETWEEN, END = range(5)


def json_values(path: Path, decoder: json.JSONDecoder, encoding: str) -> Iterator[tuple[int, Any]]:
    """(row, value) of the values of a file, or of those of its array; rows count from 1.

    Raises
    ------
    TriescopeError
        A value is malformed, longer than :data:`engine.data.lines.LONGEST_LINE`, or cut off by the end of the file.
    """
    reader, enough = _Reader(path, decoder), 0
    try:
        for line in lines(path, newline="\n", encoding=encoding):
            reader.held += line
            if len(reader.held) >= enough:
                yield from reader.whole()
                # Looked at again when there is twice as much: an object of many lines is not read once a line.
                enough = 2 * len(reader.held)
            if len(reader.held) > LONGEST_LINE:
                raise BadLineError(f"the value is longer than {LONGEST_LINE:,} characters")
        yield from reader.whole()
    except BadLineError as error:
        raise TriescopeError(f"{path}, row {reader.row + 1}: {error}") from error
    if reader.held or (reader.array and reader.next != END):
        raise TriescopeError(f"{path}, row {reader.row + 1}: the file ends before the value does")


class _Reader:
    """What was read and not yet handed on, and where in the file that is."""

    def __init__(self, path: Path, decoder: json.JSONDecoder):
        self.path, self.decoder = path, decoder
        self.held, self.row, self.next, self.array = "", 0, START, False

    def whole(self) -> Iterator[tuple[int, Any]]:
        """Values that are whole; what is left is held."""
        at = 0
        while (at := self._skipped(at)) < len(self.held):
            try:
                value, at = self.decoder.raw_decode(self.held, at)
            except json.JSONDecodeError as error:
                if error.pos < len(self.held.rstrip()):  # what only ends too early has its fault at the end
                    raise self._fault(f"not valid JSON ({error.msg})") from error
                break
            except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
                raise self._fault(f"not valid JSON ({str(error).splitlines()[0][:80]})") from error
            self.row, self.next = self.row + 1, BETWEEN if self.array else VALUE
            yield self.row, value
        self.held = self.held[at:]

    def _skipped(self, at: int) -> int:
        """Where the next value begins, behind blanks and what an array has between two."""
        while True:
            at += len(self.held[at:]) - len(self.held[at:].lstrip()) if self.held[at : at + 1].isspace() else 0
            sign = self.held[at : at + 1]
            if self.next == START and sign:
                self.array = sign == "["
                self.next, at = (FIRST, at + 1) if self.array else (VALUE, at)
            elif sign == "]" and self.next in (FIRST, BETWEEN):
                self.next, at = END, at + 1
            elif sign == "," and self.next == BETWEEN:
                self.next, at = VALUE, at + 1
            elif sign and self.next in (BETWEEN, END):
                raise self._fault("expected a comma" if self.next == BETWEEN else "something stands behind the end of the array")
            elif not sign or not sign.isspace():
                return at

    def _fault(self, what: str) -> RowError:
        return RowError(self.path, self.row + 1, "", what)
