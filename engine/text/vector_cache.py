"""Vectors on disk, found again by the content they were made from.

Two flat files that only grow: ``keys.bin`` (32 bytes a row, SHA-256 of the text) and ``vectors.bin`` (float32 rows). Vectors
are written first and flushed, keys second, so a key on disk always has its vector; whatever a killed process left beyond
the last whole key is cut off by the next writer. That makes an interrupted embedding run go on where it stopped.
"""

import fcntl
import hashlib
import os
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

KEY_BYTES = 32


def keys_of(texts: Sequence[str]) -> np.ndarray:
    """SHA-256 of each text.

    Returns
    -------
    np.ndarray
        Shape ``(len(texts),)``, dtype ``V32`` (raw bytes; unlike ``S32`` it keeps trailing zeros).
    """
    raw = b"".join(hashlib.sha256(text.encode()).digest() for text in texts)
    return np.frombuffer(raw, dtype=f"V{KEY_BYTES}")


class VectorCache:
    """Append-only store of float32 vectors in ``folder``, all of width ``dimensions``."""

    def __init__(self, folder: Path, dimensions: int):
        self.folder = folder
        self.dimensions = dimensions

    def _keys(self) -> np.ndarray:
        path = self.folder / "keys.bin"
        size = path.stat().st_size // KEY_BYTES if path.exists() else 0
        return np.fromfile(path, dtype=f"V{KEY_BYTES}", count=size) if size else np.empty(0, f"V{KEY_BYTES}")

    def get(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vectors of ``keys``.

        Returns
        -------
        vectors : np.ndarray
            Float32 ``(len(keys), dimensions)``; rows that are not cached are zero.
        found : np.ndarray
            Bool ``(len(keys),)``.
        """
        stored = self._keys()
        row_of = {key.tobytes(): row for row, key in enumerate(stored)}
        rows = np.array([row_of.get(key.tobytes(), -1) for key in keys], dtype=np.int64)
        found = rows >= 0
        vectors = np.zeros((len(keys), self.dimensions), np.float32)
        if found.any():
            flat = np.memmap(self.folder / "vectors.bin", np.float32, "r", shape=(len(stored), self.dimensions))
            vectors[found] = flat[rows[found]]
        return vectors, found

    def add(self, keys: np.ndarray, vectors: np.ndarray) -> None:
        """Append vectors under their keys; safe against other processes and against being killed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            written = self._keys()
            row_bytes = self.dimensions * 4
            with open(self.folder / "vectors.bin", "ab") as file:
                file.truncate(len(written) * row_bytes)
                file.write(np.ascontiguousarray(vectors, np.float32).tobytes())
                file.flush()
                os.fsync(file.fileno())
            with open(self.folder / "keys.bin", "ab") as file:
                file.truncate(len(written) * KEY_BYTES)
                file.write(keys.tobytes())

    @contextmanager
    def _locked(self):
        with open(self.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def cache_of(root: Path, encoder: str, dimensions: int) -> VectorCache:
    """The vectors of an encoder below ``root``. The folder's name tells the width, so reading needs no loaded encoder."""
    return VectorCache(root / f"{encoder}-{dimensions}", dimensions)


def look_up(roots: Sequence[Path], encoder: str, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Vectors of ``keys`` from the first of ``roots`` that has each.

    Returns
    -------
    (vectors, found) or None
        As :meth:`VectorCache.get` gives them; None where no root knows the encoder, so that not even the width is known.
    """
    known = None
    for folder in (folder for root in roots for folder in sorted(root.glob(f"{encoder}-*"))):
        store = VectorCache(folder, int(folder.name.rpartition("-")[2]))
        if known is None:
            known = store.get(keys)
        elif not known[1].all():
            vectors, found = known
            missing = np.flatnonzero(~found)
            vectors[missing], found[missing] = store.get(keys[missing])
    return known
