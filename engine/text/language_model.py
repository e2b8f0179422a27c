"""A causal language model from the disk: what it would write, and how likely it holds what somebody wrote.

Weights are safetensors and code is transformers' own. A GGUF file is read once, its weights put back into numbers of 16 bits, and
kept so (:func:`from_gguf`); that wants the packages of requirements-lm.txt.
"""

from collections.abc import Sequence
from copy import deepcopy
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.files import writing
from engine.text import encoders, hub

WHAT = "language model"
# Tokens of a prompt, at most: what is longer is cut in front, so that the question at its end stays.
LONGEST = 2048
BATCH = 4


class LanguageModel(NamedTuple):
    """A loaded model and its tokenizer."""

    name: str
    key: str
    model: Any
    tokenizer: Any

    def prompt(self, asked: str) -> str:
        """What a person asks, as the model was taught to be asked; as it stands where it was not."""
        if not self.tokenizer.chat_template:
            return f"{asked}\n"
        said = [{"role": "user", "content": asked}]
        return str(self.tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True))

    def tokens(self, text: str) -> list[int]:
        """A text's tokens; a prompt of a chat brings its own marks, so none are added."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def write(self, prompt: str, most: int, beams: int = 1, constrained: Any = None, repeats: float = 1.0) -> list[str]:
        """The likeliest ``beams`` texts behind a prompt, at most ``most`` tokens each, best first; nothing is drawn.

        ``constrained`` is a logits processor that counts :meth:`prompt_tokens` as its prefix; ``repeats`` above 1 makes a token
        that stands there already less likely, the prompt's too (Keskar et al. 2019).
        """
        import torch

        ids = torch.tensor([self.prompt_tokens(prompt)], device=self.model.device)
        with torch.inference_mode():
            found = self.model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=most,
                num_beams=beams,
                num_return_sequences=beams,
                do_sample=False,
                # Where few paths are legal, what follows an end fills the places of beams that have not ended yet.
                early_stopping=beams > 1 and constrained is None,
                logits_processor=[constrained] if constrained is not None else None,
                repetition_penalty=repeats,
                pad_token_id=self.pad,
            )
        return [self.tokenizer.decode(one, skip_special_tokens=True).strip() for one in found[:, ids.shape[1] :]]

    def prompt_tokens(self, prompt: str) -> list[int]:
        """A prompt's tokens, the last of them where they are too many, and at least one."""
        longest = min(LONGEST, getattr(self.model.config, "max_position_embeddings", LONGEST) * 3 // 4)
        return self.tokens(prompt)[-longest:] or [self.pad]

    @property
    def pad(self) -> int:
        """The token that fills up."""
        for one in (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id):
            if one is not None:
                return int(one)
        return 0

    def likelihoods(self, prompts: Sequence[str], continued: str) -> np.ndarray:
        """Mean log-probability of a token of ``continued`` behind each prompt: float32, nats; -inf where it has no token.

        What all prompts begin with is read once.
        """
        import torch

        own = self.tokens(continued)
        if not own or not prompts:
            return np.full(len(prompts), -np.inf, np.float32)
        found = np.empty(len(prompts), np.float32)
        asked = [self.prompt_tokens(prompt) for prompt in prompts]
        equal = takewhile(lambda tokens: len(set(tokens)) == 1, zip(*asked, strict=False))
        # Each keeps a token of its own, behind which the first of ``own`` is told.
        common = min(sum(1 for _ in equal), min(map(len, asked)) - 1)
        begun = self._begun(asked[0][:common])
        rows = [ids[common if begun else 0 :] + own for ids in asked]
        order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            widest, shortest = len(rows[some[-1]]), len(rows[some[0]])
            ids = torch.full((len(some), widest), self.pad)
            mask = torch.zeros_like(ids)
            for at, place in enumerate(some):  # filled up behind, where nothing looks back at it
                ids[at, : len(rows[place])] = torch.tensor(rows[place])
                mask[at, : len(rows[place])] = 1
            given: dict[str, Any] = {}
            if begun:
                given["past_key_values"] = deepcopy(begun)
                given["past_key_values"].batch_repeat_interleave(len(some))
                mask = torch.cat([torch.ones((len(some), common), dtype=mask.dtype), mask], 1)
            kept = widest - shortest + len(own) + 1
            with torch.inference_mode():
                logits = self.model(input_ids=ids, attention_mask=mask, logits_to_keep=kept, **given).logits.float()
            for at, place in enumerate(some):
                end = len(rows[place]) - (widest - kept)
                logs = torch.log_softmax(logits[at, end - len(own) - 1 : end - 1], dim=-1)
                found[place] = float(logs[torch.arange(len(own)), torch.tensor(own)].mean())
        return found

    def _begun(self, ids: list[int]) -> Any:
        """What the model keeps of a beginning; None where there is none, or it keeps nothing that can be shared."""
        import torch

        if not ids:
            return None
        with torch.inference_mode():
            cache = self.model(input_ids=torch.tensor([ids]), use_cache=True, logits_to_keep=1).past_key_values
        return cache if hasattr(cache, "batch_repeat_interleave") else None

    def chosen(self, prompt: str, options: Sequence[str]) -> np.ndarray:
        """Log-probability of each option, a word of one token, as the next one behind a prompt if none but these can be: float32
        ``(options,)``, nats.

        Raises
        ------
        TriescopeError
            The model does not tell two of them apart.
        """
        import torch

        words = [self.tokens(option)[-1] for option in options]
        if len(set(words)) < len(words):
            raise TriescopeError(f"{WHAT} {self.name!r} has no token of its own for each of {', '.join(options)}")
        with torch.inference_mode():
            ids = torch.tensor([self.prompt_tokens(prompt)], device=self.model.device)
            logits = self.model(input_ids=ids, logits_to_keep=1).logits[0, -1]
        return torch.log_softmax(logits.float()[words], dim=-1).cpu().numpy()


def load(model: str) -> LanguageModel:
    """A model of a folder, once a process as long as its files stay as they are. Imports torch.

    Raises
    ------
    TriescopeError
        There is none, it wants code of its own, or its files are damaged or no safetensors.
    """
    return _load(model, encoders.fingerprint(model))


@lru_cache(maxsize=1)
def _load(model: str, key: str) -> LanguageModel:
    return LanguageModel(model, key, *fresh(model))


def fresh(model: str) -> tuple[Any, Any]:
    """Model and tokenizer of a folder, read anew: whoever changes its weights changes nobody else's. Imports torch.

    Raises
    ------
    TriescopeError
        See :func:`load`.
    """
    import torch
    from safetensors import SafetensorError
    from transformers.models.auto.modeling_auto import AutoModelForCausalLM
    from transformers.models.auto.tokenization_auto import AutoTokenizer
    from transformers.utils import logging

    folder = hub.weights_of(model, WHAT)
    logging.disable_progress_bar()
    try:
        # Half precision is slow on a CPU, so it is widened as it is read.
        here: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        loaded = AutoModelForCausalLM.from_pretrained(str(folder), use_safetensors=True, dtype=torch.float32, **here)
        return loaded.eval(), AutoTokenizer.from_pretrained(str(folder), **here)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise TriescopeError(f"{WHAT} {model!r} in {folder} cannot be loaded: {str(error).splitlines()[0]}") from error


def from_gguf(path: Path, out: Path) -> None:
    """Put the weights of a GGUF file back into numbers of 16 bits, as a folder of safetensors.

    Raises
    ------
    TriescopeError
        The packages for it are not installed, the file is none that transformers reads, or nothing can be written.
    """
    import torch
    from transformers.models.auto.modeling_auto import AutoModelForCausalLM
    from transformers.models.auto.tokenization_auto import AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    given: dict[str, Any] = {"gguf_file": path.name, "local_files_only": True, "trust_remote_code": False}
    try:
        read = AutoModelForCausalLM.from_pretrained(str(path.parent), dtype=torch.float32, **given)
        tokenizer = AutoTokenizer.from_pretrained(str(path.parent), **given)
    except ImportError as error:
        raise TriescopeError(f"{path}: reading GGUF wants the packages of requirements-lm.txt") from error
    except (OSError, ValueError, KeyError, NotImplementedError) as error:
        told = str(error).splitlines()[0]
        wants = "; reading GGUF wants the packages of requirements-lm.txt" if "is required" in told else ""
        raise TriescopeError(f"{path}: cannot be read as GGUF ({told}{wants})") from error
    config = read.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    whole = type(read)(config).half()
    whole.load_state_dict(read.state_dict())
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        whole.save_pretrained(out, safe_serialization=True)
        tokenizer.save_pretrained(out)
