"""Losses on the next code at each level: the document's own code, or a teacher's probabilities of all of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.options import Option
from engine.training.losses.base import Loss

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.models.base import Candidates


def next_code(levels: "Sequence[Candidates]", pairs: int, smoothing: float = 0.0) -> "Tensor":
    """Cross-entropy of the next code: DSI (Tay et al. 2022) and TIGER (Rajput et al. 2023).

    A mean over the levels that a pair has, then over the pairs. With ``smoothing`` (Szegedy et al. 2016) that share of the
    target is spread evenly over the codes that exist after the prefix; a code that no document has there is never a target.
    """
    from engine.training.losses import ragged

    summed, count = ragged.zeros(levels, pairs), ragged.zeros(levels, pairs)
    for level in levels:
        logs = ragged.log_probs(level, pairs)
        cost = -logs[level.target]
        if smoothing:
            stands_for = ragged.stands_for(level)
            even = ragged.zeros(levels, pairs).index_add(0, level.pair, logs.where(stands_for > 0, 0) * stands_for)
            among = ragged.zeros(levels, pairs).index_add(0, level.pair, stands_for)
            cost = (1 - smoothing) * cost - smoothing * (even[level.rows] / among[level.rows])
        summed = summed.index_add(0, level.rows, cost)
        count = count.index_add(0, level.rows, cost.new_ones(len(cost)))
    return ragged.mean(summed / count.clamp(min=1), count > 0)


def soft(levels: "Sequence[Candidates]", targets: "Sequence[Tensor]", pairs: int) -> "Tensor":
    """Cross-entropy with a teacher's probabilities (Hinton et al. 2015), which sum to 1 in a pair, or are all 0.

    A mean over the levels at which the teacher has mass below the pair's prefix, then over the pairs that have such a level; 0
    without any.
    """
    from engine.training.losses import ragged

    summed, count = ragged.zeros(levels, pairs), ragged.zeros(levels, pairs)
    for level, target in zip(levels, targets, strict=True):
        logs = ragged.log_probs(level, pairs)
        wanted = target.to(logs.dtype)
        # Chosen rather than multiplied: 0 times a log-probability of -inf is not a number.
        summed = summed.index_add(0, level.pair, (-wanted * logs).where(wanted > 0, 0))
        mass = ragged.zeros(levels, pairs).index_add(0, level.pair, wanted)
        count = count + (mass > 0)
    return ragged.mean(summed / count.clamp(min=1), count > 0)


def code_accuracy(levels: "Sequence[Candidates]", pairs: int) -> list[float]:
    """Share of the pairs that have a level whose true code is alone at the top there, given the true prefix; one a level.

    Among the codes that exist after the prefix: the others are masked when decoding, whatever their score. A tie for the top is
    wrong.
    """
    shares = []
    for level in levels:
        wanted = level.score.new_full((pairs,), float("nan"))
        wanted[level.rows] = level.score[level.target]
        as_good = (level.score >= wanted[level.pair]) & (level.node >= 0)
        among = level.pair.new_zeros(pairs).index_add(0, level.pair, as_good.long())
        shares.append(float((among[level.rows] == 1).double().mean()))
    return shares


LOSSES = (
    Loss(
        name="next_code",
        label="Next code",
        default=1.0,
        help="Weight of predicting the next code of a relevant document (DSI, Tay et al. 2022; TIGER, Rajput et al. 2023).",
        value=lambda given, at: next_code(given.levels, given.pairs, at["smoothing"]),
        settings=(
            Option(
                # .1 and .2 alike are worth .008 nDCG@10 on NFCorpus dev.
                name="smoothing",
                label="Smoothing of next code",
                type=float,
                default=0.1,
                low=0.0,
                high=0.5,
                help="Share of next_code's target spread evenly over the codes that exist there (Szegedy et al. 2016).",
            ),
        ),
    ),
    Loss(
        name="soft",
        label="Teacher's next codes",
        default=0.0,
        help="Weight of matching a teacher's probability of each next code, summed over documents below (Hinton et al. 2015).",
        value=lambda given, at: soft(given.taught or given.levels, given.soft or (), given.pairs),
        needs=frozenset({"targets"}),
    ),
)
