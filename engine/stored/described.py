"""What lies beside stored things and says what they are: a small JSON file, read as the type it was written from."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.errors import TriescopeError
from engine.stored.content import read as read_content

if TYPE_CHECKING:
    from pydantic import BaseModel

Known = TypeVar("Known", bound="BaseModel")


def read(path: Path, kind: type[Known]) -> Known:
    """The value of a file that is there.

    Raises
    ------
    TriescopeError
        It cannot be read, or is no value of this type; it says where it is not.
    """
    from pydantic import ValidationError

    try:
        return kind.model_validate_json(read_content(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise TriescopeError(f"{path}: damaged ({'.'.join(map(str, first['loc'])) or first['msg']})") from error


def stamp(path: Path) -> str:
    """What changes when a file is written anew; empty where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns}-{found.st_ino}"
