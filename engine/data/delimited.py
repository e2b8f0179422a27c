"""Tables as text: CSV with quotes (RFC 4180, and what spreadsheets make of it), TSV without.

A TSV file has no quotes (IANA, text/tab-separated-values): a quotation mark is a character as any other and a line is a row, but
that a cell which is quoted as a whole, as data frames write it, loses its quotes. A CSV cell in quotes may hold anything, line
breaks of each kind included.
"""

import csv
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from engine.data.lines import LONGEST_LINE, UNICODE, BadLineError, lines
from engine.data.values import names_of
from engine.errors import RowError, TriescopeError

# A spreadsheet may say its delimiter in a line before the header.
TOLD_DELIMITER = re.compile(r'"?sep=(.)"?\s*')
# RecBole says behind each name what the column holds.
TYPED = re.compile(r":(token|float)(_seq)?$")
DELIMITERS = ",;\t|"
# A quoted cell, also one that goes on behind the line.
CELL = re.compile(r'"(?:[^"]|"")*(?:"|$)')
QUOTED = re.compile(r'"((?:[^"]|"")*)"')
FAULTS = {
    "unexpected end of data": "a quote is opened and never closed",
    "field larger than field limit": "a quote is opened and not closed for too long",
    "expected after": "text behind a closing quote",
}

Skip = Callable[[RowError], None]

csv.field_size_limit(LONGEST_LINE)  # of the whole process; 128 kB otherwise


def delimited(path: Path, kind: str, skip: Skip | None = None, encoding: str = UNICODE) -> Iterator[tuple[int, dict[str, str]]]:
    """(row, record) of a table; rows count from 1, the header and empty rows are none.

    A column without a name is called by its number. A TSV file whose first line is a number and a text has no header (MS MARCO's
    collection): its columns are id and text. ``skip`` is given what is wrong with a single row, which is then passed over.

    Raises
    ------
    TriescopeError
        The file is empty, two columns have one name, a row has more or fewer cells than there are columns, a line is no text in
        the ``encoding``.
    """
    row: int | None = None
    try:
        rows = _rows(path, kind, encoding)
        header = next(rows, None)
        if header is None:
            raise TriescopeError(f"{path}: the file is empty")
        if kind == "tsv" and len(header) == 2 and header[0].strip().isdecimal():
            header, rows = ["id", "text"], chain([header], rows)
        names = [" ".join(cell.split()) or f"column {place}" for place, cell in enumerate(header, 1)]
        if all(TYPED.search(name) for name in names):
            names = [TYPED.sub("", name) for name in names]
        if len(set(names)) < len(names):
            raise TriescopeError(f"{path}, header: column names must differ; found {names_of(names)}")
        row = 0
        for cells in rows:
            row += 1
            if len(cells) != len(names):
                hint = "; in a TSV file a quoted cell holds no tab and no line break" * (kind == "tsv" and '"' in "".join(cells))
                hint += f"; the first line is {names_of(names)!r} alone, which is no header" * (row == 1 and len(names) == 1)
                error = RowError(path, row, "", f"expected {_cells(len(names))}, found {len(cells)}{hint}", " | ".join(cells))
                if skip is None:
                    raise error
                skip(error)
                continue
            yield row, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        told = next((told for key, told in FAULTS.items() if key in str(error)), str(error))
        raise TriescopeError(f"{path}, {_place(row)}: {told}") from error
    except BadLineError as error:
        raise TriescopeError(f"{path}, {_place(row)}: {error}") from error


def _cells(count: int) -> str:
    return f"{count} cell{'s' if count != 1 else ''}"


def _place(row: int | None) -> str:
    return "header" if row is None else f"row {row + 1}"


def _rows(path: Path, kind: str, encoding: str) -> Iterator[list[str]]:
    """Cells of each line that has any."""
    source = lines(path, newline="", encoding=encoding)
    first = next((line for line in source if line.strip()), "")
    found: Iterator[list[str]]
    if kind == "tsv":
        found = (_tsv_cells(line) for line in chain([first], source))
    else:
        if told := TOLD_DELIMITER.fullmatch(first):
            delimiter, first = told[1], next((line for line in source if line.strip()), "")
        else:
            second, source = _peeked(source)
            delimiter = _delimiter(first, second)
        found = csv.reader(chain([first], source), delimiter=delimiter, strict=True)
    return (cells for cells in found if any(cell and not cell.isspace() for cell in cells))


def _peeked(source: Iterator[str]) -> tuple[str, Iterator[str]]:
    """The next line, empty where there is none or it cannot be read, and the lines with it: a fault waits for its place."""

    def faulty(error: BadLineError) -> Iterator[str]:
        raise error
        yield ""

    try:
        line = next(source, "")
    except BadLineError as error:
        return "", faulty(error)
    return line, chain([line] if line else [], source)


def _delimiter(header: str, row: str) -> str:
    """What parts the cells: what stands as often in the first row as in the header, quoted cells aside; of several, and where
    none does, what the header has most of.

    >>> _delimiter("id;title;size (w,h,d,x)", "1;Cup;3"), _delimiter('"id"|"a, b, c"', "1|x"), _delimiter("id,title", "1,2;3")
    (';', '|', ',')
    """
    first, second = (CELL.sub("", line) for line in (header, row))
    counts = {sign: first.count(sign) for sign in DELIMITERS}
    return max(DELIMITERS, key=lambda sign: (0 < counts[sign] == second.count(sign), counts[sign]))


def _tsv_cells(line: str) -> list[str]:
    cells = line.rstrip("\r\n").split("\t")
    return [quoted[1].replace('""', '"') if (quoted := QUOTED.fullmatch(cell)) else cell for cell in cells]
