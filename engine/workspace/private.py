"""Query sets that are private: nobody sees their figures unless asked to, and how often that was is counted.

Whoever chooses by the figures of a set, look after look, is flattered by it in the end. Training and tuning never read a set that
was brought along; what is left are people, and they can only be reminded.
"""

from functools import lru_cache
from pathlib import Path

from engine.errors import TriescopeError
from engine.workspace.shelves import house
from engine.workspace.store import connected, place, version


def names(shelf: str) -> dict[str, int]:
    """Private sets of a shelf and of everybody's, and how often the figures of each were looked at; no file is made for none."""
    return dict(_names(place(), version(), house(shelf))) | dict(_names(place(), version(), shelf))


@lru_cache(maxsize=8)
def _names(file: Path, version: tuple[int, ...], shelf: str) -> tuple[tuple[str, int], ...]:
    if not version:
        return ()
    with connected() as connection:
        found = connection.execute("SELECT name, looks FROM private WHERE corpus = ? ORDER BY name", [shelf])
        return tuple(found.fetchall())


def mark(shelf: str, name: str, private: bool = True) -> None:
    """Make a set private, or public again; looks are counted anew then. Forgotten and brought anew, a set stays what it was."""
    with connected() as connection:
        if private:
            insert = "INSERT INTO private (corpus, name) VALUES (?, ?) ON CONFLICT DO NOTHING"
            connection.execute(insert, [shelf, name])
        else:
            connection.execute("DELETE FROM private WHERE corpus = ? AND name = ?", [shelf, name])


def look(shelf: str, name: str) -> int:
    """Count a look, and give how many there were."""
    shelf = shelf if name in dict(_names(place(), version(), shelf)) else house(shelf)
    with connected() as connection:
        connection.execute("UPDATE private SET looks = looks + 1 WHERE corpus = ? AND name = ?", [shelf, name])
        row = connection.execute("SELECT looks FROM private WHERE corpus = ? AND name = ?", [shelf, name]).fetchone()
    return int(row[0]) if row else 0


def check(shelf: str, name: str) -> None:
    """Refuse to show the figures of a private set.

    Raises
    ------
    TriescopeError
        It is one.
    """
    if name in (known := names(shelf)):
        raise TriescopeError(
            f"{name} is private: its figures are shown with --reveal, and each look is counted (so far {known[name]})"
        )
