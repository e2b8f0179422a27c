"""Another name for a build: its map, its verdict and the like go with it."""

from pathlib import Path

from engine.builds import layout, names
from engine.builds.opening import read_manifest
from engine.errors import TriescopeError
from engine.files import alone, held, writing


def rename(folder: Path, name: str) -> Path:
    """Give a build another name; returns its new folder.

    Raises
    ------
    TriescopeError
        The name cannot be one or is taken, a process works in the build, or nothing can be written.
    """
    if fault := names.fault(name):
        raise TriescopeError(f"{name!r} cannot name a build: {fault}")
    new = folder.with_name(name)
    if new.exists() or new.is_symlink():
        raise TriescopeError(f"there is a build {name!r} already; choose another name")
    known = read_manifest(folder)
    if any(held(layout.partial_of(run)) for run in _worked_in(folder)):
        raise TriescopeError(f"{folder.name}: a process works in it; rename it afterwards")
    with writing(folder), alone(layout.partial_of(new), f"{name}: another process is making a build of this name"):
        for of in (layout.map_of, layout.evaluation_of, layout.verdict_of, layout.claims_of):
            beside = of(folder, known.spec_sha256, known.corpus.sha256)
            if beside.is_dir():
                beside.rename(of(new, known.spec_sha256, known.corpus.sha256))
        folder.rename(new)
    return new


def _worked_in(folder: Path) -> list[Path]:
    """Folders in which a training or a fine-tuning of the build may be at work."""
    begun = [layout.whole_of(path) for path in (folder / layout.TRAINED).glob(".*.partial")]
    return [folder, folder / "tuned", *(one for one in begun if one)]
