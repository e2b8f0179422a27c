"""A study's result beside the build that it was made on: written as a whole, read back or refused."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from engine.errors import TriescopeError
from engine.files import replace_json, writing
from engine.stored import content

T = TypeVar("T", bound=BaseModel)


def keep(path: Path, found: BaseModel) -> None:
    """Put a result in the place of the one before.

    Raises
    ------
    TriescopeError
        It cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_json(path, found.model_dump(mode="json"))


def read(path: Path, kind: type[T]) -> T | None:
    """A result that was kept; None where there is none.

    Raises
    ------
    TriescopeError
        The file is damaged.
    """
    try:
        return kind.model_validate_json(content.read(path)) if path.exists() else None
    except (ValidationError, TriescopeError) as error:
        raise TriescopeError(f"{path}: it is damaged; run it again") from error
