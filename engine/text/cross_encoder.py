"""A model that reads query and document together and gives one score (cross-encoder, Nogueira and Cho 2019)."""

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.errors import TriescopeError
from engine.text import encoders, hub

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

WHAT = "cross-encoder"


def load(model: str) -> "CrossEncoder":
    """A cross-encoder that gives raw logits, once a process as long as its files stay as they are. Imports torch.

    Raises
    ------
    TriescopeError
        There is no such model, it is none with one label, or its files are damaged or no safetensors.
    """
    check(model)
    return _load(model, encoders.fingerprint(model))


def check(model: str) -> None:
    """Refuse what holds another kind of model: of that the head would be made up at random, without an error."""
    folder = hub.locate(model, WHAT)
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TriescopeError(f"cross-encoder {model!r}: {folder} has no config.json that can be read") from error
    kind = (config.get("architectures") or ["nothing that is known"])[0]
    if not kind.endswith("ForSequenceClassification"):
        raise TriescopeError(f"{model!r} is no cross-encoder: it holds {kind}, not a sequence classifier")
    hub.weights_of(model, WHAT)


@lru_cache(maxsize=2)
def _load(model: str, key: str) -> "CrossEncoder":
    from safetensors import SafetensorError
    from sentence_transformers import CrossEncoder
    from torch import nn
    from transformers.utils import logging

    folder = hub.locate(model, WHAT)
    logging.disable_progress_bar()
    try:
        loaded = CrossEncoder(
            str(folder), activation_fn=nn.Identity(), local_files_only=True, model_kwargs={"use_safetensors": True}
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise TriescopeError(f"cross-encoder {model!r} in {folder} cannot be loaded: {str(error).splitlines()[0]}") from error
    if loaded.num_labels != 1:
        raise TriescopeError(f"cross-encoder {model!r} gives {loaded.num_labels} labels; one score is wanted")
    return loaded
