"""Text to unit vectors, with sentence-transformers, every text once.

Vectors are cached by the encoder's fingerprint (:mod:`engine.text.encoders`) and the hash of the text
(:mod:`engine.text.vector_cache`). A query gets the encoder's prompt for queries and a document that for documents, where it has
them; a router sends each its own way.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine import paths
from engine.text import encoders, hub, query_encoder, query_vectors
from engine.text.encoders import Encodes, Role
from engine.text.hub import DEFAULT_MODEL
from engine.text.vector_cache import cache_of, keys_of, look_up, stores

# Texts between two writes to the cache: what a killed run loses at most.
CHUNK = 256

Progress = Callable[[int, int], None]  # (done, total)

log = logging.getLogger(__name__)


class Way(NamedTuple):
    """How texts that are in no cache become vectors: under which fingerprints the cache may have them, the best first, and what
    loads the encoder of the last of these."""

    keys: tuple[str, ...]
    load: Callable[[], Encodes]


def embed(
    texts: Sequence[str],
    model: str = DEFAULT_MODEL,
    progress: Progress | None = None,
    cache: Path | None = None,
    role: Role = "document",
    way: Way | None = None,
) -> np.ndarray:
    """Embed many texts through the on-disk cache. The encoder is loaded only where a text is not in it.

    Parameters
    ----------
    texts : sequence of str
        Equal texts are embedded once.
    model : str
        Default name, folder, or hub name.
    progress : callable, optional
        Called with (texts done, texts in all), cached ones counted as done.
    cache : Path, optional
        Cache folder; unless given the user's own, then what came with the bundled catalogue.
    role : str
        Whether they are documents or queries; an encoder may have a prompt for each.
    way : Way, optional
        How, where not by the encoder itself (:mod:`engine.text.fast_encoder`).

    Returns
    -------
    np.ndarray
        Float32 ``(len(texts), d)``, rows of length 1 (or 0, where the encoder finds nothing in a text that it knows).

    Raises
    ------
    TriescopeError
        As :func:`engine.text.encoders.load`.
    """
    if hub.absent(model) and role == "query":
        return query_vectors.vectors_of(model, texts)
    # Equal texts are one text; ``place`` brings them back to where they came from.
    place_of = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    place = [place_of[text] for text in texts]
    texts = list(place_of)
    way = way or Way((encoders.fingerprint(model),), lambda: encoders.load(model))
    keys, roots = keys_of(texts, role), _roots(cache)
    known = look_up(roots, way.keys, keys)
    if known is None or not _sound(*known).all():
        _say_lost(roots, model, way.keys[-1])
        width = way.load().dimensions
        if known is None or known[0].shape[1] != width:
            known = look_up(roots, way.keys, keys, width) or (
                np.zeros((len(texts), width), np.float32),
                np.zeros(len(texts), bool),
            )
    vectors, found = known
    sound = _sound(vectors, found)
    # Longest first would batch best, but similar lengths within a chunk are enough and keep the estimate steady.
    missing = np.flatnonzero(~sound)
    missing = missing[np.argsort([len(texts[int(row)]) for row in missing], kind="stable")] if len(missing) else missing
    done, mended = int(sound.sum()), 0
    if progress:
        progress(done, len(texts))
    for start in _spread(len(missing), CHUNK):
        rows, encoder = missing[start : start + CHUNK], way.load()
        fresh = encoder.encode([texts[int(row)] for row in rows], role)
        # An encoder may give zeros to a text of which it knows no word: those were right as they were.
        changed = ~found[rows] | (fresh != vectors[rows]).any(axis=1)
        mended += int((changed & found[rows]).sum())
        vectors[rows] = fresh
        cache_of(roots[0], encoder.key, encoder.dimensions).add(keys[rows[changed]], fresh[changed])
        done += len(rows)
        if progress:
            progress(done, len(texts))
    if mended:
        log.warning("%s of the vectors in %s were damaged; their texts were embedded anew", f"{mended:,}", roots[0])
    return vectors[place]


def missing(texts: Sequence[str], model: str = DEFAULT_MODEL, cache: Path | None = None, role: Role = "document") -> int:
    """How many different texts are not in the cache yet."""
    return len(lacking(texts, model, cache, role))


def lacking(texts: Sequence[str], model: str = DEFAULT_MODEL, cache: Path | None = None, role: Role = "document") -> list[str]:
    """Texts that are not in the cache yet, each once."""
    once = list(dict.fromkeys(texts))
    if hub.absent(model):  # nothing can be embedded anew
        return []
    known = look_up(_roots(cache), (encoders.fingerprint(model),), keys_of(once, role))
    return once if known is None else [once[row] for row in np.flatnonzero(~_sound(*known)).tolist()]


def _roots(cache: Path | None) -> list[Path]:
    """Folders with vectors, the one that is written to first."""
    return [cache] if cache else [paths.cache() / "embeddings", paths.bundled_vectors()]


def _sound(vectors: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Bool ``(texts,)``: which have a vector of length 1. A crash may leave a file at its full size and full of zeros."""
    return found & (np.abs(np.einsum("nd,nd->n", vectors, vectors) - 1) < 1e-3)


