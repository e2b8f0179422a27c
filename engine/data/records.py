"""Rows of a file, whatever its kind; faults are said with file and row."""

import json
import os
import re
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.data.delimited import Skip, delimited
from engine.data.json_values import json_values
from engine.data.lines import LONGEST_LINE, PACKED, UNICODE, BadLineError, lines, unpacked
from engine.data.values import names_of, plain
from engine.errors import RowError, TriescopeError

# No extension is fetched behind the user's back. A header can claim gigabytes that no file of its size holds.
CAREFUL: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "4GB",
    "threads": 2,
}
# A file of documents has no more: what does is another thing, or meant to fill the memory. Rows can be set by this variable.
COLUMNS, MOST_ROWS, ROWS = 1_000, 10_000_000, "TRIESCOPE_ROWS"
# A packed Parquet file is unpacked on the disk, for it is read from its end; none swells so much, being packed by itself already.
PACKED_TIMES, PACKED_LEAST = 50, 64 << 20
# Letters of a wrong row that are handed on.
SHOWN = 500
# Rows fetched together, and how long that may take, seconds.
AT_ONCE, PATIENCE_S = 10_000, 120.0
# A time with its zone in the name of a type; names of fields, which may say so too, stand in quotes.
ZONED = re.compile(r'("(?:[^"]|"")*")|TIME(?:STAMP)? WITH TIME ZONE')
# Data frames write a missing value as NaN, and a division by zero as Infinity: JSON knows neither, and both are missing.
JSON = json.JSONDecoder(parse_constant=lambda name: None)


def kind_of(path: Path) -> str:
    """Ending of a file's name, in small letters and without the dot; how it is packed, behind it, is passed over."""
    name = path.name.lower()
    packed = next((ending for ending in PACKED if name.endswith(ending)), "")
    return name.removesuffix(packed).rpartition(".")[2]


def records(path: Path, skip: Skip | None = None, encoding: str = UNICODE) -> Iterator[tuple[int, dict]]:
    """(row, record) of a file; rows count from 1 and a header line is not a row, except that JSONL rows are lines.

    ``skip`` is given what is wrong with a single row, which is then passed over; without it, that is raised. What is missing is
    None, whatever the file calls it (null, NaN); a cell of a text table is text, also where it is empty. ``encoding`` is that of
    a text file (:data:`engine.data.lines.ENCODINGS`).

    Raises
    ------
    TriescopeError
        The file is of another kind or cannot be read, a row is malformed, has more than :data:`COLUMNS` or a text longer than
        :data:`engine.data.lines.LONGEST_LINE`, or there are more rows than :func:`most_rows`.
    """
    most = most_rows()
    try:
        for row, record in _of_kind(path, skip, encoding):
            if row > most:
                raise TriescopeError(f"{path}: more than {most:,} rows; {ROWS} sets how many are read")
            if (error := _beyond(path, row, record)) is not None:
                if skip is None:
                    raise error
                skip(error)
                continue
            yield row, record
    except OSError as error:
        raise TriescopeError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from error


def _beyond(path: Path, row: int, record: dict) -> RowError | None:
    """What is wrong with a row that has too many columns, or a text longer than a line of a text file may be."""
    if len(record) > COLUMNS:
        return RowError(path, row, "", f"{len(record):,} columns, and at most {COLUMNS:,} are read")
    for column, value in record.items():
        if isinstance(value, str) and len(value) > LONGEST_LINE:
            return RowError(path, row, column, f"the text is longer than {LONGEST_LINE:,} characters")
    return None


def most_rows() -> int:
    """Rows of a file that are read: ten million, unless the environment says otherwise."""
    told = os.environ.get(ROWS, "")
    return int(told) if told.isdecimal() and int(told) else MOST_ROWS


def _of_kind(path: Path, skip: Skip | None, encoding: str) -> Iterator[tuple[int, dict]]:
    kind = kind_of(path)
    if kind in ("jsonl", "ndjson"):
        yield from _json_lines(path, skip, encoding)
    elif kind == "json":
        for row, value in json_values(path, JSON, encoding):
            record = _object(path, row, value)
            _check_whole_characters(path, row, record)
            yield row, record
    elif kind in ("csv", "tsv", "item"):  # RecBole calls its tables so
        yield from delimited(path, "csv" if kind == "csv" else "tsv", skip, encoding)
    elif kind == "parquet" and path.name.lower().endswith(PACKED):
        yield from _packed_parquet(path)
    elif kind == "parquet":
        yield from _parquet(path)
    else:
        raise TriescopeError(f"{path}: files of this kind are not read; use .jsonl, .json, .csv, .tsv or .parquet")


def _packed_parquet(path: Path) -> Iterator[tuple[int, dict]]:
    most = max(PACKED_TIMES * path.stat().st_size, PACKED_LEAST)
    with tempfile.TemporaryDirectory() as folder:
        plainly = Path(folder) / "unpacked.parquet"
        try:
            with unpacked(path) as packed, plainly.open("wb") as out:
                while block := packed.read(1 << 20):
                    if out.tell() + len(block) > most:
                        raise TriescopeError(f"{path}: unpacks to more than {PACKED_TIMES} times its size; unpack it yourself")
                    out.write(block)
        except (EOFError, zlib.error) as error:
            raise TriescopeError(f"{path}: the packed stream is cut off or damaged") from error
        try:
            yield from _parquet(plainly)
        except TriescopeError as error:
            raise TriescopeError(str(error).replace(str(plainly), str(path))) from error


