"""Judged queries that people bring along, kept by shelf under a name of their own: a split beside those of the catalogue."""

import json
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from engine.errors import TriescopeError
from engine.workspace.judgements import SPLIT, Judged
from engine.workspace.named import Table, check_name
from engine.workspace.store import place, version

TABLE = Table(
    insert="INSERT INTO query_sets (corpus, name, judged, queries, qrels) VALUES (?, ?, ?, ?, ?)",
    delete="DELETE FROM query_sets WHERE corpus = ? AND name = ?",
    select="SELECT queries, qrels FROM query_sets WHERE corpus = ? AND name = ?",
    select_all="SELECT name, judged FROM query_sets WHERE corpus = ? ORDER BY name",
)


def keep(shelf: str, name: str, found: Judged, taken: Collection[str]) -> None:
    """Keep judged queries in the place of those that had the name.

    Parameters
    ----------
    shelf : str
        The catalogue's, or a person's of it.
    name : str
        What they are called.
    found : Judged
        The queries and their judgements.
    taken : collection of str
        Names that the catalogue's own splits have.

    Raises
    ------
    TriescopeError
        The name is none or taken, or the workspace cannot be used.
    """
    check_name(name)
    if name in (*taken, SPLIT):
        raise TriescopeError(f"{name} is a split of the catalogue; take another name")
    TABLE.keep(shelf, name, len(found.qrels), [json.dumps(value, ensure_ascii=False) for value in found])


def listed(shelf: str) -> dict[str, int]:
    """Name -> judged queries, in the order of their names; no file is made to find none."""
    return TABLE.listed(shelf)


def read(shelf: str, name: str) -> Judged | None:
    """The queries of a name with their judgements, to look at, not to change; None where there are none."""
    return _read(place(), version(), shelf, name)


@lru_cache(maxsize=4)
def _read(file: Path, version: tuple[int, ...], shelf: str, name: str) -> Judged | None:
    row = TABLE.read(shelf, name)
    return Judged(*map(json.loads, row)) if row else None


def own(shelf: str) -> list[str]:
    """Names that stand on a shelf itself, and can be forgotten from it."""
    return list(TABLE.own(shelf))


def remove(shelf: str, name: str) -> None:
    """Forget a set; one that is not there is forgotten already."""
    TABLE.remove(shelf, name)
