"""What lies in the cache: made or fetched once, and made or fetched again where it is wanted and gone."""

import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from engine import paths
from engine.errors import TriescopeError
from engine.files import in_turn, writing

# What it costs to have one of a kind again.
KINDS = {
    "embeddings": "vectors of texts, by encoder: embedded again",
    "onnx": "exported encoders: exported again",
    "indexes": "further vector indexes: made again by `engine indexes`",
    "datasets": "public sets: fetched again",
    "remote": "copies of builds that lie elsewhere: fetched again",
    "cards": "verdicts on identifiers: judged again",
    "checked": "what was found right of files: looked at again",
}
DAY_S = 86_400.0


class Cached(NamedTuple):
    """One thing in the cache: its kind, its name there, bytes, and days since something of it was written."""

    kind: str
    name: str
    bytes: int
    days: float


def cached() -> list[Cached]:
    """All of them, the largest first."""
    found = []
    for kind in KINDS:
        folder = paths.cache() / kind
        for path in folder.iterdir() if folder.is_dir() else []:
            if not path.name.startswith("."):
                found.append(_told(kind, path))
    return sorted(found, key=lambda one: (-one.bytes, one.kind, one.name))


def prune(kinds: Collection[str], older: float = 0.0) -> list[Cached]:
    """Delete what is of these kinds and was not written to for ``older`` days; what was deleted.

    Whoever writes vectors just now is waited for; whoever has a file open keeps what it read.

    Raises
    ------
    TriescopeError
        There is no such kind, or the disk is read-only.
    """
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise TriescopeError(f"the cache has no {unknown[0]!r}; it has {', '.join(KINDS)}")
    gone = [one for one in cached() if one.kind in kinds and one.days >= older]
    for one in gone:
        path = paths.cache() / one.kind / one.name
        aside = path.with_name(f".{one.name}.removed")
        with writing(path), in_turn(path):
            _delete(aside)  # of one that was killed
            path.rename(aside)
            _delete(aside)
    return gone


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _told(kind: str, path: Path) -> Cached:
    files = [one.stat() for one in ([path] if path.is_file() else path.rglob("*")) if one.is_file()]
    last = max((one.st_mtime for one in files), default=path.stat().st_mtime)
    return Cached(kind, path.name, sum(one.st_size for one in files), max(0.0, (time.time() - last) / DAY_S))