def _parquet(path: Path) -> Iterator[tuple[int, dict]]:
    # A file called a[1].parquet is one file, not a pattern.
    import duckdb

    name, row = "".join(f"[{c}]" if c in "*?[" else c for c in str(path)), 0
    try:
        with duckdb.connect(config=CAREFUL) as con:
            with _in_time(con.interrupt):
                header, selected = _columns(path, con, name)
                rows = con.execute(f"SELECT {selected} FROM read_parquet(?)", [name])  # noqa: S608 - quoted names and types
            while True:
                with _in_time(con.interrupt):
                    batch = rows.fetchmany(AT_ONCE)
                for values in batch:
                    row += 1
                    yield row, dict(zip(header, map(plain, values), strict=True))
                if not batch:
                    return
    except duckdb.InterruptException as error:
        raise TriescopeError(f"{path}: no {AT_ONCE:,} rows could be read in {PATIENCE_S:.0f} s behind row {row:,}") from error
    except (duckdb.Error, RuntimeError, UnicodeDecodeError) as error:  # the last two as its binding says it
        if isinstance(error, duckdb.Error) and "unicode" not in str(error).lower():
            raise TriescopeError(f"{path}: {str(error).strip().splitlines()[0]}") from error
        raise TriescopeError(f"{path}: the name of a column, or a text, is not UTF-8 behind row {row:,}") from error


def _columns(path: Path, con: Any, name: str) -> tuple[list[str], str]:
    """Names of the columns as the file has them, and what to select: DuckDB numbers those that differ in case alone, and hands on
    a time with its zone only where a package is installed that we do not need: it becomes text.

    Raises
    ------
    TriescopeError
        Two columns have one name.
    """
    known = con.execute("DESCRIBE SELECT * FROM read_parquet(?)", [name]).fetchall()
    told = con.execute("SELECT name, num_children FROM parquet_schema(?)", [name]).fetchall()
    names = _top_level([(str(name), children or 0) for name, children in told])
    if len(names) != len(known):
        names = [row[0] for row in known]
    if len(set(names)) < len(names):
        raise TriescopeError(f"{path}: column names must differ; found {names_of(names)}")
    con.execute("SET TimeZone = 'UTC'")
    selected = []
    for column, kind, *_ in known:
        quoted = '"' + column.replace('"', '""') + '"'
        as_text = ZONED.sub(lambda match: match[1] or "VARCHAR", kind)
        selected.append(quoted if as_text == kind else f"CAST({quoted} AS {as_text})")
    return names, ", ".join(selected)


def _top_level(schema: list[tuple[str, int]]) -> list[str]:
    """Names of the columns of a Parquet file out of its tree of names and how many are below each, in their order, root first."""
    names, place = [], 1
    while place < len(schema):
        names.append(schema[place][0])
        left = 1
        while left and place < len(schema):
            left += schema[place][1] - 1
            place += 1
    return names


@contextmanager
def _in_time(interrupt: Callable[[], None]) -> Iterator[None]:
    """Interrupt what takes longer than any honest file does."""
    alarm = threading.Timer(PATIENCE_S, interrupt)
    alarm.daemon = True
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()


def _json_lines(path: Path, skip: Skip | None, encoding: str) -> Iterator[tuple[int, dict]]:
    row = 0
    try:
        # A carriage return before the end of a line is white space to JSON.
        for row, line in enumerate(lines(path, newline="\n", encoding=encoding), 1):
            if not line.strip():
                continue
            try:
                record = _parsed(path, row, line.rstrip("\r\n"))
                if "\\u" in line:
                    _check_whole_characters(path, row, record)
            except RowError as error:
                if skip is None:
                    raise
                skip(error)
                continue
            yield row, record
    except BadLineError as error:
        raise TriescopeError(f"{path}, row {row + 1}: {error}") from error


def _parsed(path: Path, row: int, line: str) -> dict:
    try:
        record = JSON.decode(line)
    except json.JSONDecodeError as error:
        hint = "; objects over several lines are read from a file called .json" if row == 1 and line.strip() in ("{", "[") else ""
        raise RowError(path, row, str(error.colno), f"not valid JSON ({error.msg}){hint}", line[:SHOWN]) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        raise RowError(path, row, "", f"not valid JSON ({str(error).splitlines()[0][:80]})", line[:SHOWN]) from error
    return _object(path, row, record)


def _object(path: Path, row: int, record: Any) -> dict:
    if isinstance(record, dict):
        return record
    hint = "; an array of all documents is read from a file called .json" if row == 1 and isinstance(record, list) else ""
    raise RowError(path, row, "", f"expected a JSON object, found {type(record).__name__}{hint}", str(record)[:SHOWN])


def _check_whole_characters(path: Path, row: int, record: dict) -> None:
    """JSON can spell half of a character that needs two codes; no file can hold it."""
    for column, value in record.items():
        try:
            json.dumps([column, value], ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise RowError(path, row, column, "half a character (a lone surrogate)") from error
