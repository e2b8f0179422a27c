"""The PLUM scorer: a pretrained causal language model reads the query and writes its document's codes as new words (He et al.
2025).

As with the T5 scorer, whose search it has, the softmax is over all codes of a level, those that the trie lacks included. The
model is one of this machine by name (``python -m engine models NAME FOLDER``); with 135 million weights a query takes a second or
so on a core, and a training step several.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.options import Option
from engine.scorers.carried import codes_of
from engine.scorers.kinds import RATE, Kind, Parts
from engine.scorers.t5 import T5Scorer
from engine.scorers.t5_tokens import parse_tokenizer, tokenizer_json, tokens_of
from engine.text import language_model, models
from engine.trie import Trie

if TYPE_CHECKING:
    from engine.scorers.plum_model import CodeLM


class PlumScorer(T5Scorer):
    """Scores by a causal model with tokens for codes."""

    name = "plum"

    def __init__(self, trie: Trie, model: "CodeLM"):
        super().__init__(trie, model)  # type: ignore[arg-type]


def network_of(parts: Parts, settings: Mapping[str, Any]) -> "CodeLM":
    """The model of the machine with new tokens for the codes of a build, as it is before anything is learned.

    Raises
    ------
    TriescopeError
        No model is known by the name, or it cannot be tuned so.
    """
    from engine.scorers.plum_model import CodeLM

    folder = models.folder_of(str(settings["model"]), "lm")
    base, _ = language_model.fresh(folder)
    return CodeLM(base, codes_of(parts.trie), settings["tuned"], int(settings["rank"]), tokenizer_json(Path(folder)))


def _encode(texts: Sequence[str], vectors: np.ndarray, parts: Parts, settings: Mapping[str, Any]) -> list[np.ndarray]:
    folder = models.folder_of(str(settings["model"]), "lm")
    return tokens_of(parse_tokenizer(tokenizer_json(Path(folder))), texts)


def _open(parts: Parts, tensors: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> PlumScorer:
    network = network_of(parts, settings)
    network.restore(tensors)
    return PlumScorer(parts.trie, network.requires_grad_(False).eval())


KIND = Kind(
    name="plum",
    summary="A language model of this machine that writes the codes as new words; slow, an experiment.",
    citation="PLUM (He et al. 2025), arXiv:2510.07784; LoRA (Hu et al. 2021); soft prompts (Lester et al. 2021)",
    options=(
        Option(
            name="model",
            label="Language model",
            type=str,
            default="smollm2",
            help="Name of a causal model of this machine (`python -m engine models`).",
        ),
        Option(
            name="tuned",
            label="What is learned",
            type=str,
            default="lora",
            choices=("full", "lora", "prompt", "tokens"),
            help="Beside the codes' tokens: all weights, LoRA, a soft prompt, or nothing.",
        ),
        Option(name="rank", label="Rank", type=int, default=8, low=1, high=256, help="Of LoRA, or vectors of the soft prompt."),
        Option(
            name="pretrain",
            label="Pre-training steps",
            type=int,
            default=0,
            low=0,
            high=100_000,
            help="First so many steps of continued pre-training: texts with codes behind or before them, word by word.",
        ),
        RATE._replace(default=None, help="Default: 2e-4 for all weights, 1e-3 for LoRA, 5e-3 for a prompt or tokens alone."),
    ),
    open=_open,
    encode=_encode,
    model="engine.training.models.plum",
)
