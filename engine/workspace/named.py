"""Tables of the workspace that keep one value by catalogue and name: what runs, query logs and query sets have in common."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import TriescopeError
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

    def keep(self, corpus: str, name: str, count: int, texts: Sequence[str]) -> None:
        """Keep a value in the place of one that had the name."""
        with connected() as connection:
            connection.execute(self.delete, [corpus, name])
            connection.execute(self.insert, [corpus, name, count, *texts])

    def listed(self, corpus: str) -> dict[str, int]:
        """Name -> count, in the order of their names; no file is made to find none."""
        return dict(_listed(self.select_all, place(), version(), corpus))

    def read(self, corpus: str, name: str) -> tuple[Any, ...] | None:
        """The texts of a value; None where there is none of that name."""
        if not version():
            return None
        with connected() as connection:
            return connection.execute(self.select, [corpus, name]).fetchone()

    def remove(self, corpus: str, name: str) -> None:
        """Forget a value; one that is not there is forgotten already."""
        with connected() as connection:
            connection.execute(self.delete, [corpus, name])


@lru_cache(maxsize=24)
def _listed(asked: str, file: Path, version: tuple[int, ...], corpus: str) -> tuple[tuple[str, int], ...]:
    if not version:
        return ()
    with connected() as connection:
        return tuple(connection.execute(asked, [corpus]).fetchall())
