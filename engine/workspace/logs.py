"""Query logs, kept by catalogue under a name: an evaluation then says its means by how often people ask too."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from engine.errors import TriescopeError
from engine.workspace.query_sets import check_name
from engine.workspace.store import connected, place, version


def keep(corpus: str, name: str, searches: Mapping[str, int]) -> None:
    """Keep a log, text -> how often it was asked, in the place of one that had the name.

    Raises
    ------
    TriescopeError
        The name is none, or the workspace cannot be used.
    """
    check_name(name)
    asked, text = sum(searches.values()), json.dumps(searches, ensure_ascii=False)
    with connected() as connection:
        connection.execute("DELETE FROM logs WHERE corpus = ? AND name = ?", [corpus, name])
        connection.execute("INSERT INTO logs (corpus, name, searches, log) VALUES (?, ?, ?, ?)", [corpus, name, asked, text])


def listed(corpus: str) -> dict[str, int]:
    """Name -> searches, in the order of their names; no file is made to find none."""
    return dict(_listed(place(), version(), corpus))


@lru_cache(maxsize=8)
def _listed(file: Path, version: tuple[int, ...], corpus: str) -> tuple[tuple[str, int], ...]:
    if not version:
        return ()
    with connected() as connection:
        asked = "SELECT name, searches FROM logs WHERE corpus = ? ORDER BY name"
        return tuple(connection.execute(asked, [corpus]).fetchall())


def read(corpus: str, name: str) -> dict[str, int]:
    """Text -> how often it was asked.

    Raises
    ------
    TriescopeError
        There is none of that name.
    """
    row = None
    if version():
        with connected() as connection:
            row = connection.execute("SELECT log FROM logs WHERE corpus = ? AND name = ?", [corpus, name]).fetchone()
    if row is None:
        raise TriescopeError(f"no query log is kept as {name!r}; there are {', '.join(listed(corpus)) or 'none'}")
    return json.loads(row[0])


def remove(corpus: str, name: str) -> None:
    """Forget a log; one that is not there is forgotten already."""
    with connected() as connection:
        connection.execute("DELETE FROM logs WHERE corpus = ? AND name = ?", [corpus, name])
