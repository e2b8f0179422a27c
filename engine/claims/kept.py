"""What was found of claims, kept beside the builds; and that of the bundled films and a few others, which comes along."""

from pathlib import Path

from pydantic import ValidationError

from engine import paths
from engine.builds import layout
from engine.builds.names import BUNDLED
from engine.builds.opened import Build
from engine.claims.base import Finding
from engine.errors import TriescopeError
from engine.files import replace_json, writing
from engine.stored import content


def folder(opened: Build) -> Path:
    """Where those of a build lie."""
    known = opened.manifest
    return layout.claims_of(opened.folder, known.spec_sha256, known.corpus.sha256)


def shipped_folder() -> Path:
    """Where those of the bundled films lie in the repository."""
    return paths.bundled() / BUNDLED / "claims"


def elsewhere() -> Path:
    """Where what was found on other catalogues than the films lies in the repository, a folder each."""
    return shipped_folder() / "elsewhere"


def keep(place: Path, found: Finding) -> None:
    """Keep one in a folder, in the place of the one before."""
    with writing(place):
        place.mkdir(parents=True, exist_ok=True)
        replace_json(place / f"{found.key}.json", found.model_dump(mode="json"))


def read(place: Path, key: str) -> Finding | None:
    """The one of a claim in a folder; None where there is none.

    Raises
    ------
    TriescopeError
        Its file is damaged.
    """
    path = place / f"{key}.json"
    try:
        found = Finding.model_validate_json(content.read(path)) if path.is_file() else None
    except (ValidationError, TriescopeError) as error:
        raise TriescopeError(f"{path}: the claim is damaged; make it anew") from error
    if found is not None and found.key != key:
        raise TriescopeError(f"{path}: it is of another claim, {found.key!r}")
    return found


def shown(opened: Build, key: str) -> Finding | None:
    """What a page shows of a claim: that of the build, else that of the films that came along.

    Raises
    ------
    TriescopeError
        As :func:`read`.
    """
    return read(folder(opened), key) or read(shipped_folder(), key)


def others(key: str) -> list[Finding]:
    """What came along of a claim on other catalogues, by the catalogue's name.

    Raises
    ------
    TriescopeError
        As :func:`read`.
    """
    folders = sorted(elsewhere().iterdir()) if elsewhere().is_dir() else []
    return [found for place in folders if (found := read(place, key))]
