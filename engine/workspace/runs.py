"""Runs of other systems, kept by shelf under a name: an evaluation puts them beside ours."""

import json
from collections.abc import Mapping, Sequence

from engine.errors import TriescopeError
from engine.workspace.named import Table, check_name

TABLE = Table(
    insert="INSERT INTO runs (corpus, name, queries, run) VALUES (?, ?, ?, ?)",
    delete="DELETE FROM runs WHERE corpus = ? AND name = ?",
    select="SELECT run FROM runs WHERE corpus = ? AND name = ?",
    select_all="SELECT name, queries FROM runs WHERE corpus = ? ORDER BY name",
)
# Documents of a query that are kept: no measure looks deeper, and the query's own may be left out.
DEPTH = 101


def keep(shelf: str, name: str, run: Mapping[str, Sequence[str]]) -> None:
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
    TABLE.keep(shelf, name, len(run), [text])


def listed(shelf: str) -> dict[str, int]:
    """Name -> queries, in the order of their names; no file is made to find none."""
    return TABLE.listed(shelf)


def read(shelf: str, name: str) -> dict[str, list[str]]:
    """A run.

    Raises
    ------
    TriescopeError
        There is none of that name.
    """
    if (row := TABLE.read(shelf, name)) is None:
        raise TriescopeError(f"no run is kept as {name!r}; there are {', '.join(listed(shelf)) or 'none'}")
    return json.loads(row[0])


def own(shelf: str) -> list[str]:
    """Names that stand on a shelf itself, and can be forgotten from it."""
    return list(TABLE.own(shelf))


def remove(shelf: str, name: str) -> None:
    """Forget a run; one that is not there is forgotten already."""
    TABLE.remove(shelf, name)
