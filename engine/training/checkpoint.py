"""Where a training stands, on disk: enough to go on as if it had never stopped.

The tensors lie in a safetensors file of their own; ``checkpoint.json`` names it and is replaced last, so a kill leaves the
checkpoint before or the new one. Batches are drawn from (seed, step) alone, so there is no random state to keep.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.builds.layout import CHECKPOINT, HISTORY, TRAIN_SPEC
from engine.errors import TriescopeError
from engine.files import replace_json


class Standing(NamedTuple):
    """How far a training is.

    Attributes
    ----------
    step, best_step : int
        Steps done, and at the best evaluation.
    best : float
        The development measure there.
    waited : int
        Evaluations since.
    seconds : float
        Spent so far, over all runs of the command.
    every : int
        Steps between two evaluations.
    """

    step: int = 0
    best_step: int = 0
    best: float = -1e9  # JSON knows no infinity
    waited: int = 0
    seconds: float = 0.0
    every: int = 0


def save(
    folder: Path,
    digest: str,
    standing: Standing,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor],
    best: dict[str, Tensor],
) -> None:
    """Write a checkpoint in the place of the one before."""
    tensors = {f"model/{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"average/{name}": tensor for name, tensor in average.items()}
    tensors |= {f"best/{name}": tensor for name, tensor in best.items()}
    for place, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{place}/{name}": torch.as_tensor(value) for name, value in state.items()}
    name = f"checkpoint-{standing.step}.safetensors"
    save_file({key: value.detach().cpu().clone().contiguous() for key, value in tensors.items()}, folder / name)
    replace_json(folder / CHECKPOINT, {"digest": digest, "tensors": name} | standing._asdict())
    for left in folder.glob("checkpoint-*.safetensors"):
        if left.name != name:
            left.unlink()


def load(
    folder: Path, digest: str, model: nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[Standing, dict[str, Tensor], dict[str, Tensor]] | None:
    """Standing, average and best weights; model and optimiser are put where the checkpoint of the same training left them. None
    when there is none.

    Raises
    ------
    TriescopeError
        It says that it is of the same training, and has other tensors.
    """
    try:
        value: dict[str, Any] = json.loads((folder / CHECKPOINT).read_text("utf-8"))
        if value["digest"] != digest:
            return None
        tensors = load_file(folder / Path(value["tensors"]).name)
        standing = Standing(**{name: value[name] for name in Standing._fields})
    except (OSError, ValueError, KeyError, TypeError, RecursionError, SafetensorError):
        return None  # a checkpoint that cannot be read is none: start afresh
    states: dict[int, dict[str, Tensor]] = {}
    try:
        model.load_state_dict(_part(tensors, "model/"))
        for key, tensor in _part(tensors, "optimiser/").items():
            place, name = key.split("/")
            states.setdefault(int(place), {})[name] = tensor
        optimiser.load_state_dict(optimiser.state_dict() | {"state": states})
    except (RuntimeError, ValueError, KeyError) as error:
        first = str(error).splitlines()[0]
        raise TriescopeError(f"{folder / CHECKPOINT}: not a checkpoint of this training ({first}); remove {folder}") from error
    return standing, _part(tensors, "average/"), _part(tensors, "best/")


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)}


def same_or_afresh(work: Path, digest: str, spec: Mapping[str, Any]) -> None:
    """Keep what an interrupted training of the same spec left, up to its checkpoint; clear away that of another."""
    try:
        kept = json.loads((work / CHECKPOINT).read_text("utf-8"))
        same = kept["digest"] == digest
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        same = False
    history = work / HISTORY
    if not same:
        for left in work.iterdir():
            left.unlink()
    elif history.is_file():
        lines = [line for line in history.read_text("utf-8").splitlines() if _step(line) <= kept["step"]]
        history.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    replace_json(work / TRAIN_SPEC, spec)


def note_down(work: Path, evaluation: Mapping[str, Any]) -> None:
    """Add an evaluation to the history of a training."""
    with (work / HISTORY).open("a", encoding="utf-8") as file:
        file.write(json.dumps(evaluation, ensure_ascii=False, allow_nan=False) + "\n")


def _step(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return float("inf")
