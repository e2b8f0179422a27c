"""The file of the workspace: opened for moments, under a lock, and brought up to date when it is opened.

DuckDB lets no second process open a file that one writes, so a connection is as short as the work, and whoever comes
meanwhile waits. What a person judged cannot be made again: a file that cannot be read is left as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine import paths
from engine.errors import TriescopeError
from engine.files import in_turn, writing

if TYPE_CHECKING:
    import duckdb

FILE = "workspace.duckdb"
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
    return now.st_mtime_ns, now.st_size, now.st_ino


@contextmanager
def connected() -> "Iterator[duckdb.DuckDBPyConnection]":
    """The workspace, for as short as possible; whatever is done within is done as a whole or not at all.

    Raises
    ------
    TriescopeError
        The file is no workspace, is of a newer version than this code, or cannot be written.
    """
    import duckdb

    file = place()
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with in_turn(file):
            try:
                connection = duckdb.connect(
                    str(file), config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
                )
            except duckdb.Error as error:
                raise TriescopeError(f"{file}: not a workspace ({_line(error)}); it is left as it is") from error
            with connection:
                _bring_up_to_date(connection, file)
                connection.begin()
                try:
                    yield connection
                except BaseException:
                    connection.rollback()
                    raise
                connection.commit()


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
