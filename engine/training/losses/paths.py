"""Losses on whole identifiers beside those of a negative document, and on all their beginnings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.options import Option
from engine.training.losses.base import Inputs, Loss

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.models.base import Candidates


def margin(levels: "Sequence[Candidates]", negatives: "Sequence[Candidates]", pairs: int, size: float) -> "Tensor":
    """Hinge on the log-probabilities of two whole paths, ``max(0, size - positive + negative)``: LTRGR (Li et al. 2024).

    A mean over the pairs that have a negative; 0 without any.
    """
    from engine.training.losses import ragged

    if not negatives:
        return ragged.nothing(levels, pairs)
    positive, negative = (ragged.path_log_probs(side, pairs).sum(1) for side in (levels, negatives))
    return ragged.mean(
        (size - positive + negative).clamp(min=0), ragged.present(levels, pairs) & ragged.present(negatives, pairs)
    )


def prefix(
    levels: "Sequence[Candidates]", negatives: "Sequence[Candidates]", teacher: "Tensor", pairs: int, progress: float
) -> "Tensor":
    """Margin-MSE at every prefix length: the prefix-oriented loss of RIPOR (Zeng et al. 2024).

    At each length the difference of the two prefixes' log-probabilities should be the teacher's difference, so that the right
    prefix already leads where a beam is cut. (RIPOR asks short prefixes for a part of the difference only; its identifiers have
    up to 32 codes, ours a few, so each length is asked for the whole.) Short prefixes come first: :func:`stages`. Where the two
    paths still share their prefix nothing can be learnt, and nothing is asked.

    A mean over the lengths, weighted by stage, up to the end of the longer path, then over the pairs that have a negative and a
    finite teacher's difference; 0 without any.
    """
    from engine.training.losses import ragged

    if not negatives:
        return ragged.nothing(levels, pairs)
    depth = max(len(levels), len(negatives))
    own, other = (ragged.path_nodes(side, pairs, depth) for side in (levels, negatives))
    first, second = (ragged.prefix_log_probs(side, pairs, depth) for side in (levels, negatives))
    ahead, judged = first - second, teacher.isfinite()
    # Replaced before it is used: a NaN that is only masked afterwards still makes the gradient NaN.
    wanted = teacher.where(judged, 0).to(ahead.dtype)[:, None]
    parted = (own != other).cumsum(1) > 0
    weight = stages(depth, progress).to(ahead) * ((own >= 0) | (other >= 0))
    squared = ((ahead - wanted) ** 2).where(parted, 0)
    # The first length always has weight 1, so that no pair with a path divides by 0.
    of_pair = (weight * squared).sum(1) / weight.sum(1).clamp(min=1)
    return ragged.mean(of_pair, judged & ragged.present(levels, pairs) & ragged.present(negatives, pairs))


def stages(depth: int, progress: float) -> "Tensor":
    """Weights of the prefix lengths, float64 ``(depth,)``, at ``progress`` (0 to 1).

    Training has as many equal stages as there are lengths. The shortest prefix counts from the start, during each stage the
    next one fades in, and in the last stage all count in full.

    >>> [stages(4, progress).tolist() for progress in (0, 0.125, 0.5, 0.75)]
    [[1.0, 0.0, 0.0, 0.0], [1.0, 0.5, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]]
    """
    import torch

    return (1 + progress * depth - torch.arange(depth, dtype=torch.float64)).clamp(0, 1)


def _prefix(given: Inputs) -> "Tensor":
    assert given.teacher_margin is not None
    return prefix(given.levels, given.negative_levels or (), given.teacher_margin, given.pairs, given.progress)


LOSSES = (
    Loss(
        name="margin",
        label="Margin to a negative",
        default=0.0,
        help="Weight of ranking the relevant document's path margin_size above a negative's (LTRGR, 2024). An experiment.",
        value=lambda given, at: margin(given.levels, given.negative_levels or (), given.pairs, at["margin_size"]),
        needs=frozenset({"negatives"}),
        settings=(
            Option(
                name="margin_size",
                label="Size of the margin, nats",
                type=float,
                default=1.0,
                low=0.0,
                high=100.0,
                help="Nats that margin asks for between the two log-probabilities.",
            ),
        ),
    ),
    Loss(
        name="prefix",
        label="Teacher's margin, each prefix",
        default=0.0,
        help="Weight of matching a teacher's score gap at every prefix length, short ones first (RIPOR, 2024). An experiment.",
        value=lambda given, at: _prefix(given),
        needs=frozenset({"negatives", "margins"}),
    ),
)
