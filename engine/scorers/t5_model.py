"""The network behind the T5 scorer: transformers' T5 whose vocabulary ends with a token for every code of every level.

Everything that is needed to use it again stands in its ``state_dict``: weights, and as bytes its shape and its tokenizer. So it
opens offline, without the checkpoint that it began as and without anything of :mod:`engine.training`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from transformers.cache_utils import DynamicCache, EncoderDecoderCache
from transformers.models.t5.configuration_t5 import T5Config
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from engine.errors import TriescopeError


class Encoded(NamedTuple):
    """What the encoder made of several queries: float ``(q, tokens, d)``, and which tokens there are, bool ``(q, tokens)``."""

    states: Tensor
    there: Tensor


# Keys and values of attention, a layer each: float (n, heads, tokens, d).
KeysValues = list[tuple[Tensor, Tensor]]


class Reading(NamedTuple):
    """One query as the decoder looks at it: the encoder's states, and the keys and values of them that it attends to."""

    states: Tensor
    keys_values: KeysValues


class CodeT5(nn.Module):
    """A T5 that writes codes.

    Parameters
    ----------
    config : T5Config
        Its shape; the last ``sum(codes)`` tokens of the vocabulary are the codes, level by level.
    codes : sequence of int
        Codes a level.
    tokenizer_json : str
        The tokenizer of the queries.
    """

    def __init__(self, config: T5Config, codes: Sequence[int], tokenizer_json: str):
        super().__init__()
        self.config, self.codes, self.tokenizer_json = config, tuple(int(count) for count in codes), tokenizer_json
        t5 = T5ForConditionalGeneration(config)
        self.embedding, self.encoder, self.decoder = t5.shared, t5.encoder, t5.decoder
        # T5 holds its embedding in four places; safetensors stores a tensor once, so it is kept in one.
        self.encoder.embed_tokens = self.decoder.embed_tokens = None
        # T5 scales the decoder's states and multiplies them by the embedding; T5 1.1 has output vectors of their own.
        self.tied = bool(config.scale_decoder_outputs)
        if not self.tied:
            self.head = nn.Parameter(torch.randn(sum(self.codes), config.d_model) * config.d_model**-0.5)
        about = {"config": config.to_dict(), "codes": self.codes, "tied": self.tied}
        self.register_buffer("about", _bytes(json.dumps(about)))
        self.register_buffer("tokenizer", _bytes(tokenizer_json))

    def first_token(self, level: int) -> int:
        """Token of code 0 at a level, counted from 1."""
        return self.config.vocab_size - sum(self.codes[level - 1 :])

    def encode(self, queries: Sequence[np.ndarray]) -> Encoded:
        """Read queries given as token ids."""
        length = np.array([len(query) for query in queries])
        there = np.arange(length.max()) < length[:, None]
        tokens = np.zeros(there.shape, np.int64)
        tokens[there] = np.concatenate(list(queries))
        device = self.embedding.weight.device
        mask = torch.from_numpy(there).to(device)
        embedded = self.embedding(torch.from_numpy(tokens).to(device))
        return Encoded(self.encoder(inputs_embeds=embedded, attention_mask=mask).last_hidden_state, mask)

    def code_tokens(self, codes: Tensor) -> Tensor:
        """Tokens of codes, int64 ``(n, levels)``, from level 1 on; anything for -1, which stands behind the end."""
        levels = range(1, codes.shape[1] + 1)
        first = torch.tensor([self.first_token(level) for level in levels], dtype=torch.int64, device=codes.device)
        return codes.clamp(min=0) + first

    def tokens(self, codes: Tensor) -> Tensor:
        """What the decoder reads before it writes the next code: the start, then :meth:`code_tokens`."""
        start = torch.full((len(codes), 1), int(self.config.decoder_start_token_id), device=codes.device)
        return torch.cat([start, self.code_tokens(codes)], dim=1)

    def decode(self, tokens: Tensor, states: Tensor, there: Tensor | None, cache: EncoderDecoderCache | None = None) -> Tensor:
        """Decoder states after each of ``tokens``, int64 ``(n, t)``: float ``(n, t, d)``, scaled as :meth:`logits` needs them.

        The decoder looks back only, so what stands behind the end of a shorter identifier changes nothing before it.
        """
        found = self.decoder(
            inputs_embeds=self.embedding(tokens),
            encoder_hidden_states=states,
            encoder_attention_mask=there,
            past_key_values=cache,
            use_cache=cache is not None,
        ).last_hidden_state
        return found * self.config.d_model**-0.5 if self.tied else found

    def logits(self, decoded: Tensor, level: int) -> Tensor:
        """Logit of every code of ``level``, from states ``(n, d)``: float ``(n, codes)``."""
        first, count = self.first_token(level), self.codes[level - 1]
        if self.tied:
            return decoded @ self.embedding.weight[first : first + count].T
        own = first - self.first_token(1)
        return decoded @ self.head[own : own + count].T

    @torch.inference_mode()
    def start(self, query: np.ndarray) -> Reading:
        """Read one query, int64 ``(tokens,)``, and compute once what every prefix attends to."""
        states = self.encode([query]).states
        cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        self.decode(self.tokens(torch.empty((1, 0), dtype=torch.int64, device=states.device)), states, None, cache)
        return Reading(states, _keys_values(cache.cross_attention_cache))

    @torch.inference_mode()
    def follow(
        self, reading: Reading, prefixes: np.ndarray, temperature: float, past: KeysValues | None = None
    ) -> tuple[np.ndarray, KeysValues]:
        """Log-probability of every code after each prefix, int64 ``(n, length)``: float32 ``(n, codes)``, nats.

        ``past`` is what the same call gave for the prefixes without their last code, one a row; only that code is then decoded.
        """
        count, length = prefixes.shape
        tokens = self.tokens(torch.from_numpy(prefixes).to(reading.states.device))
        read = [[part.expand(count, -1, -1, -1) for part in both] for both in reading.keys_values]
        cache = EncoderDecoderCache(DynamicCache(past), DynamicCache(read))
        states = reading.states.expand(count, -1, -1)
        decoded = self.decode(tokens if past is None else tokens[:, -1:], states, None, cache)[:, -1]
        logs = torch.log_softmax(self.logits(decoded, length + 1) / temperature, dim=1)
        return logs.cpu().numpy(), _keys_values(cache.self_attention_cache)


