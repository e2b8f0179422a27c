"""The file of the workspace: opened for moments, under a lock, and brought up to date when it is opened.

DuckDB lets no second process open a file that one writes, so a connection is as short as the work, and whoever comes
meanwhile waits. A program that is none of ours may have it open for hours: what took long to find is then put down beside it as
JSON (:func:`later`), and whoever opens the file next folds it in. What a person judged cannot be made again: a file that cannot
be read is left as it is.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from engine import paths
from engine.errors import TriescopeError
from engine.files import in_turn, read_json, replace_json, writing

if TYPE_CHECKING:
    import duckdb

FILE, ROWS = "workspace.duckdb", "workspace.rows"
# How long whoever wants to open it tries, where another program has it, and how far apart, seconds.
PATIENCE_S, APART_S = 3.0, 0.1
# Columns of a row that may come later.
EVALUATION = ("corpus", "build", "asked", "found", "made")
# One entry a version of the tables; a file of an older one takes the steps that it lacks, in order, all or none.
MIGRATIONS = (
    """
    CREATE TABLE judgements (
        corpus VARCHAR NOT NULL, query VARCHAR NOT NULL, document VARCHAR NOT NULL,
        grade UTINYINT NOT NULL CHECK (grade <= 2), judged TIMESTAMP NOT NULL DEFAULT current_timestamp,
        PRIMARY KEY (corpus, query, document)
    )
    """,
    """
    CREATE SEQUENCE evaluation_numbers;
    CREATE TABLE evaluations (
        number INTEGER PRIMARY KEY DEFAULT nextval('evaluation_numbers'), corpus VARCHAR NOT NULL, build VARCHAR NOT NULL,
        made TIMESTAMP NOT NULL DEFAULT current_timestamp, asked VARCHAR NOT NULL, found VARCHAR NOT NULL
    )
    """,
    """
    CREATE TABLE query_sets (
        corpus VARCHAR NOT NULL, name VARCHAR NOT NULL, judged INTEGER NOT NULL, queries VARCHAR NOT NULL, qrels VARCHAR NOT NULL,
        PRIMARY KEY (corpus, name)
    )
    """,
    """
    CREATE TABLE runs (
        corpus VARCHAR NOT NULL, name VARCHAR NOT NULL, queries INTEGER NOT NULL, run VARCHAR NOT NULL, PRIMARY KEY (corpus, name)
    )
    """,
    """
    CREATE TABLE private (
        corpus VARCHAR NOT NULL, name VARCHAR NOT NULL, looks INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (corpus, name)
    )
    """,
    """
    CREATE TABLE logs (
        corpus VARCHAR NOT NULL, name VARCHAR NOT NULL, searches BIGINT NOT NULL, log VARCHAR NOT NULL,
        PRIMARY KEY (corpus, name)
    )
    """,
)


class BusyError(TriescopeError):
    """Another program has the file open."""


def place() -> Path:
    """Where the file lies."""
    return paths.home() / FILE


def version() -> tuple[int, ...]:
    """What changes when the file does; empty where there is none. Pages ask for what is in it at every run, and opening it takes
    longer than many a search."""
    try:
        now = place().stat()
    except OSError:
        return ()
    try:
        beside = place().with_name(ROWS).stat().st_mtime_ns
    except OSError:
        beside = 0
    return now.st_mtime_ns, now.st_size, now.st_ino, beside


def later(row: Mapping[str, str]) -> None:
    """Put an evaluation down beside the file, for whoever opens it next: one file, whole or not there.

    Raises
    ------
    TriescopeError
        Nothing can be written.
    """
    folder = place().with_name(ROWS)
    now = datetime.now(UTC).replace(tzinfo=None).isoformat()
    with writing(folder):
        replace_json(folder / f"{time.time_ns():020}-{token_hex(4)}.json", {**row, "made": now})


@contextmanager
def connected() -> "Iterator[duckdb.DuckDBPyConnection]":
    """The workspace, for as short as possible; whatever is done within is done as a whole or not at all.

    Raises
    ------
    BusyError
        Another program has the file open.
    TriescopeError
        The file is no workspace, is of a newer version than this code, or cannot be written.
    """
    file = place()
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with in_turn(file), _opened(file) as connection:
            _bring_up_to_date(connection, file)
            _fold_in(connection, file.with_name(ROWS))
            connection.begin()
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()


def _opened(file: Path) -> "duckdb.DuckDBPyConnection":
    import duckdb

    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return duckdb.connect(str(file), config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
        except duckdb.Error as error:
            if "lock is held" not in str(error):
                raise TriescopeError(f"{file}: not a workspace ({_line(error)}); it is left as it is") from error
            if time.monotonic() > until:
                raise BusyError(f"{file}: another program has it open; close it there") from error
        time.sleep(APART_S)


def _fold_in(connection: "duckdb.DuckDBPyConnection", folder: Path) -> None:
    """Take in what was put down beside the file. Who is killed behind the insert leaves the file of a row that is there."""
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        row = read_json(path)
        if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in EVALUATION):
            continue
        known = [row[name] for name in EVALUATION]
        there = "SELECT 1 FROM evaluations WHERE corpus = ? AND build = ? AND made = CAST(? AS TIMESTAMP)"
        if not connection.execute(there, [known[0], known[1], known[4]]).fetchone():
            connection.execute("INSERT INTO evaluations (corpus, build, asked, found, made) VALUES (?, ?, ?, ?, ?)", known)
        path.unlink(missing_ok=True)


def _bring_up_to_date(connection: "duckdb.DuckDBPyConnection", file: Path) -> None:
    import duckdb

    try:
        connection.execute("CREATE TABLE IF NOT EXISTS versions (version INTEGER PRIMARY KEY)")
        (found,) = connection.execute("SELECT coalesce(max(version), 0) FROM versions").fetchone() or (0,)
        if found > len(MIGRATIONS):
            raise TriescopeError(f"{file}: made by a newer version ({found}; this one knows {len(MIGRATIONS)})")
        for version, step in enumerate(MIGRATIONS[found:], found + 1):
            connection.begin()
            connection.execute(step)
            connection.execute("INSERT INTO versions VALUES (?)", [version])
            connection.commit()
    except duckdb.Error as error:
        raise TriescopeError(f"{file}: not a workspace ({_line(error)}); it is left as it is") from error


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:120]
