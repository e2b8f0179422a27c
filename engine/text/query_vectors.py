"""Vectors of queries that came with a build whose encoder is not here: these texts can be asked for by vector, no other can.

They lie in the build in the form of the cache (:mod:`engine.text.vector_cache`), found by the hash of a text. The name of that
folder stands where the name of an encoder would (``none:FOLDER``), so whoever embeds queries by name finds them.
"""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.text.hub import NONE, NOT_HERE
from engine.text.vector_cache import VectorCache, cache_of, keys_of

# In a build, and what the encoder that is not here is called in the cache.
FOLDER, KEY = "query_vectors", hashlib.sha256(b"no encoder").hexdigest()


class QueryVectors(NamedTuple):
    """Hashes of texts, ``V32``, and float32 ``(texts, d)`` unit rows."""

    keys: np.ndarray
    vectors: np.ndarray

    def digest(self) -> str:
        """SHA-256 of all of it."""
        return hashlib.sha256(self.keys.tobytes() + np.ascontiguousarray(self.vectors).tobytes()).hexdigest()


def of_texts(texts: Sequence[str], vectors: np.ndarray) -> QueryVectors:
    """Vectors of these texts, whatever white space they are typed with."""
    keys, plain = keys_of(texts, "query"), keys_of([" ".join(text.split()) for text in texts], "query")
    other = np.flatnonzero(keys != plain)
    return QueryVectors(np.concatenate([keys, plain[other]]), np.concatenate([vectors, vectors[other]]))


def store(work: Path, known: QueryVectors) -> None:
    """Write them into a build in the making, in the place of what was there."""
    shutil.rmtree(work / FOLDER, ignore_errors=True)
    cache_of(work / FOLDER, KEY, known.vectors.shape[1]).add(known.keys, known.vectors)


def read(folder: Path, width: int) -> QueryVectors | None:
    """Those of a build whose documents have vectors of ``width`` dimensions; None where there are none."""
    cache = cache_of(folder / FOLDER, KEY, width)
    keys = cache.keys()
    return QueryVectors(keys, cache.get(keys)[0]) if len(keys) else None


def name_of(folder: Path, width: int) -> str:
    """What stands in the place of an encoder in a build: ``none``, with the folder behind it where queries have vectors."""
    store = cache_of(folder / FOLDER, KEY, width).folder
    return f"{NONE}:{store}" if store.is_dir() else NONE


def known(model: str, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray] | None:
    """Vectors of queries and which have one, as :meth:`engine.text.vector_cache.VectorCache.get` gives them; None where no
    query has."""
    folder = Path(model.removeprefix(NONE).removeprefix(":"))
    width = folder.name.rpartition("-")[2]
    if model == NONE or not width.isdecimal():
        return None
    vectors, found = VectorCache(folder, int(width)).get(keys_of(texts, "query"))
    # What is no unit vector was damaged on its way here.
    return vectors, found & (np.abs(np.einsum("nd,nd->n", vectors, vectors) - 1) < 1e-3)


def vectors_of(model: str, texts: Sequence[str]) -> np.ndarray:
    """Vectors of queries, float32 ``(len(texts), d)``.

    Raises
    ------
    TriescopeError
        One of them has none.
    """
    found = known(model, texts)
    if found is None:
        raise TriescopeError(NOT_HERE)
    if not found[1].all():
        lacking = int((~found[1]).sum())
        told = f" ({lacking:,} of {len(texts):,} are not among them)" if len(texts) > 1 else ""
        raise TriescopeError(f"{WORDS_ALONE}{told}")
    return found[0]


WORDS_ALONE = (
    "the vectors of this build are of an encoder that is not here: queries that came with vectors can be asked of every "
    "retriever, any other text of keyword search alone"
)
