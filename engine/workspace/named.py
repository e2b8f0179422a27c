"""Tables of the workspace that keep one value by shelf (:mod:`engine.workspace.shelves`) and name: what runs, query logs and
query sets have in common."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import TriescopeError
from engine.workspace.shelves import house
from engine.workspace.store import connected, place, version

# A name stands in addresses, in commands and in names of files that are written.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", re.ASCII)


def check_name(name: str) -> None:
    """Refuse what could be mistaken for something else where it stands."""
    if not NAME.fullmatch(name):
        raise TriescopeError("a name has 1 to 40 letters, digits, points, hyphens and underscores, the first a letter or digit")


class Table(NamedTuple):
    """One of them, by its commands: each is written out, so that nothing is ever put together with what a person says.

    Attributes
    ----------
    insert, delete, select, select_all : str
        A value with catalogue, name, count and texts; one to forget; the texts of one; names and counts of a catalogue, by name.
    """

    insert: str
    delete: str
    select: str
    select_all: str

    def keep(self, shelf: str, name: str, count: int, texts: Sequence[str]) -> None:
        """Keep a value in the place of one that had the name on that shelf."""
        with connected() as connection:
            connection.execute(self.delete, [shelf, name])
            connection.execute(self.insert, [shelf, name, count, *texts])

    def listed(self, shelf: str) -> dict[str, int]:
        """Name -> count, of a shelf and of everybody's, in the order of their names; no file is made to find none."""
        found = dict(self.own(house(shelf))) | self.own(shelf)
        return dict(sorted(found.items()))

    def own(self, shelf: str) -> dict[str, int]:
        """The same of a shelf alone: what can be forgotten from it."""
        return dict(_listed(self.select_all, place(), version(), shelf))

    def read(self, shelf: str, name: str) -> tuple[Any, ...] | None:
        """The texts of a value, of a shelf before everybody's; None where there is none of that name."""
        if not version():
            return None
        with connected() as connection:
            found = connection.execute(self.select, [shelf, name]).fetchone()
            return found or connection.execute(self.select, [house(shelf), name]).fetchone()

    def remove(self, shelf: str, name: str) -> None:
        """Forget a value; one that is not there, or on another shelf alone, is forgotten already."""
        with connected() as connection:
            connection.execute(self.delete, [shelf, name])


@lru_cache(maxsize=24)
def _listed(asked: str, file: Path, version: tuple[int, ...], shelf: str) -> tuple[tuple[str, int], ...]:
    if not version:
        return ()
    with connected() as connection:
        return tuple(connection.execute(asked, [shelf]).fetchall())
