"""Runs of other systems, kept by catalogue under a name: an evaluation puts them beside ours."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from engine.errors import TriescopeError
from engine.workspace.query_sets import check_name
from engine.workspace.store import connected, place, version

# Documents of a query that are kept: no measure looks deeper, and the query's own may be left out.
DEPTH = 101


def keep(corpus: str, name: str, run: Mapping[str, Sequence[str]]) -> None:
    """Keep a run, query id -> document ids, best first, in the place of one that had the name.

    Raises
    ------
    TriescopeError
        The name is none, the run is empty, or the workspace cannot be used.
    """
    check_name(name)
    if not run:
        raise TriescopeError("the run is empty")
    text = json.dumps({query: list(documents[:DEPTH]) for query, documents in run.items()}, ensure_ascii=False)
    with connected() as connection:
        connection.execute("DELETE FROM runs WHERE corpus = ? AND name = ?", [corpus, name])
        connection.execute("INSERT INTO runs (corpus, name, queries, run) VALUES (?, ?, ?, ?)", [corpus, name, len(run), text])


def listed(corpus: str) -> dict[str, int]:
    """Name -> queries, in the order of their names; no file is made to find none."""
    return dict(_listed(place(), version(), corpus))


@lru_cache(maxsize=8)
def _listed(file: Path, version: tuple[int, ...], corpus: str) -> tuple[tuple[str, int], ...]:
    if not version:
        return ()
    with connected() as connection:
        asked = "SELECT name, queries FROM runs WHERE corpus = ? ORDER BY name"
        return tuple(connection.execute(asked, [corpus]).fetchall())


def read(corpus: str, name: str) -> dict[str, list[str]]:
    """A run.

    Raises
    ------
    TriescopeError
        There is none of that name.
    """
    row = None
    if version():
        with connected() as connection:
            row = connection.execute("SELECT run FROM runs WHERE corpus = ? AND name = ?", [corpus, name]).fetchone()
    if row is None:
        raise TriescopeError(f"no run is kept as {name!r}; there are {', '.join(listed(corpus)) or 'none'}")
    return json.loads(row[0])


def remove(corpus: str, name: str) -> None:
    """Forget a run; one that is not there is forgotten already."""
    with connected() as connection:
        connection.execute("DELETE FROM runs WHERE corpus = ? AND name = ?", [corpus, name])
