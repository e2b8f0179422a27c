"""Rows of a file, whatever its kind, read through DuckDB; faults are said with file and row."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb

from engine.errors import TriescopeError

# Longest line accepted in a text file: a guard against a file that is not what its name says.
LONGEST_LINE = 16 << 20


def records(path: Path) -> Iterator[tuple[int, dict]]:
    """(row, record) of a file; rows count from 1 and a header line is not a row, except that JSONL rows are lines."""
    suffix = path.name.removesuffix(".gz").rsplit(".", 1)[-1].lower()
    # No extension is fetched behind the user's back; nothing but this file is asked for.
    con = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    # A file called a[1].csv is one file, not a pattern.
    name = "".join(f"[{c}]" if c in "*?[" else c for c in str(path))
    try:
        if suffix in ("jsonl", "ndjson"):
            yield from _json_lines(path, _lines(con, name))
        elif suffix in ("csv", "tsv"):
            head = next(_lines(con, name, limit=1), None)
            if head is None or not head.strip():
                raise TriescopeError(f"{path}: the file is empty")
            delimiter = "\t" if suffix == "tsv" else max(",;", key=head.count)
            header = [cell.strip().lstrip("\ufeff") for cell in next(csv.reader([head], delimiter=delimiter))]
            if len(set(header)) < len(header) or "" in header:
                raise TriescopeError(f"{path}, row 1: column names must be there and differ; found {', '.join(header)}")
            rows = con.execute(
                "SELECT * FROM read_csv(?, delim=?, quote='\"', escape='\"', header=true, auto_detect=false, "
                "strict_mode=true, max_line_size=?, columns=?)",
                [name, delimiter, LONGEST_LINE, dict.fromkeys(header, "VARCHAR")],
            )
            yield from _rows(rows, header)
        elif suffix == "parquet":
            rows = con.execute("SELECT * FROM read_parquet(?)", [name])
            yield from _rows(rows, [column[0] for column in rows.description or []])
        else:
            raise TriescopeError(f"{path}: files of this kind are not read; use .jsonl, .csv, .tsv or .parquet")
    except duckdb.Error as error:
        raise TriescopeError(_plain(path, str(error), header=suffix in ("csv", "tsv"))) from error
    finally:
        con.close()


def _rows(rows: duckdb.DuckDBPyConnection, header: list[str]) -> Iterator[tuple[int, dict]]:
    row = 0
    while batch := rows.fetchmany(10_000):
        for values in batch:
            row += 1
            yield row, dict(zip(header, values, strict=True))


def _lines(con: duckdb.DuckDBPyConnection, name: str, limit: int = 1 << 62) -> Iterator[str]:
    # One column that nothing splits: DuckDB decodes, unzips and checks UTF-8; line numbers stay exact.
    rows = con.execute(
        "SELECT line FROM read_csv(?, columns={'line': 'VARCHAR'}, header=false, delim='\x01', quote='', escape='', "
        "auto_detect=false, max_line_size=?) LIMIT ?",
        [name, LONGEST_LINE, limit],
    )
    while batch := rows.fetchmany(10_000):
        for (line,) in batch:
            yield line or ""


def _json_lines(path: Path, lines: Iterator[str]) -> Iterator[tuple[int, dict]]:
    for row, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise TriescopeError(f"{path}, row {row}, column {error.colno}: not valid JSON ({error.msg})") from error
        except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
            raise TriescopeError(f"{path}, row {row}: not valid JSON ({str(error).splitlines()[0][:80]})") from error
        if not isinstance(record, dict):
            raise TriescopeError(f"{path}, row {row}: expected a JSON object, found {type(record).__name__}")
        if "\\u" in line:
            _check_whole_characters(path, row, record)
        yield row, record


def _check_whole_characters(path: Path, row: int, record: dict) -> None:
    """JSON can spell half of a character that needs two codes; no file can hold it."""
    for column, value in record.items():
        try:
            json.dumps([column, value], ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise TriescopeError(f"{path}, row {row}, column {column}: half a character (a lone surrogate)") from error


def _plain(path: Path, message: str, header: bool) -> str:
    """DuckDB's many-line message as one line: where, and what."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    where = lines[0].partition("Line: ")[2]
    what = next((line for line in lines[1:] if line.startswith(("Expected", "Value", "Invalid", "Maximum"))), lines[0])
    # Where there is a header it is line 1 of the file, so the first row stands on line 2.
    place = int(where) - header if where.isdigit() else 0
    return f"{path}, {f'row {place}' if place else 'header'}: {what}" if where.isdigit() else f"{path}: {lines[0]}"
