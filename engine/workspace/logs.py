"""Query logs, kept by shelf under a name: an evaluation then says its means by how often people ask too."""

import json
from collections.abc import Mapping

from engine.errors import TriescopeError
from engine.workspace.named import Table, check_name

TABLE = Table(
    insert="INSERT INTO logs (corpus, name, searches, log) VALUES (?, ?, ?, ?)",
    delete="DELETE FROM logs WHERE corpus = ? AND name = ?",
    select="SELECT log FROM logs WHERE corpus = ? AND name = ?",
    select_all="SELECT name, searches FROM logs WHERE corpus = ? ORDER BY name",
)


def keep(shelf: str, name: str, searches: Mapping[str, int]) -> None:
    """Keep a log, text -> how often it was asked, in the place of one that had the name.

    Raises
    ------
    TriescopeError
        The name is none, or the workspace cannot be used.
    """
    check_name(name)
    TABLE.keep(shelf, name, sum(searches.values()), [json.dumps(searches, ensure_ascii=False)])


def listed(shelf: str) -> dict[str, int]:
    """Name -> searches, in the order of their names; no file is made to find none."""
    return TABLE.listed(shelf)


def read(shelf: str, name: str) -> dict[str, int]:
    """Text -> how often it was asked.

    Raises
    ------
    TriescopeError
        There is none of that name.
    """
    if (row := TABLE.read(shelf, name)) is None:
        raise TriescopeError(f"no query log is kept as {name!r}; there are {', '.join(listed(shelf)) or 'none'}")
    return json.loads(row[0])


def own(shelf: str) -> list[str]:
    """Names that stand on a shelf itself, and can be forgotten from it."""
    return list(TABLE.own(shelf))


def remove(shelf: str, name: str) -> None:
    """Forget a log; one that is not there is forgotten already."""
    TABLE.remove(shelf, name)
