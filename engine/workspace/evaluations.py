"""Evaluations that were run, kept by shelf (:mod:`engine.workspace.shelves`): what was asked, what was found, query by query,
when and on which build."""

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from engine.builds.listed import Quality, quality_of
from engine.errors import TriescopeError
from engine.workspace.shelves import house
from engine.workspace.store import BusyError, connected, later, place, version


class Kept(NamedTuple):
    """An evaluation in a list: its number, the build that was asked, when (UTC, to the second), what was asked, and the shelf."""

    number: int
    build: str
    made: str
    asked: dict[str, Any]
    shelf: str = ""


def keep(shelf: str, build: str, asked: Mapping[str, Any], found: Mapping[str, Any]) -> int:
    """Keep an evaluation; returns its number, 0 where another program has the workspace open: then it lies beside it, and gets
    its number from whoever opens it next.

    Parameters
    ----------
    shelf : str
        The catalogue's, or a person's of it.
    build : str
        Name of the build's folder.
    asked, found : mapping
        Plain values; what was found as :meth:`engine.evaluation.Evaluation.as_json` gives it, with every query's values.

    Raises
    ------
    TriescopeError
        The workspace cannot be used.
    """
    texts = [json.dumps(value, ensure_ascii=False, allow_nan=False) for value in (asked, found)]
    try:
        with connected() as connection:
            insert = "INSERT INTO evaluations (corpus, build, asked, found) VALUES (?, ?, ?, ?) RETURNING number"
            (number,) = connection.execute(insert, [shelf, build, *texts]).fetchone() or (0,)
        return int(number)
    except BusyError:
        later({"corpus": shelf, "build": build, "asked": texts[0], "found": texts[1]})
        return 0


def listed(shelf: str) -> list[Kept]:
    """The evaluations of a shelf and of everybody's, newest first; no file is made to find none."""
    return list(_listed(place(), version(), shelf))


@lru_cache(maxsize=8)
def _listed(file: Path, version: tuple[int, ...], shelf: str) -> tuple[Kept, ...]:
    if not version:
        return ()
    with connected() as connection:
        rows = connection.execute(
            "SELECT number, build, strftime(made, '%Y-%m-%d %H:%M:%S'), asked, corpus FROM evaluations "
            "WHERE corpus IN (?, ?) ORDER BY number DESC",
            [shelf, house(shelf)],
        ).fetchall()
    return tuple(Kept(number, build, made, json.loads(text), of) for number, build, made, text, of in rows)


def qualities(shelf: str, hidden: Collection[str] = ()) -> dict[str, Quality]:
    """Build -> the figure of its newest evaluation of a shelf and of everybody's; those on splits that are ``hidden`` are passed
    over."""
    found: dict[str, Quality] = {}
    for name, quality in _qualities(place(), version(), shelf):
        if quality.split not in hidden:
            found.setdefault(name, quality)
    return found


@lru_cache(maxsize=16)
def _qualities(file: Path, version: tuple[int, ...], shelf: str) -> tuple[tuple[str, Quality], ...]:
    if not version:
        return ()
    with connected() as connection:
        rows = connection.execute(
            "SELECT build, found FROM evaluations WHERE corpus IN (?, ?) ORDER BY number DESC", [shelf, house(shelf)]
        ).fetchall()
    return tuple((build, quality) for build, text in rows if (quality := quality_of(json.loads(text))))


def read(number: int) -> dict[str, Any]:
    """What an evaluation found; to look at, not to change.

    Raises
    ------
    TriescopeError
        There is none of that number.
    """
    return _read(place(), version(), number)


@lru_cache(maxsize=4)
def _read(file: Path, version: tuple[int, ...], number: int) -> dict[str, Any]:
    row = None
    if version:
        with connected() as connection:
            row = connection.execute("SELECT found FROM evaluations WHERE number = ?", [number]).fetchone()
    if row is None:
        raise TriescopeError(f"there is no evaluation {number}")
    return json.loads(row[0])


def remove(shelf: str, number: int) -> None:
    """Forget an evaluation of a shelf; one that is not there is forgotten already, one of another shelf stays."""
    with connected() as connection:
        connection.execute("DELETE FROM evaluations WHERE number = ? AND corpus = ?", [number, shelf])
