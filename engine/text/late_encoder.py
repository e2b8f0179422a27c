"""Texts to one vector a token, for late interaction (ColBERT, Khattab and Zaharia 2020).

An encoder that was trained for it comes as a folder in the layout of PyLate, of ColBERT itself, or of sentence-transformers,
which reads all three: a projection behind the transformer, and words put before queries and documents where the folder names
them. Any other encoder gives the last hidden states of its tokens, which nobody trained to be compared; its own marks at both
ends and the punctuation of documents are left out (marks in or out: .405 and .409 nDCG@10 on development queries of the films).
"""

import json
import string
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.text import encoders, hub
from engine.text.encoders import Role

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder

# Texts that go through the encoder together.
BATCH = 32


class Tokens(NamedTuple):
    """The tokens of a text that count: their numbers, int32 ``(t,)``, and vectors, float32 ``(t, d)``, unit rows."""

    ids: np.ndarray
    vectors: np.ndarray


class LateEncoder(NamedTuple):
    """A loaded encoder of tokens.

    ``key`` is its fingerprint; ``trained`` says whether it was trained for late interaction; ``marks`` are the numbers of tokens
    that are left out.
    """

    name: str
    key: str
    trained: bool
    model: "MultiVectorEncoder"
    marks: tuple[int, ...]

    @property
    def dimensions(self) -> int:
        """Size of a token's vector."""
        return int(self.model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str], role: Role, tell: Callable[[int], None] | None = None) -> list[Tokens]:
        """Tokens of each text; ``tell`` is given how many more are done. No text is longer than the encoder reads."""
        found: dict[int, Tokens] = {}
        for places in _batches(texts):
            found |= zip(places, self._batch([texts[place] for place in places], role), strict=True)
            if tell:
                tell(len(places))
        return [found[place] for place in range(len(texts))]

    def words(self, ids: np.ndarray) -> list[str]:
        """Tokens as a person reads them."""
        return list(self.model.tokenizer.convert_ids_to_tokens(np.asarray(ids).tolist()))

    def _batch(self, texts: list[str], role: Role) -> Iterator[Tokens]:
        import torch

        prompt = self.model.prompts.get(role) or None
        features = self.model.preprocess(texts, prompt=prompt, task=role)
        device = self.model.device
        features = {name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in features.items()}
        ids = features["input_ids"].cpu().numpy().astype(np.int32)
        with torch.inference_mode():
            features = self.model(features, task=role)
        vectors = features["token_embeddings"].float().cpu().numpy()
        mask = features["attention_mask"].bool().cpu().numpy() & ~np.isin(ids, self.marks)
        for own, of, counts in zip(ids, vectors, mask, strict=True):
            yield Tokens(own[counts], of[counts])


def load(model: str = hub.DEFAULT_MODEL) -> LateEncoder:
    """Load an encoder of tokens, once a process as long as its files stay as they are.

    Raises
    ------
    TriescopeError
        As :func:`engine.text.encoders.load`; or it has no tokens.
    """
    return _load(model, encoders.fingerprint(model))


@lru_cache(maxsize=2)
def _load(model: str, key: str) -> LateEncoder:
    from safetensors import SafetensorError

    folder = hub.weights_of(model)
    try:
        if is_trained(folder):
            return LateEncoder(model, key, True, _multi_vector(folder), ())
        return _of_states(model, key)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TriescopeError(f"encoder {model!r} in {folder} gives no token vectors: {why}") from error


def is_trained(folder: Path) -> bool:
    """Whether a folder holds an encoder that was trained for late interaction: it says so, or projects tokens without pooling."""
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in _json(folder / "modules.json", [])]
    settings, config = _json(folder / "config_sentence_transformers.json", {}), _json(folder / "config.json", {})
    if settings.get("model_type") in ("ColBERT", "MultiVectorEncoder"):
        return True
    return "HF_ColBERT" in (config.get("architectures") or []) if not kinds else "Dense" in kinds and "Pooling" not in kinds


def _multi_vector(folder: Path) -> "MultiVectorEncoder":
    from sentence_transformers import MultiVectorEncoder
    from transformers.utils import logging

    logging.disable_progress_bar()
    return MultiVectorEncoder(str(folder), local_files_only=True, model_kwargs={"use_safetensors": True})


def _of_states(model: str, key: str) -> LateEncoder:
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    whole = encoders.load(model).model
    if not isinstance(whole[0], Transformer):
        raise TriescopeError(f"encoder {model!r} has no token vectors: it begins with {type(whole[0]).__name__}")
    mask = MultiVectorMask(skiplist_words=list(string.punctuation))
    modules = [whole[0], mask, Normalize(module_input_name="token_embeddings")]
    prompts = {role: whole.prompts.get(role) or "" for role in ("query", "document")}
    made = MultiVectorEncoder(modules=modules, device=str(whole.device), prompts=prompts).eval()
    return LateEncoder(model, key, False, made, tuple(made.tokenizer.all_special_ids))


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Places of texts that go through the encoder together: of about one length, so that little of a batch is padding."""
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    for start in range(0, len(order), BATCH):
        yield order[start : start + BATCH]


def _json(path: Path, otherwise):
    """Content of a JSON file of the kind of ``otherwise``, or that."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return otherwise
    return value if isinstance(value, type(otherwise)) else otherwise
