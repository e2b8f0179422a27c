"""Builds that were deleted and can still come back: out of sight under a hidden name, until somebody throws them away."""

import shutil
from pathlib import Path

from engine.builds import layout, names
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.files import writing


def put_aside(folder: Path) -> None:
    """Take a build out of sight in one step; one of its name that was put aside before is gone for good.

    Raises
    ------
    TriescopeError
        The disk is read-only.
    """
    with writing(folder):
        throw_away(folder)
        folder.rename(layout.removed_of(folder))


def asides(builds: Path) -> list[str]:
    """Names of the builds among ``builds`` that can come back."""
    found = []
    for path in builds.glob(".*.removed") if builds.is_dir() else ():
        name = path.name.removeprefix(".").removesuffix(".removed")
        if not names.fault(name) and layout.removed_of(builds / name) == path and layout.is_build(path):
            found.append(name)
    return sorted(found)


def bring_back(folder: Path) -> None:
    """Give a build its place again.

    Raises
    ------
    TriescopeError
        It is not aside any more, is damaged, or its name was taken meanwhile.
    """
    there = layout.removed_of(folder)
    if not layout.is_build(there):
        raise TriescopeError(f"{folder.name}: it is gone for good")
    if folder.exists() or folder.is_symlink():
        raise TriescopeError(f"there is another build {folder.name!r} now: rename or delete it first")
    Build(there)  # whoever was killed while he cleared it away has left a part of it
    with writing(folder):
        there.rename(folder)


def throw_away(folder: Path) -> None:
    """Delete what was put aside of a name, for good; of a link only the link goes."""
    gone = layout.removed_of(folder)
    with writing(folder):
        if gone.is_symlink():
            gone.unlink()
        elif gone.exists():
            shutil.rmtree(gone)


def throw_all_away(builds: Path) -> None:
    """Delete everything that was put aside."""
    for name in asides(builds):
        throw_away(builds / name)
