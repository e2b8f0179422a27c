"""A language model that learns who took what, in words, by LoRA (P5, Geng et al. 2022; GenRec, Ji et al. 2024; Hu et al. 2021).

It reads a history as :mod:`engine.recommending.titled` asks it and learns the letters of the title that came next, of training
alone. What was learned is added to the weights, so that the result is a model like any other, to be known by a name.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.builds.opened import Build
from engine.data.histories import Histories
from engine.errors import TriescopeError
from engine.files import writing
from engine.recommending.titled import LONGEST, asked
from engine.text.language_model import LanguageModel, fresh

# Histories a step, and the matrices of the attention that are changed.
BATCH, CHANGED = 4, ["q_proj", "v_proj"]
Tell = Callable[[str, int, int], None]


class Tuned(NamedTuple):
    """How it went: steps, mean nats of a token in the first and in the last tenth of them, share of the weights that learned."""

    steps: int
    first: float
    last: float
    share: float


def tune(
    build: Build,
    histories: Histories,
    folder: str,
    out: Path,
    steps: int,
    rank: int = 8,
    learning_rate: float = 1e-3,
    seed: int = 0,
    tell: Tell = lambda stage, done, total: None,
) -> Tuned:
    """Teach a model of ``folder`` the next titles of ``histories``, and write it to ``out``, which must not exist.

    Raises
    ------
    TriescopeError
        peft is missing, the model cannot be changed so, nothing can be learned or written.
    """
    import torch

    if out.exists():
        raise TriescopeError(f"{out} is there already; name a folder that is not")
    base, tokenizer = fresh(folder)
    of, draws = LanguageModel(folder, "", base, tokenizer), _Draws(build, histories, seed)
    model = _with_lora(base, rank)
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    share = sum(one.numel() for one in learned) / sum(one.numel() for one in model.parameters())
    optimiser, nats = torch.optim.AdamW(learned, learning_rate, weight_decay=0.0), list[float]()
    torch.manual_seed(seed)
    model.train()
    for step in range(steps):
        optimiser.zero_grad()
        parts = [loss_of(model, of, build, *draws.at(BATCH * step + place)) for place in range(BATCH)]
        loss = torch.stack(parts).mean()
        loss.backward()
        optimiser.step()
        nats.append(float(loss.detach()))
        tell("training", step + 1, steps)
    merged = model.merge_and_unload().eval()
    with writing(out.parent):
        merged.save_pretrained(out, safe_serialization=True)
        tokenizer.save_pretrained(out)
    tenth = max(1, steps // 10)
    return Tuned(steps, float(np.mean(nats[:tenth])), float(np.mean(nats[-tenth:])), share)


def loss_of(model: Any, of: LanguageModel, build: Build, history: np.ndarray, target: int) -> Any:
    """Mean nats of a token of the title that came, and of the line's end behind it, after a history in words."""
    import torch

    prompt = of.prompt_tokens(of.prompt(asked(build, history)))
    title = of.tokens(" ".join(build.documents[target].title.split()))[: LONGEST - 1] + of.tokens("\n")[-1:]
    ids = torch.tensor([prompt + title], device=of.model.device)
    logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, len(prompt) - 1 : -1]
    return torch.nn.functional.cross_entropy(logits.float(), ids[0, len(prompt) :])


class _Draws:
    """Items that came after another one, in an order of the seed; those without a title are none."""

    def __init__(self, build: Build, histories: Histories, seed: int):
        titled = np.array([bool(document.title.strip()) for document in build.documents])
        before = histories.lengths[histories.person] - 1 - histories.age
        self.histories, self.before = histories, before
        self.places = np.random.default_rng(seed).permutation(np.flatnonzero((before > 0) & titled[histories.items]))
        if not len(self.places):
            raise TriescopeError("nobody has two items in training of which the second has a title")

    def at(self, number: int) -> tuple[np.ndarray, int]:
        """A history and what came next."""
        place = int(self.places[number % len(self.places)])
        return self.histories.items[place - int(self.before[place]) : place], int(self.histories.items[place])


def _with_lora(base: Any, rank: int) -> Any:
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise TriescopeError("tuning by LoRA wants the packages of requirements-lm.txt") from error
    try:
        return get_peft_model(base, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=CHANGED))
    except ValueError as error:
        raise TriescopeError(f"LoRA: this model has no {' and '.join(CHANGED)} to change") from error
