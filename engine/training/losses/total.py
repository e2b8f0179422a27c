"""All losses of a step together."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.errors import TriescopeError
from engine.options import check_options
from engine.training.losses import OPTIONS, switched_on
from engine.training.losses.base import Inputs
from engine.training.models.base import Candidates


def total(inputs: Inputs, weights: Mapping[str, float | None]) -> tuple[Tensor, dict[str, float]]:
    """The weighted sum of the losses, and each one's own value, unweighted; a loss of weight 0 is not computed.

    Scores of half precision are raised to float32 first, and automatic mixed precision is off in here: a path sums logarithms.

    Parameters
    ----------
    inputs : Inputs
        Of one step.
    weights : mapping
        Values of :data:`engine.training.losses.OPTIONS` by name; what is missing has its default.

    Raises
    ------
    TriescopeError
        A setting is unknown or out of its range, every loss is off, or one that is on lacks what it needs.
    """
    check_options("losses", OPTIONS, dict(weights))
    given = {name: value for name, value in weights.items() if value is not None}
    at: dict[str, Any] = {option.name: option.default for option in OPTIONS} | given
    chosen = switched_on(weights)
    if not chosen:
        raise TriescopeError("every loss has weight 0; give at least one a weight")
    for loss in chosen:
        loss.check(inputs)
    with torch.autocast(inputs.leaf.device.type, enabled=False):
        inputs = inputs._replace(
            levels=_raised(inputs.levels),
            negative_levels=None if inputs.negative_levels is None else _raised(inputs.negative_levels),
            taught=None if inputs.taught is None else _raised(inputs.taught),
        )
        values = {loss.name: loss.value(inputs, at) for loss in chosen}
    summed = torch.stack([at[name] * value for name, value in values.items()]).sum()
    return summed, {name: float(value.detach()) for name, value in values.items()}


def _raised(levels: Sequence[Candidates]) -> list[Candidates]:
    """The same in float32 or better."""
    return [level._replace(score=level.score.to(torch.promote_types(level.score.dtype, torch.float32))) for level in levels]
