"""The verdict of a build, kept beside the builds until another is asked for."""

from pathlib import Path

from pydantic import ValidationError

from engine.builds import layout
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.files import replace_json, writing
from engine.stored import content
from engine.verdict.shown import Verdict


def place(opened: Build) -> Path:
    """Where it lies."""
    known = opened.manifest
    return layout.verdict_of(opened.folder, known.spec_sha256, known.corpus.sha256) / layout.VERDICT


def keep(opened: Build, found: Verdict) -> None:
    """Keep it in the place of the one before."""
    with writing(place(opened)):
        replace_json(place(opened), found.model_dump(mode="json"))


def read(opened: Build) -> Verdict | None:
    """The verdict of a build, or None where there is none.

    Raises
    ------
    TriescopeError
        Its file is damaged.
    """
    path = place(opened)
    try:
        return Verdict.model_validate_json(content.read(path)) if path.exists() else None
    except (ValidationError, TriescopeError) as error:
        raise TriescopeError(f"{path}: the verdict is damaged; ask for it again") from error
