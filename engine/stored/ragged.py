"""Arrays that grow a few documents at a time, so that what was interrupted goes on: raw files in a folder of their own.

Each file has some numbers an entry; a document has some entries. How many is written last: what a killed process left beyond it
is cut off by the next one.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.files import read_json, replace_json
from engine.stored import arrays

if TYPE_CHECKING:
    from pydantic import BaseModel

SPEC, COUNTS, ENDS = "spec.json", "counts.bin", "ends.npy"
# Entries that are copied at once.
BLOCK = 1 << 16


class Part(NamedTuple):
    """A file: its name without an ending, the kind of its numbers, and how many an entry has; 0 for one that is no row."""

    name: str
    kind: str
    width: int = 0


def ends(folder: Path, documents: int, entries: int, what: str) -> np.ndarray:
    """Where the entries of each document end, int64, in a folder that is done.

    Raises
    ------
    TriescopeError
        They are not those of so many documents and entries; ``what`` an entry is.
    """
    found = np.asarray(arrays.mapped(folder / ENDS, "int64"))
    if len(found) != documents or (np.diff(found, prepend=0) < 0).any() or (found[-1] if documents else 0) != entries:
        raise TriescopeError(f"{folder / ENDS}: not of {documents:,} documents and {entries:,} {what}")
    return found


class Growing:
    """Ragged arrays in the making; ``about`` is the name of the file that says in the end what they are.

    Parameters
    ----------
    folder : Path
        Where; made unless it is there. What is there of another ``spec`` is deleted, and of the same one gone on with.
    spec : dict
        What decides the content.
    parts : sequence of Part
        The files.
    """

    about: str

    def __init__(self, folder: Path, spec: dict, parts: Sequence[Part]):
        self.folder, self.parts = folder, tuple(parts)
        folder.mkdir(parents=True, exist_ok=True)
        if read_json(folder / SPEC) != spec:
            for left in folder.iterdir():
                left.unlink()
            replace_json(folder / SPEC, spec)

    @property
    def counts(self) -> np.ndarray:
        """Entries of each document that is done, int64."""
        path = self.folder / COUNTS
        size = path.stat().st_size // 8 if path.exists() else 0
        return np.fromfile(path, np.int64, size) if size else np.empty(0, np.int64)

    def append(self, counts: Sequence[int], contents: Sequence[np.ndarray]) -> None:
        """The next documents: how many entries each has, and of every part all entries, one behind the other."""
        done = self.counts
        entries = int(done.sum())
        for part, content in zip(self.parts, contents, strict=True):
            self._write(f"{part.name}.bin", part.kind, entries * max(part.width, 1), content)
        self._write(COUNTS, "int64", len(done), np.array(counts, np.int64))

    def finish(self) -> None:
        """Put the files into the form that they are opened in, ``NAME.npy`` and ``ends.npy``; the raw ones go."""
        counts = self.counts
        entries = int(counts.sum())
        for part in self.parts:
            shape = (entries, part.width) if part.width else (entries,)
            out = np.lib.format.open_memmap(self.folder / f"{part.name}.npy", "w+", part.kind, shape)
            if entries:
                source = np.memmap(self.folder / f"{part.name}.bin", part.kind, "r", shape=shape)
                for start in range(0, entries, BLOCK):
                    out[start : start + BLOCK] = source[start : start + BLOCK]
            out.flush()
        np.save(self.folder / ENDS, np.cumsum(counts), allow_pickle=False)

    def close(self, known: "BaseModel") -> None:
        """Put the files into the form that they are opened in, beside them what they are; nothing else stays in the folder."""
        self.finish()
        replace_json(self.folder / self.about, known.model_dump())
        for left in (*(f"{part.name}.bin" for part in self.parts), COUNTS, SPEC):
            (self.folder / left).unlink(missing_ok=True)

    def _write(self, name: str, kind: str, before: int, content: np.ndarray) -> None:
        with open(self.folder / name, "ab") as file:
            file.truncate(before * np.dtype(kind).itemsize)
            file.write(np.ascontiguousarray(content, kind).tobytes())
            file.flush()
            os.fsync(file.fileno())
