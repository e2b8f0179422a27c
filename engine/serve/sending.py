"""How an answer is sent: JSON that every reader takes, and sentences that say nothing of this machine."""

import json
import math
import re
from typing import Any

from fastapi.responses import Response

from engine.serve.shelf import Shelf

FOLDERS = re.compile(r"(?<![^\s'\"(])/(?:[^\s'\"/]+/)+")


def plain(shelf: Shelf, text: str) -> str:
    """A sentence without this machine's folders: a build is called by its name, a file by its own."""
    for name in shelf.names:
        text = text.replace(str(shelf.get(name).build.folder), name)
    return FOLDERS.sub("", text)


def sent(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value as JSON; numbers that JSON does not have become null."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, headers, "application/json")


def _finite(value: Any) -> Any:
    """The value with null for numbers that JSON does not have.

    >>> _finite({"a": [1.0, float("nan")]})
    {'a': [1.0, None]}
    """
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
