"""A build as one file, to hand on; and a build out of such a file, which somebody else may have made.

What a file of another's hand claims is not believed: names lead nowhere but into the build, sizes are counted while they are
read, and what came out is opened and held to its manifest before it takes its name.
"""

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

from engine.builds import layout, names
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.files import alone, replacing, writing
from engine.stored import zipped

# Folders and files of a build are named so; nothing hidden, nothing that is no part of one.
PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
DEEPEST, MOST_FILES = 4, 10_000
# Bytes of a whole build.
LARGEST = 64 << 30
# The moment of all files in an archive, so that one build gives one file.
MOMENT = (1980, 1, 1, 0, 0, 0)

Tell = Callable[[str, int, int], None]


def pack(folder: Path, out: IO[bytes] | Path, tell: Tell | None = None) -> int:
    """Write a build into a zip, its trained scorers and fine-tuned encoder too; returns how many files. Nothing is compressed:
    vectors would hardly shrink.

    Raises
    ------
    TriescopeError
        It is no build, or nothing can be written; a file that was there then stays.
    """
    Build(folder)  # what is damaged is not handed on
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _hidden(path.relative_to(folder))]
    with writing(out if isinstance(out, Path) else folder):
        if isinstance(out, Path):
            replacing(out, lambda beside: _pack(folder, files, beside, tell))
        else:
            _pack(folder, files, out, tell)
    return len(files)


def _pack(folder: Path, files: list[Path], out: IO[bytes] | Path, tell: Tell | None) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for place, path in enumerate(files):
            member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), MOMENT)
            with path.open("rb") as source, archive.open(member, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, zipped.BLOCK)
            if tell:
                tell("packing", place + 1, len(files))


def unpack(source: IO[bytes] | Path, builds: Path, name: str, tell: Tell | None = None) -> Path:
    """A build out of a zip, under a name among ``builds``; seen when whole.

    Raises
    ------
    TriescopeError
        The name is taken or cannot be one; the file is no archive of a build, or more than :data:`LARGEST`; what came out is
        damaged, or of a version that is not read; nothing can be written.
    """
    if fault := names.fault(name):
        raise TriescopeError(f"{name!r} cannot name a build: {fault}")
    out = builds / name
    if out.exists():
        raise TriescopeError(f"there is a build {name!r} already; choose another name")
    work = layout.fresh_of(out)
    with writing(out):
        builds.mkdir(parents=True, exist_ok=True)
        with alone(work, f"{name}: another process is unpacking a build of this name"):
            shutil.rmtree(work, ignore_errors=True)  # of one that was killed
            try:
                _extract(source, work, tell)
                opened = Build(work)
                assert len(opened.documents) == opened.manifest.corpus.documents
                if out.exists():
                    raise TriescopeError(f"there is a build {name!r} already; choose another name")
                work.rename(out)
            except BaseException:
                shutil.rmtree(work, ignore_errors=True)
                raise
    return out


def _extract(source: IO[bytes] | Path, work: Path, tell: Tell | None) -> None:
    left = LARGEST
    try:
        with zipped.readable("the archive"), zipfile.ZipFile(source) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > MOST_FILES:
                raise TriescopeError(f"the archive has {len(members):,} files; a build has at most {MOST_FILES:,}")
            for place, member in enumerate(members):
                parts = PurePosixPath(member.filename).parts
                if not parts or len(parts) > DEEPEST or not all(PART.fullmatch(part) for part in parts):
                    raise TriescopeError(f"the archive has a file {member.filename[:80]!r}, which no build has")
                left -= zipped.copy(archive, member, work.joinpath(*parts), left)
                if tell:
                    tell("unpacking", place + 1, len(members))
    except OverflowError as error:
        raise TriescopeError(f"the archive holds more than {LARGEST >> 30} GB") from error
    except FileExistsError as error:
        raise TriescopeError("the archive is damaged: it has one file twice") from error
    if not layout.is_build(work):
        raise TriescopeError("the archive is of no build: there is no manifest.json at its root")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
