"""Builds in an object store, or wherever fsspec reaches: one file each, packed, and opened from a local copy that is mapped.

An address like ``s3://bucket/films.zip`` stands wherever a build is named. The copy lies in the cache under the hash of the
address and of what the store says of the file (its size, time, tag), so another file there is another copy, and an old one is
never changed under whoever has it open. Nothing of what comes is believed: it goes through :mod:`engine.builds.packed`.
"""

import hashlib
import re
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from engine import paths
from engine.builds import names, packed
from engine.errors import TriescopeError

# A path that was taken for a local one has lost a slash; a single letter is a drive.
ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/{1,3}([^/].*)", re.S)
ENDING = ".zip"


def address(named: str | Path) -> str:
    """The address that a person means; empty where it is a path or a name.

    >>> address("s3://bucket/films.zip"), address(Path("memory://films.zip")), address("builds/films"), address("C:/films.zip")
    ('s3://bucket/films.zip', 'memory://films.zip', '', '')
    """
    found = ADDRESS.fullmatch(str(named))
    if not found:
        return ""
    return f"{found[1]}:///{found[2]}" if found[1] in ("file", "local") else f"{found[1]}://{found[2]}"


def push(folder: Path, to: str, tell: packed.Tell | None = None) -> int:
    """Write a build to an address; gives its bytes. What lay there is replaced when all was sent.

    Raises
    ------
    TriescopeError
        It is no address of a ``.zip``, nothing reaches it, or it cannot be written to.
    """
    files, path = _reach(to)
    with tempfile.TemporaryDirectory(prefix="push-") as here:
        whole = Path(here) / "build.zip"
        packed.pack(folder, whole, tell)
        beside = f"{path}.part"
        try:
            files.put_file(str(whole), beside)
            files.mv(beside, path)
        except Exception as error:  # each store raises its own
            raise TriescopeError(f"{to}: cannot be written to ({_told(error)})") from error
        return whole.stat().st_size


def fetch(at: str) -> Path:
    """The folder of a build that lies at an address: a local copy, taken once for each version of it.

    Raises
    ------
    TriescopeError
        Nothing is there or reaches it, or it is no build (:func:`engine.builds.packed.unpack`).
    """
    files, path = _reach(at)
    try:
        size, version = int(files.info(path)["size"] or 0), str(files.ukey(path))
    except Exception as error:
        raise TriescopeError(f"{at}: cannot be read ({_told(error)})") from error
    if size > packed.LARGEST:
        raise TriescopeError(f"{at}: {size:,} bytes; a build of up to {packed.LARGEST:,} is taken")
    name = PurePosixPath(path).name.removesuffix(ENDING)
    name = "build" if names.fault(name) else name
    copies = paths.cache() / "remote" / hashlib.sha256(f"{at}\n{version}".encode()).hexdigest()[:24]
    if not (copies / name).exists():
        with tempfile.TemporaryDirectory(prefix="fetch-") as here:
            whole = Path(here) / "build.zip"
            try:
                files.get_file(path, str(whole))
            except Exception as error:
                raise TriescopeError(f"{at}: cannot be read ({_told(error)})") from error
            try:
                packed.unpack(whole, copies, name)
            except TriescopeError as error:
                if not (copies / name).exists():  # else another process took it meanwhile
                    raise TriescopeError(f"{at}: {str(error).replace(str(whole), 'it')}") from error
    return copies / name


def _reach(at: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it."""
    import fsspec

    if not at or "::" in at or not at.endswith(ENDING):
        raise TriescopeError(f"{at or 'it'}: a build lies in a file system as one file, like s3://bucket/films{ENDING}")
    try:
        files, path = fsspec.core.url_to_fs(at)
    except ImportError as error:
        raise TriescopeError(f"{at}: {_told(error)}") from error
    except Exception as error:
        raise TriescopeError(f"{at}: nothing here reaches it ({_told(error)})") from error
    return files, path


def _told(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
