"""Judged queries that people bring along, kept by catalogue under a name of their own: a split beside those of the catalogue."""

import json
import re
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from engine.errors import TriescopeError
from engine.workspace.judgements import SPLIT, Judged
from engine.workspace.store import connected, place, version

# A name stands in addresses, in commands and in names of files that are written.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", re.ASCII)


def check_name(name: str) -> None:
    """Refuse what could be mistaken for something else where it stands."""
    if not NAME.fullmatch(name):
        raise TriescopeError("a name has 1 to 40 letters, digits, points, hyphens and underscores, the first a letter or digit")


def keep(corpus: str, name: str, found: Judged, taken: Collection[str]) -> None:
    """Keep judged queries in the place of those that had the name.

    Parameters
    ----------
    corpus : str
        SHA-256 of the catalogue, as the manifest has it.
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
    texts = [json.dumps(value, ensure_ascii=False) for value in found]
    with connected() as connection:
        connection.execute("DELETE FROM query_sets WHERE corpus = ? AND name = ?", [corpus, name])
        insert = "INSERT INTO query_sets (corpus, name, judged, queries, qrels) VALUES (?, ?, ?, ?, ?)"
        connection.execute(insert, [corpus, name, len(found.qrels), *texts])


def listed(corpus: str) -> dict[str, int]:
    """Name -> judged queries, in the order of their names; no file is made to find none."""
    return dict(_listed(place(), version(), corpus))


@lru_cache(maxsize=8)
def _listed(file: Path, version: tuple[int, ...], corpus: str) -> tuple[tuple[str, int], ...]:
    if not version:
        return ()
    with connected() as connection:
        asked = "SELECT name, judged FROM query_sets WHERE corpus = ? ORDER BY name"
        return tuple(connection.execute(asked, [corpus]).fetchall())


def read(corpus: str, name: str) -> Judged | None:
    """The queries of a name with their judgements, to look at, not to change; None where there are none."""
    return _read(place(), version(), corpus, name)


@lru_cache(maxsize=4)
def _read(file: Path, version: tuple[int, ...], corpus: str, name: str) -> Judged | None:
    row = None
    if version:
        with connected() as connection:
            asked = "SELECT queries, qrels FROM query_sets WHERE corpus = ? AND name = ?"
            row = connection.execute(asked, [corpus, name]).fetchone()
    return Judged(*map(json.loads, row)) if row else None


def remove(corpus: str, name: str) -> None:
    """Forget a set; one that is not there is forgotten already."""
    with connected() as connection:
        connection.execute("DELETE FROM query_sets WHERE corpus = ? AND name = ?", [corpus, name])
