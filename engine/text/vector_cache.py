"""Vectors on disk, found again by the content they were made from.

Two flat files that only grow: ``keys.bin`` (32 bytes a row, SHA-256 of the text) and ``vectors.bin`` (float32 rows). Vectors
are written first and flushed, keys second, so a key on disk has its vector; whatever a killed process left beyond the last
whole row of both is cut off by the next writer. That makes an interrupted embedding run go on where it stopped. A copy that
broke off may still have keys without vectors: they count as never written.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.files import in_turn, writing

KEY_BYTES = 32


def keys_of(texts: Sequence[str], role: str = "document") -> np.ndarray:
    """SHA-256 of each text; of a query with its role before it, since an encoder may embed it otherwise than a document.

    Returns
    -------
    np.ndarray
        Shape ``(len(texts),)``, dtype ``V32`` (raw bytes; unlike ``S32`` it keeps trailing zeros).
    """
    before = "" if role == "document" else f"{role}\0"
    raw = b"".join(hashlib.sha256(f"{before}{text}".encode()).digest() for text in texts)
    return np.frombuffer(raw, dtype=f"V{KEY_BYTES}")


class VectorCache:
    """Append-only store of float32 vectors in ``folder``, all of width ``dimensions``."""

    def __init__(self, folder: Path, dimensions: int):
        self.folder = folder
        self.dimensions = dimensions

    def _rows(self, name: str, width: int) -> int:
        """Whole rows of a file; none where there is no file."""
        path = self.folder / name
        return path.stat().st_size // width if path.exists() else 0

    @property
    def cut(self) -> int:
        """Keys whose vectors are not there."""
        return max(0, self._rows("keys.bin", KEY_BYTES) - self._rows("vectors.bin", self.dimensions * 4))

    def keys(self) -> np.ndarray:
        """Of all vectors, in the order in which they were written."""
        # Keys first: another process may be adding, and it writes vectors before keys.
        size = self._rows("keys.bin", KEY_BYTES)
        size = min(size, self._rows("vectors.bin", self.dimensions * 4))
        return np.fromfile(self.folder / "keys.bin", f"V{KEY_BYTES}", size) if size else np.empty(0, f"V{KEY_BYTES}")

    def get(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vectors of ``keys``.

        Returns
        -------
        vectors : np.ndarray
            Float32 ``(len(keys), dimensions)``; rows that are not cached are zero.
        found : np.ndarray
            Bool ``(len(keys),)``.
        """
        stored = self.keys()
        if len(keys) == 1:  # a query that somebody waits for: no table of a hundred thousand keys is made for it
            rows = np.flatnonzero(stored == keys[0])[-1:] if len(stored) else np.empty(0, np.int64)
            rows = rows if len(rows) else np.array([-1])
        else:
            row_of = {key.tobytes(): row for row, key in enumerate(stored)}
            rows = np.array([row_of.get(key.tobytes(), -1) for key in keys], dtype=np.int64)
        found = rows >= 0
        vectors = np.zeros((len(keys), self.dimensions), np.float32)
        if found.any():
            flat = np.memmap(self.folder / "vectors.bin", np.float32, "r", shape=(len(stored), self.dimensions))
            vectors[found] = flat[rows[found]]
        return vectors, found

    def add(self, keys: np.ndarray, vectors: np.ndarray) -> None:
        """Append vectors under their keys; safe against other processes and against being killed.

        Raises
        ------
        TriescopeError
            The disk takes no more.
        """
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._append(keys, vectors)

    def _append(self, keys: np.ndarray, vectors: np.ndarray) -> None:
        with in_turn(self.folder):
            written = self.keys()
            row_bytes = self.dimensions * 4
            with open(self.folder / "vectors.bin", "ab") as file:
                file.truncate(len(written) * row_bytes)
                file.write(np.ascontiguousarray(vectors, np.float32).tobytes())
                file.flush()
                os.fsync(file.fileno())
            with open(self.folder / "keys.bin", "ab") as file:
                file.truncate(len(written) * KEY_BYTES)
                file.write(keys.tobytes())


def cache_of(root: Path, encoder: str, dimensions: int) -> VectorCache:
    """The vectors of an encoder below ``root``. The folder's name tells the width, so reading needs no loaded encoder."""
    return VectorCache(root / f"{encoder[:24]}-{dimensions}", dimensions)


def stores(roots: Sequence[Path], encoders: Sequence[str]) -> list[VectorCache]:
    """What the roots have of some encoders, all of the first before any of the next."""
    folders = (folder for one in encoders for root in roots for folder in sorted(root.glob(f"{one[:24]}-*")))
    return [VectorCache(folder, int(width)) for folder in folders if (width := folder.name.rpartition("-")[2]).isdecimal()]


def look_up(
    roots: Sequence[Path], encoders: Sequence[str], keys: np.ndarray, dimensions: int | None = None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Vectors of ``keys`` from the first of ``encoders``, and there the first of ``roots``, that has each.

    Returns
    -------
    (vectors, found) or None
        As :meth:`VectorCache.get` gives them; None where no root has vectors of them (of this width, if one is asked for).
    """
    known = None
    for store in stores(roots, encoders):
        dimensions = dimensions or store.dimensions
        if store.dimensions != dimensions:
            continue
        if known is None:
            known = store.get(keys)
        elif not known[1].all():
            vectors, found = known
            missing = np.flatnonzero(~found)
            vectors[missing], found[missing] = store.get(keys[missing])
    return known
