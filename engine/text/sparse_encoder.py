"""Texts to weights of terms, for learned sparse search (SPLADE, Formal et al. 2021): also of terms that a text does not have.

A folder of sentence-transformers' sparse encoders, by path or name; queries may have a way of their own in it. A model of masked
words alone is read as SPLADE defines it: of its logits ``log(1 + max(0, x))``, the highest over a text's tokens.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.text import encoders, hub
from engine.text.encoders import Role

if TYPE_CHECKING:
    from sentence_transformers import SparseEncoder

WHAT = "sparse encoder"
# Texts that go through the encoder together: a text has a number for each of thirty thousand terms before it is sparse.
BATCH = 16


class Terms(NamedTuple):
    """Terms of a text by their numbers, int32 ``(t,)``, ascending, and their weights, float32, above 0."""

    ids: np.ndarray
    weights: np.ndarray


class TermEncoder(NamedTuple):
    """A loaded encoder of terms; ``key`` is its fingerprint."""

    name: str
    key: str
    model: "SparseEncoder"

    @property
    def terms(self) -> int:
        """How many terms it knows."""
        return int(self.model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str], role: Role) -> list[Terms]:
        """Terms of each text."""
        encode = self.model.encode_query if role == "query" else self.model.encode_document
        found = []
        for start in range(0, len(texts), BATCH):
            some = list(texts[start : start + BATCH])
            whole = encode(some, batch_size=BATCH, convert_to_sparse_tensor=False, show_progress_bar=False)
            for row in np.asarray([one.cpu().numpy() for one in whole], np.float32):
                ids = np.flatnonzero(row > 0)
                found.append(Terms(ids.astype(np.int32), row[ids]))
        return found

    def words(self, ids: np.ndarray) -> list[str]:
        """Terms as a person reads them."""
        return list(self.model.tokenizer.convert_ids_to_tokens(np.asarray(ids).tolist()))


def load(model: str) -> TermEncoder:
    """Load an encoder of terms, once a process as long as its files stay as they are.

    Raises
    ------
    TriescopeError
        As :func:`engine.text.hub.weights_of`; or it is none.
    """
    return _load(model, encoders.fingerprint(model))


@lru_cache(maxsize=2)
def _load(model: str, key: str) -> TermEncoder:
    from safetensors import SafetensorError
    from sentence_transformers import SparseEncoder
    from transformers.utils import logging

    folder = hub.weights_of(model, WHAT)
    # What names no modules and has no head for words would be given one at random.
    if not (folder / "modules.json").is_file() and not hub.architecture(folder).endswith("ForMaskedLM"):
        raise TriescopeError(
            f"{WHAT} {model!r}: {folder} has no modules.json, as sentence-transformers' sparse encoders have, and is no model of "
            "masked words"
        )
    logging.disable_progress_bar()
    try:
        loaded = SparseEncoder(str(folder), local_files_only=True, model_kwargs={"use_safetensors": True})
        whole = loaded.encode_query(["warm"], convert_to_sparse_tensor=False, show_progress_bar=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TriescopeError(f"{WHAT} {model!r} in {folder} cannot be loaded: {why}") from error
    if len(loaded.tokenizer) < whole.shape[-1] // 2:
        raise TriescopeError(f"{WHAT} {model!r}: its vectors are not of its tokenizer's terms")
    return TermEncoder(model, key, loaded)
