"""What an encoder knows of each token of a query: its last hidden states, before they are pooled into one vector."""

from collections.abc import Sequence

import numpy as np

from engine.errors import TriescopeError
from engine.text import encoders

# Tokens of a query that are read, the encoder's own marks at both ends included.
TOKENS = 32
# Texts that go through the encoder together.
BATCH = 32


def width(encoder: str) -> int:
    """Size of a token's state.

    Raises
    ------
    TriescopeError
        The encoder has no states of tokens.
    """
    return int(_transformer(encoder).get_embedding_dimension())


def token_states(texts: Sequence[str], encoder: str) -> list[np.ndarray]:
    """Last hidden states of the tokens of each text: float32 ``(tokens, width)``, at most :data:`TOKENS` of them.

    Parameters
    ----------
    texts : sequence of str
        Equal texts are read once.
    encoder : str
        As in :func:`engine.text.encoders.load`.

    Raises
    ------
    TriescopeError
        The encoder has no states of tokens.
    """
    import torch

    module, device = _transformer(encoder), encoders.load(encoder).model.device
    # Shortest first, so that little of a batch is padding.
    order = sorted(dict.fromkeys(texts), key=lambda text: (len(text), text))
    found: dict[str, np.ndarray] = {}
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        features = {
            name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in _read(module, batch).items()
        }
        with torch.inference_mode():
            states = module(features)["token_embeddings"].float().cpu().numpy()
        real = features["attention_mask"].cpu().numpy().astype(bool)
        found |= {text: state[mask] for text, state, mask in zip(batch, states, real, strict=True)}
    return [found[text] for text in texts]


def words(text: str, encoder: str) -> list[str]:
    """The tokens whose states :func:`token_states` gives, as they are written."""
    module = _transformer(encoder)
    return list(module.tokenizer.convert_ids_to_tokens(_read(module, [text])["input_ids"][0].tolist()))


def _read(module, texts: Sequence[str]) -> dict:
    """Texts as the encoder reads them."""
    limit = {"text": {"max_length": min(TOKENS, module.max_seq_length or TOKENS), "truncation": True}}
    return dict(module.preprocess(list(texts), processing_kwargs=limit))


def _transformer(encoder: str):
    """The module of an encoder that makes states of tokens."""
    from sentence_transformers.base.modules import Transformer

    first = encoders.load(encoder).model[0]
    if not isinstance(first, Transformer):
        raise TriescopeError(f"encoder {encoder!r} has no states of tokens, which the transformer scorer reads")
    return first
