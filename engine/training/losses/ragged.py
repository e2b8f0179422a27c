"""Arithmetic that the losses share, over ragged candidates and over the pairs that a loss can judge."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from engine.training.models.base import Candidates, log_probs, path_log_probs

__all__ = ["log_probs", "mean", "nothing", "path_log_probs", "path_nodes", "prefix_log_probs", "present", "stands_for", "zeros"]


def zeros(levels: Sequence[Candidates], pairs: int) -> Tensor:
    """Float ``(pairs,)``, where the scores are and as exact as they."""
    return levels[0].score.new_zeros(pairs)


def stands_for(level: Candidates) -> Tensor:
    """How many existing codes each entry stands for, float ``(m,)``: 1, more in a sample, 0 for a code of no document."""
    each = torch.ones_like(level.score) if level.log_weight is None else level.log_weight.to(level.score.dtype).exp()
    return torch.where(level.node >= 0, each, 0)


def mean(values: Tensor, counted: Tensor) -> Tensor:
    """Mean of the counted ones; 0, with a gradient of 0, when there are none."""
    return torch.where(counted, values, 0).sum() / counted.sum().clamp(min=1)


def nothing(levels: Sequence[Candidates], pairs: int) -> Tensor:
    """0 with a gradient of 0: what a step costs in which no pair has a negative."""
    logs = path_log_probs(levels, pairs)
    return mean(logs, torch.zeros_like(logs, dtype=torch.bool))


def present(levels: Sequence[Candidates], pairs: int) -> Tensor:
    """Which pairs have a path at all: bool ``(pairs,)``."""
    return torch.zeros(pairs, dtype=torch.bool, device=levels[0].rows.device).index_fill(0, levels[0].rows, True)


def path_nodes(levels: Sequence[Candidates], pairs: int, depth: int) -> Tensor:
    """Node at each level of each pair's path, int64 ``(pairs, depth)``; -1 where it has ended."""
    nodes = torch.full((pairs, depth), -1, device=levels[0].node.device)
    for column, level in enumerate(levels):
        nodes[level.rows, column] = level.node[level.target]
    return nodes


def prefix_log_probs(levels: Sequence[Candidates], pairs: int, depth: int) -> Tensor:
    """log p(prefix | query) at each length, ``(pairs, depth)``; that of the whole path where it has ended."""
    return functional.pad(path_log_probs(levels, pairs), (0, depth - len(levels))).cumsum(1)