def _say_lost(roots: Sequence[Path], model: str, key: str) -> None:
    """Say what the cache once had and has no more: vectors cut off, or kept by a version that knew the weights alone."""
    for store in stores(roots, (key,)):
        if store.cut:
            log.warning("%s: %s vectors are cut off; what is needed of them is embedded anew", store.folder, f"{store.cut:,}")
    if not any(stores(roots[:1], (key,))):
        folder = hub.locate(model)
        weights = "".join(hub.sha256(path) for path in sorted(folder.rglob("*.safetensors")))
        for store in stores(roots[:1], (hashlib.sha256(weights.encode()).hexdigest(),)):
            log.warning(
                "%s: its vectors are embedded again, once: an earlier version kept them by the encoder's weights alone, so they "
                "may be of other settings. The folder can be deleted.",
                store.folder,
            )


def encode_query(text: str, model: str = DEFAULT_MODEL, expected: str | None = None) -> tuple[np.ndarray, float]:
    """Embed one query: (float32 ``(d,)``, milliseconds it took, 0 for one that was not encoded now).

    From the cache, where an evaluation embedded it before or it came with the bundled catalogue; else by the exported encoder
    (:mod:`engine.text.query_encoder`), which does without torch; else by the encoder itself.

    Raises
    ------
    TriescopeError
        As :func:`engine.text.encoders.load`; or the encoder's fingerprint is not ``expected``, that of the one that the
        documents went through.
    """
    if hub.absent(model):
        return query_vectors.vectors_of(model, [text])[0], 0.0
    if expected is not None:
        encoders.check_same(model, expected)
    key = encoders.fingerprint(model)
    known = look_up(_roots(None), (key,), keys_of([text], "query"))
    if known is not None and _sound(*known)[0]:
        return known[0][0], 0.0
    encode = query_way(model, key)
    start = time.perf_counter()
    vector = encode([text])[0]
    return vector, (time.perf_counter() - start) * 1e3


def query_way(model: str = DEFAULT_MODEL, key: str = "") -> Callable[[Sequence[str]], np.ndarray]:
    """What encodes queries that are in no cache, float32 ``(len(texts), d)``: the exported encoder where there is one, else the
    encoder itself.

    ``key`` is the encoder's fingerprint, where it is known: taking it means a look at all of its files.
    """
    if hub.absent(model):
        return partial(query_vectors.vectors_of, model)
    exported = query_encoder.find(key or encoders.fingerprint(model))
    return exported.encode_all if exported else partial(encoders.load(model).encode, role="query")


def _spread(total: int, step: int) -> list[int]:
    """Chunk starts in an order that mixes short and long texts, so that time left can be estimated from time spent.

    >>> _spread(5, 1)
    [0, 4, 1, 3, 2]
    """
    starts = list(range(0, total, step))
    half = (len(starts) + 1) // 2
    mixed = []
    for low, high in zip(starts[:half], reversed(starts[half:]), strict=False):
        mixed += [low, high]
    return mixed + (starts[half - 1 : half] if len(starts) % 2 else [])
