"""An encoder without a transformer (model2vec; Tulkens and van Dongen 2024): a vector a token, and a text is the mean of its own.

Each entry of an encoder's vocabulary is read by the encoder alone, the vectors are turned onto their principal axes, and tokens
that stand early in a vocabulary, which are the frequent ones, weigh less (Zipf's law in the place of counts, as model2vec has
it). A text then costs a look-up: more than a hundred times as fast, and far weaker, for no word knows its neighbours any more.
What is written is a folder of sentence-transformers, an encoder like any other: ``build --model FOLDER``.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine import paths
from engine.errors import TriescopeError
from engine.files import in_turn, writing
from engine.text import embed, encoders

# Of smooth inverse frequency (Arora, Liang and Ma 2017).
SMOOTH = 1e-4
# Entries that are read between two tells.
AT_ONCE = 512
# What a spec calls the static encoder of the default one, which is made when it is first asked for.
NAME = "static"


def kept(tell: Callable[[str, int, int], None] | None = None) -> Path:
    """The folder of :data:`NAME` in the home, made where it is missing.

    Raises
    ------
    TriescopeError
        As :func:`make`.
    """
    out = paths.home() / "encoders" / NAME
    out.parent.mkdir(parents=True, exist_ok=True)
    with in_turn(out):
        if not out.exists():
            fresh = out.with_name(f".{NAME}.partial")
            shutil.rmtree(fresh, ignore_errors=True)
            make(fresh, tell=tell)
            fresh.rename(out)
    return out


def make(out: Path, model: str = embed.DEFAULT_MODEL, tell: Callable[[str, int, int], None] | None = None) -> None:
    """Write the static encoder of an encoder into a new folder.

    Raises
    ------
    TriescopeError
        The folder exists, nothing can be written, or the encoder has no vocabulary that can be listed.
    """
    if out.exists():
        raise TriescopeError(f"{out}: is there already; choose another folder or remove it")
    encoder = encoders.load(model)
    if not getattr(encoder.model.tokenizer, "is_fast", False):
        raise TriescopeError(f"encoder {model!r} has no static one: its tokenizer is written in Python")
    tokenizer = encoder.model.tokenizer.backend_tokenizer
    count, read = tokenizer.get_vocab_size(), []
    for start in range(0, count, AT_ONCE):
        if tell:
            tell("vocabulary", start, count)
        read.append(_read(encoder.model, tokenizer.encode("").ids, range(start, min(start + AT_ONCE, count))))
    if tell:
        tell("vocabulary", count, count)
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding

    vectors = weighed(np.concatenate(read))
    for name in encoder.model.tokenizer.all_special_tokens:  # marks of a transformer, and words that it does not know
        vectors[tokenizer.token_to_id(name)] = 0
    with writing(out):
        made = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=vectors)], device="cpu")
        made.save(str(out), create_model_card=False)


def _read(model: Any, marks: Sequence[int], numbers: Sequence[int]) -> np.ndarray:
    """What an encoder says of tokens, each between the marks of a text: by number, for a piece of a word spelled out would be
    read as other pieces."""
    import torch

    ids = torch.tensor([[*marks[:1], number, *marks[1:]] for number in numbers])
    with torch.no_grad():
        features = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}
        return model(features)["sentence_embedding"].numpy()


def weighed(vectors: np.ndarray) -> np.ndarray:
    """Vectors of a vocabulary on their principal axes, those that come early made short: float32, as many and as wide.

    >>> found = weighed(np.eye(4, 3))
    >>> found.shape, bool(np.linalg.norm(found[0]) < np.linalg.norm(found[2]))
    ((4, 3), True)
    """
    centred = vectors - vectors.mean(axis=0)
    axes = np.linalg.svd(centred.T @ centred)[0]
    chance = 1 / np.arange(2, len(vectors) + 2)
    chance /= chance.sum()
    return (centred @ axes * (SMOOTH / (SMOOTH + chance))[:, None]).astype(np.float32)
