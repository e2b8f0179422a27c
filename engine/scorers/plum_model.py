"""A causal language model whose vocabulary ends with a token for every code of every level (PLUM, He et al. 2025).

The model reads a query, then a mark that an identifier begins, then codes. What is learned beside the new tokens is a choice: all
weights (``full``), low-rank changes of the attention (``lora``, Hu et al. 2021, by the peft library), vectors that stand before
every text (``prompt``, Lester et al. 2021), or nothing (``tokens``). Weights that are not learned are not stored: the model's own
folder has them. Imports torch.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from transformers.cache_utils import DynamicCache

from engine.errors import TriescopeError

WAYS = ("full", "lora", "prompt", "tokens")
# The matrices of the attention that LoRA changes.
CHANGED = ["q_proj", "v_proj"]
KeysValues = list[tuple[Tensor, Tensor]]


class Read(NamedTuple):
    """Queries as the model takes them: token ids, int64 ``(q, t)``, filled up in front, and which there are, bool."""

    tokens: Tensor
    there: Tensor


class Reading(NamedTuple):
    """One query that was read: keys and values, a layer each, and the state behind the mark, float ``(1, width)``."""

    past: KeysValues
    state: Tensor


class CodeLM(nn.Module):
    """A causal model that writes codes.

    Parameters
    ----------
    base : PreTrainedModel
        Of transformers, with its head; taken over.
    codes : sequence of int
        Codes a level.
    way : str
        One of :data:`WAYS`.
    rank : int
        Of LoRA's changes, or vectors of the soft prompt.
    tokenizer_json : str
        The tokenizer of the queries.

    Raises
    ------
    TriescopeError
        peft is not installed, or the model has no attention of the usual names.
    """

    def __init__(self, base: Any, codes: Sequence[int], way: str, rank: int, tokenizer_json: str):
        super().__init__()
        self.codes, self.way, self.tokenizer_json = tuple(map(int, codes)), way, tokenizer_json
        known = base.get_input_embeddings().weight
        base.requires_grad_(way == "full")
        self.base = _with_lora(base, rank) if way == "lora" else base
        # The mark, then the codes level by level; they start as long as the known words are.
        self.table = nn.Parameter(torch.randn(1 + sum(self.codes), known.shape[1]) * known.detach().std())
        self.soft = nn.Parameter(known.detach()[torch.randint(len(known), (rank,))].clone()) if way == "prompt" else None
        self.learned = {name for name, parameter in self.named_parameters() if parameter.requires_grad}

    @property
    def share(self) -> float:
        """Share of all parameters that are learned."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad) / sum(p.numel() for p in self.parameters())

    def state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        """What is learned, alone."""
        prefix = kwargs.get("prefix", args[1] if len(args) > 1 else "")
        return {name: of for name, of in super().state_dict(*args, **kwargs).items() if name.removeprefix(prefix) in self.learned}

    def restore(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Take what was learned.

        Raises
        ------
        TriescopeError
            It is of another model, other identifiers, or another way.
        """
        own = dict(self.named_parameters())
        if set(tensors) != self.learned or any(tuple(own[name].shape) != np.shape(of) for name, of in tensors.items()):
            raise TriescopeError("scorer plum: its weights belong to another model or to other identifiers; train it again")
        with torch.no_grad():
            for name, of in tensors.items():
                own[name].copy_(torch.tensor(np.asarray(of)))

    def first(self, level: int) -> int:
        """Row of code 0 of a level, counted from 1, in the table."""
        return 1 + sum(self.codes[: level - 1])

    def read(self, queries: Sequence[np.ndarray]) -> Read:
        """Queries given as token ids."""
        length = np.array([len(query) for query in queries])
        there = np.arange(length.max()) >= length.max() - length[:, None]
        tokens = np.zeros(there.shape, np.int64)
        tokens[there] = np.concatenate(list(queries))
        device = self.table.device
        return Read(torch.from_numpy(tokens).to(device), torch.from_numpy(there).to(device))

    def embedded(self, codes: Tensor) -> Tensor:
        """The mark and the codes, int64 ``(n, levels)``, as vectors ``(n, 1 + levels, width)``; anything for -1."""
        rows = codes.clamp(min=0) + torch.tensor(
            [self.first(level) for level in range(1, codes.shape[1] + 1)], device=codes.device
        )
        return self.table[nn.functional.pad(rows.long(), (1, 0))]

    def states(self, read: Read, written: Tensor) -> Tensor:
        """States of everything behind the soft prompt: words, then what was written, float ``(n, t + written, width)``."""
        vectors = torch.cat([self.base.get_input_embeddings()(read.tokens), written], dim=1)
        there = nn.functional.pad(read.there.long(), (0, written.shape[1]), value=1)
        if self.soft is not None:
            vectors = torch.cat([self.soft.expand(len(vectors), -1, -1), vectors], dim=1)
            there = nn.functional.pad(there, (len(self.soft), 0), value=1)
        position = (there.cumsum(dim=1) - 1).clamp(min=0)
        body = self.base.get_decoder()
        found: Tensor = body(
            inputs_embeds=vectors, attention_mask=there, position_ids=position, use_cache=False
        ).last_hidden_state
        return found if self.soft is None else found[:, len(self.soft) :]

    def logits(self, states: Tensor, level: int) -> Tensor:
        """Logit of every code of a level, from states ``(n, width)``."""
        first = self.first(level)
        return states @ self.table[first : first + self.codes[level - 1]].T

    def word_logits(self, states: Tensor) -> Tensor:
        """Logit of every word, then of the mark and every code: float ``(..., vocabulary + 1 + codes)``."""
        words = self.base.get_output_embeddings().weight
        return torch.cat([states @ words.T, states @ self.table.T], dim=-1)

    @torch.inference_mode()
    def start(self, query: np.ndarray) -> Reading:
        """Read one query, int64 ``(tokens,)``, and the mark."""
        words = self.base.get_input_embeddings()(torch.from_numpy(query)[None].to(self.table.device))
        parts = [words, self.table[:1][None]] if self.soft is None else [self.soft[None], words, self.table[:1][None]]
        found = self.base.get_decoder()(inputs_embeds=torch.cat(parts, dim=1), use_cache=True)
        return Reading(_keys_values(found.past_key_values), found.last_hidden_state[:, -1])

    @torch.inference_mode()
    def follow(
        self, reading: Reading, prefixes: np.ndarray, temperature: float, past: KeysValues | None = None
    ) -> tuple[np.ndarray, KeysValues]:
        """Log-probability of every code after each prefix, int64 ``(n, length)``: float32 ``(n, codes)``, nats; ``past`` is what
        the same call gave for the prefixes without their last code."""
        count, length = prefixes.shape
        before = [(keys.expand(count, -1, -1, -1), values.expand(count, -1, -1, -1)) for keys, values in reading.past]
        if not length:
            states, past = reading.state.expand(count, -1), before
        else:
            written = self.embedded(torch.from_numpy(prefixes).to(self.table.device))[:, 1:]
            cache = DynamicCache(before if past is None else past)
            found = self.base.get_decoder()(
                inputs_embeds=written if past is None else written[:, -1:], past_key_values=cache, use_cache=True
            )
            states, past = found.last_hidden_state[:, -1], _keys_values(found.past_key_values)
        logs = torch.log_softmax(self.logits(states, length + 1).float() / temperature, dim=1)
        return logs.cpu().numpy(), past


def _keys_values(cache: DynamicCache) -> KeysValues:
    return [(layer.keys, layer.values) for layer in cache.layers]


def _with_lora(base: Any, rank: int) -> Any:
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise TriescopeError("tuning by LoRA wants the packages of requirements-lm.txt") from error
    try:
        return inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=CHANGED), base)
    except ValueError as error:
        raise TriescopeError(f"LoRA: this model has no {' and '.join(CHANGED)} to change") from error