def restore(tensors: Mapping[str, np.ndarray]) -> CodeT5:
    """The network of a saved ``state_dict``, in evaluation mode.

    Raises
    ------
    TriescopeError
        Tensors are missing or do not fit.
    """
    try:
        about: dict[str, Any] = json.loads(_text(tensors["about"]))
        _check_size(about, tensors)
        config = T5Config(**about["config"])
        config.scale_decoder_outputs = about["tied"]
        # Made without memory or random numbers: all of it is replaced.
        with torch.device("meta"):
            model = CodeT5(config, about["codes"], _text(tensors["tokenizer"]))
        model.load_state_dict({name: torch.tensor(np.asarray(array)) for name, array in tensors.items()}, assign=True)
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise TriescopeError(f"scorer t5: its weights cannot be loaded: {str(error).strip().splitlines()[0]}") from error
    return model.requires_grad_(False).eval()


def _check_size(about: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
    """A shape of a billion layers would be made, layer by layer, before it is seen that there are no weights for it."""
    config, codes = about["config"], about["codes"]
    layers = [config.get(name) or 0 for name in ("num_layers", "num_decoder_layers")]
    if not all(isinstance(count, int) and 0 <= count <= len(tensors) for count in layers):
        raise ValueError("more layers than tensors")
    if not all(isinstance(count, int) and 0 < count < 1 << 31 for count in codes) or len(codes) > len(tensors):
        raise ValueError("codes are numbers, a level each")


def _keys_values(cache: DynamicCache) -> KeysValues:
    return [(layer.keys, layer.values) for layer in cache.layers]


def _bytes(text: str) -> Tensor:
    return torch.tensor(list(text.encode()), dtype=torch.uint8)


def _text(array: np.ndarray) -> str:
    return np.asarray(array).tobytes().decode()
