"""The training loop: steps, evaluations, the best weights so far, checkpoints, early stopping.

Every step draws its batch and seeds its dropout from (seed, step), so a training that was stopped and goes on takes the same
course as one that never stopped. A loss that is not finite ends the training; the last good checkpoint stays. Several processes
that train together (:mod:`engine.training.crew`) take the same steps in all of them.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from engine.builds.history import Evaluation
from engine.errors import TriescopeError
from engine.training import checkpoint
from engine.training.budget import Budget, Stretch
from engine.training.checkpoint import Standing
from engine.training.crew import crew

# Steps over which the learning rate rises to its value.
WARM_UP = 50
CLIP = 1.0
# Where the distance between evaluations is left open: so many of them, but at most this share of the time; and the steps that
# tell how long a step takes.
EVALUATIONS, JUDGING, TIMED_STEPS = 15, 0.3, 10

Loss = Callable[[nn.Module, int, float], tuple[Tensor, dict[str, float]]]  # (model, step, progress) -> loss, its parts


Evaluate = Callable[[nn.Module, Stretch], Evaluation]
Tell = Callable[[str, int, int], None]


@dataclass
class Course:
    """What a training has come to."""

    standing: Standing = field(default_factory=Standing)
    best: dict[str, Tensor] = field(default_factory=dict)
    stopped: str = ""


def fit(
    model: nn.Module,
    spec: Budget,
    loss_of: Loss,
    evaluate: Evaluate,
    folder: Path,
    tell: Tell,
    note: Callable[[Evaluation], None],
    measure: str,
    cooling: float = 0.0,
) -> Course:
    """Train a model.

    Parameters
    ----------
    model : nn.Module
        A :class:`engine.training.models.base.Model`; it ends with the weights of the last step.
    spec : Budget
        Time or steps, evaluations, patience, seed.
    loss_of : callable
        ``(model, step, progress) -> (loss, parts)``.
    evaluate : callable
        ``(model, stretch) -> evaluation``; ``evaluation.dev[measure]`` decides which weights are best.
    folder : Path
        Where checkpoints go; one of the same training is gone on with.
    tell : callable
        Progress: ``(stage, done, total)`` in seconds, or in steps where the budget is steps.
    note : callable
        Given each evaluation before the checkpoint is written.
    measure : str
        Name of the development measure.
    cooling : float
        Share of the budget, its end, over which the learning rate falls to nothing.

    Raises
    ------
    TriescopeError
        The loss is not finite.
    """
    device, together = next(model.parameters()).device.type, crew()
    optimiser = torch.optim.AdamW(model.groups(), weight_decay=0.0, fused=True)  # type: ignore[operator]
    course, averaged = Course(), _averaged(model, spec.average) if spec.average else None
    if found := checkpoint.load(folder, spec.digest(), model, optimiser):
        course.standing, average, course.best = found
        if averaged:
            averaged.module.load_state_dict(average)
            averaged.n_averaged.fill_(course.standing.step)
    together.wait()  # until all have read the checkpoint, which the first will replace
    standing = course.standing
    for group in optimiser.param_groups:
        group["initial_lr"] = group["lr"]
    budget, begun, parts = spec.minutes * 60, time.monotonic() - standing.seconds, dict[str, list[float]]()
    step, every, evaluated_at = standing.step, standing.every or spec.evaluate_every, time.monotonic()
    if spec.steps and not every:
        every = max(1, spec.steps // EVALUATIONS)
    wanted = EVALUATIONS
    if not step:
        judging = time.monotonic()
        judged = evaluate(model.eval(), Stretch(step=0, seconds=0.0, steps_per_second=0.0, loss=None, losses={}))
        if together.first:
            note(judged)
        # The start counts: a training that only makes it worse ends with it. Its evaluation is no part of the budget.
        standing = course.standing = Standing(best=judged.dev[measure])
        course.best = _copy(model.state_dict())
        begun = evaluated_at = time.monotonic()
        wanted = max(2, min(EVALUATIONS, int(JUDGING * budget / together.agreed(begun - judging))))
    since = step
    while True:
        seconds = together.agreed(time.monotonic() - begun)
        over = step >= spec.steps if spec.steps else seconds >= budget
        if over and step == standing.step and step:
            course.stopped = "the budget is spent"
            return course
        if not over:
            progress = step / spec.steps if spec.steps else seconds / budget
            for group in optimiser.param_groups:
                group["lr"] = group["initial_lr"] * _share(step, progress, cooling)
            for name, value in _step(model, optimiser, loss_of, spec.seed, together.draw(step), progress, device).items():
                parts.setdefault(name, []).append(value)
            step += 1
            if averaged:
                averaged.update_parameters(model)
            told = (step, spec.steps) if spec.steps else (min(int(seconds), int(budget)), int(budget))
            if together.first:
                tell("training", *told)
            if not every and step == TIMED_STEPS:
                pace = TIMED_STEPS / together.agreed(time.monotonic() - begun)
                every = max(TIMED_STEPS, round(pace * budget / wanted))
            # Small sets turn early: where the distance was left open, the first stretch is looked at twice more.
            early = () if spec.evaluate_every else (every // 4, every // 2)
            if not every or (step % every and step not in early):
                continue
        elapsed = max(time.monotonic() - evaluated_at, 1e-9)
        means = {name: round(float(np.mean(values)), 5) for name, values in parts.items()}
        stretch = Stretch(
            step=step,
            seconds=round(time.monotonic() - begun, 2),
            steps_per_second=round((step - since) / elapsed, 2),
            loss=means.pop("loss", None),
            losses=means,
        )
        shown = averaged.module if averaged else model
        judged = evaluate(shown.eval(), stretch)
        value, since, parts = together.agreed(judged.dev[measure]), step, {}
        better = value > standing.best
        standing = Standing(
            step,
            step if better else standing.best_step,
            max(value, standing.best),
            0 if better else standing.waited + 1,
            time.monotonic() - begun,
            every,
        )
        if better:
            course.best = _copy(shown.state_dict())
        course.standing = standing
        average = averaged.module.state_dict() if averaged else {}
        if together.first:
            note(judged)
            checkpoint.save(folder, spec.digest(), standing, model, optimiser, average, course.best)
        evaluated_at = time.monotonic()
        if standing.waited >= spec.patience:
            course.stopped = f"no better evaluation for {spec.patience} in a row"
            return course


def _share(step: int, progress: float, cooling: float) -> float:
    """What the learning rate of a step is of the one that was asked for: it rises at first and falls at last."""
    return min(1.0, (step + 1) / WARM_UP, (1 - progress) / cooling if cooling else 1.0)


def _copy(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}


def _averaged(model: nn.Module, share: float) -> AveragedModel:
    """A copy of the model whose weights follow as an average over the steps (Polyak and Juditsky 1992); early steps weigh more,
    so that it leaves the start soon. On NFCorpus dev it is worth .01."""

    def follow(average: Tensor, now: Tensor, steps: Tensor | int) -> Tensor:
        step = int(steps) + 1
        return average.lerp(now, 1 - min(share, step / (step + 9)))

    return AveragedModel(model, avg_fn=follow)


def _step(
    model: nn.Module, optimiser: torch.optim.Optimizer, loss_of: Loss, seed: int, step: int, progress: float, device: str
) -> dict[str, float]:
    model.train()
    torch.manual_seed((seed << 32) + step)
    optimiser.zero_grad(set_to_none=True)
    with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
        loss, parts = loss_of(model, step, progress)
    if not math.isfinite(float(loss.detach())):
        at = step // crew().size + 1
        raise TriescopeError(
            f"the loss is not a finite number at step {at}; lower the learning rate. The last good checkpoint is kept."
        )
    loss.backward()
    crew().average(model)
    torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    optimiser.step()
    return {"loss": float(loss.detach())} | parts


def device_for(name: str = "") -> str:
    """The one that this process was given among those that train together, else ``cuda`` where there is one, else ``cpu``."""
    return name or crew().device or ("cuda" if torch.cuda.is_available() else "cpu")
