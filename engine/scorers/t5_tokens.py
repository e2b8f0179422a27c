"""What the T5 scorer reads: the tokenizer of a model, as text that is stored with the weights."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import TriescopeError
from engine.scorers.kinds import Parts
from engine.text import hub

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Words behind the first 64 tokens of a query are not read.
TOKENS = 64


def tokenizer_json(folder: Path) -> str:
    """The tokenizer of a model folder, as the JSON that :func:`parse_tokenizer` reads.

    Raises
    ------
    TriescopeError
        The folder has none that the tokenizers library can hold.
    """
    from transformers.models.auto.tokenization_auto import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True).backend_tokenizer.to_str()
    except (OSError, ValueError, KeyError, AttributeError, ImportError) as error:
        raise TriescopeError(f"{folder}: its tokenizer cannot be loaded: {str(error).strip().splitlines()[0]}") from error


@lru_cache(maxsize=4)
def parse_tokenizer(text: str) -> "Tokenizer":
    """A tokenizer that keeps the first :data:`TOKENS` tokens and pads nothing."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(text)
    tokenizer.enable_truncation(TOKENS)
    tokenizer.no_padding()
    return tokenizer


def tokens_of(tokenizer: "Tokenizer", texts: Sequence[str]) -> list[np.ndarray]:
    """Token ids of each text, int64, at least one: the encoder cannot read nothing."""
    return [np.array(found.ids or [0], np.int64) for found in tokenizer.encode_batch(list(texts))]


def source_of(parts: Parts, settings: Mapping[str, Any]) -> Path:
    """Folder whose tokenizer a model is trained with: the checkpoint's, or else the text encoder's.

    Raises
    ------
    TriescopeError
        It is not there.
    """
    checkpoint = settings.get("checkpoint")
    return hub.weights_of(checkpoint, "checkpoint") if checkpoint else hub.locate(parts.encoder)
