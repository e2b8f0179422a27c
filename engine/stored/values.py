"""JSON files as values, or one line that says what is wrong with them."""

import json
from pathlib import Path
from typing import Any, NoReturn

from engine.errors import TriescopeError
from engine.stored import content


def read(path: Path) -> Any:
    """The value of a JSON file, with whole characters and numbers only.

    Raises
    ------
    TriescopeError
        It is not there, no JSON, nested without end, or holds half a character or NaN, which no build writes.
    """
    try:
        text = content.read(path).decode()
        value = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise TriescopeError(f"{path}: not valid JSON ({str(error).splitlines()[0][:80]})") from error
    if "\\u" in text and not whole(value):
        raise TriescopeError(f"{path}: half a character (a lone surrogate)")
    return value


def whole(value: Any) -> bool:
    r"""Whether the texts of a JSON value hold whole characters only: JSON can spell half of one, and no file can hold it.

    >>> whole({"a": ["é"]}), whole({"a": ["\ud800"]})
    (True, False)
    """
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
