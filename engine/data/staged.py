"""Files that a person hands over through the window: kept under the home until a build is made of them.

What was handed over is known by its content, its kind and whose it is, and kept in a folder of that name; of its own name only
letters, digits, ``-`` and ``_`` remain, so that no name becomes a path. An archive is a BEIR folder, of which only the files that
are read, or look as if they should be, are unpacked, within limits: what it claims to hold is not believed.
"""

import hashlib
import re
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from engine import paths
from engine.data.lines import PACKED, packed_or_not
from engine.errors import TriescopeError
from engine.files import replace_json, writing
from engine.stored import values, zipped

KINDS = ("csv", "tsv", "jsonl", "ndjson", "json", "item", "parquet")
# What may lie beside documents only: judgements and topics of TREC, interactions, vectors.
BESIDE = ("txt", "trec", "qrels", "xml", "inter", "npy")


def _endings(kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(f".{kind}{packed}" for packed in ("", *PACKED) for kind in kinds)


ENDINGS = (*_endings(KINDS), ".zip")
# What is unpacked: what is read, and what looks as if it were meant to be, for whoever reads says that he leaves it aside.
INSIDE = re.compile(r"(corpus|queries|qrels)\.[A-Za-z0-9.]{1,20}|qrels/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,60}")
ABOUT = "about.json"
# Bytes: of all that an archive holds, and of what is copied at once.
LARGEST, BLOCK = 4 << 30, 1 << 20
# A file that is being handed over for longer than this, seconds, is not any more.
STALE_S = 6 * 3600


class Staged(NamedTuple):
    """Something handed over: its key, what it is called, where it lies, bytes, and whose it is (empty: everybody's)."""

    key: str
    name: str
    path: Path
    bytes: int
    owner: str = ""

    @property
    def documents(self) -> bool:
        """Whether it may hold documents, or lies beside some only."""
        return self.name.lower().endswith(ENDINGS)


def folder() -> Path:
    """Where they lie."""
    return paths.home() / "imports"


def stage(name: str, content: IO[bytes], owner: str = "") -> Staged:
    """Keep what was handed over under a name; the same content of one kind and one ``owner`` is kept once.

    Raises
    ------
    TriescopeError
        Its name ends otherwise than a kind of file that is read; an archive that is none, or holds no ``corpus.jsonl``, or more
        than :data:`LARGEST`; nothing can be written.
    """
    known = (*ENDINGS, *_endings(BESIDE))
    ending = next((one for one in sorted(known, key=len, reverse=True) if name.lower().endswith(one)), None)
    if ending is None:
        kinds = ", ".join(f".{kind}" for kind in (*KINDS, *BESIDE))
        raise TriescopeError(
            f"{name!r}: files of this kind are not read; use {kinds}, each packed ({', '.join(PACKED)}) or not, or .zip"
        )
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name[: -len(ending)]).strip("-")[:40] or "catalogue"
    # The same bytes under another ending are read otherwise.
    digest, size = hashlib.sha256(f"{owner}\0{ending}\0".encode()), 0
    base = folder()
    with writing(base):
        base.mkdir(parents=True, exist_ok=True)
        _sweep(base)
        fresh = Path(tempfile.mkdtemp(prefix=".", dir=base))  # others may hand over something of that name just now
        try:
            with (fresh / f"{stem}{ending}").open("wb") as file:
                while block := content.read(BLOCK):
                    digest.update(block)
                    size += len(block)
                    file.write(block)
            key = digest.hexdigest()[:16]
            kept = f"{stem}{ending}"
            if ending == ".zip":
                unpack(name, fresh / kept, fresh / stem)
                (fresh / kept).unlink()
                kept = stem
            replace_json(fresh / ABOUT, {"name": f"{stem}{ending}", "path": kept, "bytes": size, "owner": owner})
            if not (base / key).exists():
                fresh.rename(base / key)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return find(key)


def _sweep(base: Path) -> None:
    """Clear away what a process that was killed had begun to keep; what is young may be another one's at work."""
    for left in base.glob(".*"):
        if left.is_dir() and time.time() - left.stat().st_mtime > STALE_S:
            shutil.rmtree(left, ignore_errors=True)


def find(key: str) -> Staged:
    """What was handed over, by its key.

    Raises
    ------
    TriescopeError
        There is nothing of that key any more.
    """
    if key not in (known := [entry.name for entry in _entries()]):
        raise TriescopeError(f"no file was handed over as {key!r}; there are {', '.join(known) or 'none'}")
    about = values.read(folder() / key / ABOUT)
    path = folder() / key / PurePosixPath(str(about["path"])).name
    return Staged(key, str(about["name"]), path, int(about["bytes"]), str(about.get("owner", "")))


def everything(owner: str = "") -> list[Staged]:
    """All that was handed over and is still there, by name; to an ``owner`` his own and everybody's. What cannot be read is left
    out."""
    found = []
    for entry in _entries():
        try:
            found.append(find(entry.name))
        except (TriescopeError, KeyError, ValueError, TypeError):
            continue
    return sorted((one for one in found if not owner or one.owner in ("", owner)), key=lambda one: (one.name, one.key))


def remove(key: str) -> None:
    """Delete what was handed over; builds made of it stay."""
    if key in [entry.name for entry in _entries()]:
        shutil.rmtree(folder() / key, ignore_errors=True)


def _entries() -> list[Path]:
    here = folder()
    return [entry for entry in here.iterdir() if re.fullmatch(r"[0-9a-f]{16}", entry.name)] if here.is_dir() else []


def unpack(name: str, archive: Path, out: Path) -> None:
    """The files of a BEIR folder out of an archive, whether they lie at its root or in one folder.

    Raises
    ------
    TriescopeError
        It is no archive, has no ``corpus.jsonl``, one file twice, or more than :data:`LARGEST`.
    """
    left = LARGEST
    try:
        with zipped.readable(f"{name!r}: the archive"), zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                parts = PurePosixPath(member.filename).parts
                inside = next(("/".join(parts[at:]) for at in (0, 1) if INSIDE.fullmatch("/".join(parts[at:]))), None)
                if not member.is_dir() and inside is not None:
                    left -= zipped.copy(opened, member, out / inside, left)
    except OverflowError as error:
        raise TriescopeError(f"{name!r}: the archive holds more than {LARGEST >> 30} GB") from error
    except FileExistsError as error:
        raise TriescopeError(f"{name!r}: the archive has one file twice") from error
    if not packed_or_not(out / "corpus.jsonl").is_file():
        raise TriescopeError(f"{name!r}: there is no corpus.jsonl in the archive; a BEIR folder has one")
