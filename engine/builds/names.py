"""Builds by name: the folders under the home that the app lists, and that the shell finds wherever one stands.

A name is looked up among those listed and never joined to a path by itself, so none leads out of the folder.
"""

from collections.abc import Sequence
from pathlib import Path

from engine import paths
from engine.builds.layout import is_build

# The bundled catalogue and its build.
BUNDLED = "films"
# Bytes: the names of files beside a build hold its own and some eighty more, and file systems end at 255.
LONGEST = 150


def names() -> list[str]:
    """Names of the builds that the app lists, sorted."""
    return sorted(entry.name for entry in _entries() if is_build(entry) and not fault(entry.name))


def first(listed: Sequence[str]) -> str:
    """The build that is shown where none is named: the bundled catalogue's, else the first of those ``listed``."""
    return BUNDLED if BUNDLED in listed else listed[0]


def unlisted() -> dict[str, str]:
    """Folders beside them that are not listed, as text, with the reason. Hidden ones are meant to be, and are left out."""
    others = {}
    for entry in _entries():
        if reason := fault(entry.name) or ("" if is_build(entry) else "it is no finished build"):
            others[entry.name if entry.name.isprintable() else ascii(entry.name)] = reason
    return dict(sorted(others.items()))


def fault(name: str) -> str:
    """What keeps a build from being listed under a name; empty if nothing does.

    >>> fault("Amazon_Beauty v2"), fault("données"), fault("..")
    ('', '', 'its name begins with a dot')
    >>> fault("a/b"), fault("a\\nb")
    ('its name holds a slash', 'its name holds characters that cannot be shown')
    """
    if not name.strip():
        return "its name is empty"
    if name.startswith("."):
        return "its name begins with a dot"
    if "/" in name or "\\" in name:
        return "its name holds a slash"
    if name != name.strip():
        return "its name begins or ends with a blank"
    if not name.isprintable():
        return "its name holds characters that cannot be shown"
    return f"its name is longer than {LONGEST} bytes" if len(name.encode()) > LONGEST else ""


def find(named: str | Path) -> Path:
    """The folder that a person means: a build by its path, else one that the app lists, by its name; else the path as it is. An
    address like ``s3://bucket/films.zip`` is a local copy of what lies there (:mod:`engine.builds.remote`).

    >>> find("no/such/build").as_posix()
    'no/such/build'
    """
    from engine.builds import remote

    if at := remote.address(named):
        return remote.fetch(at)
    folder = Path(named)
    if not is_build(folder) and str(named) in names():
        return paths.builds() / str(named)
    return folder


def _entries() -> list[Path]:
    folder = paths.builds()
    return [entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")] if folder.is_dir() else []
