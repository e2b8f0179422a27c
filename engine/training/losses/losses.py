"""The losses. Each is made of :class:`engine.training.models.base.Candidates` alone, so each works with every model.

All are in nats (``prefix`` in squared nats) and are means over the pairs they can judge: an identifier that ends early, or a
pair that a teacher says nothing about, neither adds to a mean nor waters it down.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import TriescopeError
from engine.options import check_options
from engine.training.losses.options import LOSSES
from engine.training.models.base import Candidates, log_softmax_within, path_log_probs

__all__ = ["LOSSES", "Inputs", "code_accuracy", "contrastive", "margin", "next_code", "prefix", "soft", "stages", "total"]

Given = TypeVar("Given")


class Inputs(NamedTuple):
    """What the losses of one step may need; what no switched-on loss needs can be None.

    Attributes
    ----------
    levels, negative_levels : list of Candidates
        The paths of each pair's relevant document and of its negative, one a pair. Pairs without a negative have no rows there.
    pairs : int
        Pairs of the step.
    soft : list of Tensor
        A teacher's target for each of ``levels``, parallel to its entries (:func:`engine.training.losses.marginal.marginalise`).
    teacher_margin : Tensor
        Float ``(pairs,)``, nats: the teacher's score of the document less that of the negative; NaN where it has none.
    represented : tuple of Tensor
        Float ``(pairs, d)`` twice: :meth:`engine.training.models.base.Model.represent`.
    leaf : Tensor
        Int64 ``(pairs,)``: the leaf of each pair's document.
    progress : float
        How far training is, 0 to 1.
    query : Tensor, optional
        Int64 ``(pairs,)``: pairs with equal numbers ask the same, so their documents are no negatives of each other.
    """

    levels: list[Candidates]
    negative_levels: list[Candidates] | None
    pairs: int
    soft: list[Tensor] | None
    teacher_margin: Tensor | None
    represented: tuple[Tensor, Tensor] | None
    leaf: Tensor
    progress: float
    query: Tensor | None = None


def next_code(levels: Sequence[Candidates], pairs: int, smoothing: float = 0.0) -> Tensor:
    """Cross-entropy of the next code: DSI (Tay et al. 2022) and TIGER (Rajput et al. 2023).

    A mean over the levels that a pair has, then over the pairs. With ``smoothing`` (Szegedy et al. 2016) that share of the
    target is spread evenly over the codes that exist after the prefix; a code that no document has there is never a target.
    """
    summed, count = _zeros(levels, pairs), _zeros(levels, pairs)
    for level in levels:
        logs = log_softmax_within(level.score, level.pair, pairs)
        cost = -logs[level.target]
        if smoothing:
            exists = level.node >= 0
            even = torch.zeros_like(summed).index_add(0, level.pair, torch.where(exists, logs, 0))
            among = torch.zeros_like(summed).index_add(0, level.pair, exists.to(logs.dtype))
            cost = (1 - smoothing) * cost - smoothing * (even[level.rows] / among[level.rows])
        summed = summed.index_add(0, level.rows, cost)
        count = count.index_add(0, level.rows, torch.ones_like(cost))
    return _mean(summed / count.clamp(min=1), count > 0)


def soft(levels: Sequence[Candidates], targets: Sequence[Tensor], pairs: int) -> Tensor:
    """Cross-entropy with a teacher's probabilities (Hinton et al. 2015), which sum to 1 in a pair, or are all 0.

    A mean over the levels at which the teacher has mass below the pair's prefix, then over the pairs that have such a level; 0
    without any.
    """
    summed, count = _zeros(levels, pairs), _zeros(levels, pairs)
    for level, target in zip(levels, targets, strict=True):
        logs = log_softmax_within(level.score, level.pair, pairs)
        wanted = target.to(logs.dtype)
        # Chosen rather than multiplied: 0 times a log-probability of -inf is not a number.
        summed = summed.index_add(0, level.pair, torch.where(wanted > 0, -wanted * logs, 0))
        mass = torch.zeros_like(summed).index_add(0, level.pair, wanted)
        count = count + (mass > 0)
    return _mean(summed / count.clamp(min=1), count > 0)


def margin(levels: Sequence[Candidates], negatives: Sequence[Candidates], pairs: int, size: float) -> Tensor:
    """Hinge on the log-probabilities of two whole paths, ``max(0, size - positive + negative)``: LTRGR (Li et al. 2024).

    A mean over the pairs that have a negative; 0 without any.
    """
    if not negatives:
        return _nothing(levels, pairs)
    positive, negative = path_log_probs(levels, pairs).sum(1), path_log_probs(negatives, pairs).sum(1)
    return _mean((size - positive + negative).clamp(min=0), _present(levels, pairs) & _present(negatives, pairs))


def prefix(levels: Sequence[Candidates], negatives: Sequence[Candidates], teacher: Tensor, pairs: int, progress: float) -> Tensor:
    """Margin-MSE at every prefix length: the prefix-oriented loss of RIPOR (Zeng et al. 2024).

    At each length the difference of the two prefixes' log-probabilities should be the teacher's difference, so that the right
    prefix already leads where a beam is cut. (RIPOR asks short prefixes for a part of the difference only; its identifiers have
    up to 32 codes, ours a few, so each length is asked for the whole.) Short prefixes come first: :func:`stages`. Where the two
    paths still share their prefix nothing can be learnt, and nothing is asked.

    A mean over the lengths, weighted by stage, up to the end of the longer path, then over the pairs that have a negative and a
    finite teacher's difference; 0 without any.
    """
    if not negatives:
        return _nothing(levels, pairs)
    depth = max(len(levels), len(negatives))
    own, other = _path_nodes(levels, pairs, depth), _path_nodes(negatives, pairs, depth)
    ahead = _prefix_log_probs(levels, pairs, depth) - _prefix_log_probs(negatives, pairs, depth)
    judged = torch.isfinite(teacher)
    # Replaced before it is used: a NaN that is only masked afterwards still makes the gradient NaN.
    wanted = torch.where(judged, teacher, 0).to(ahead.dtype)[:, None]
    parted = (own != other).cumsum(1) > 0
    weight = stages(depth, progress).to(ahead) * ((own >= 0) | (other >= 0))
    squared = torch.where(parted, (ahead - wanted) ** 2, 0)
    # The first length always has weight 1, so that no pair with a path divides by 0.
    of_pair = (weight * squared).sum(1) / weight.sum(1).clamp(min=1)
    return _mean(of_pair, judged & _present(levels, pairs) & _present(negatives, pairs))


def stages(depth: int, progress: float) -> Tensor:
    """Weights of the prefix lengths, float64 ``(depth,)``, at ``progress`` (0 to 1).

    Training has as many equal stages as there are lengths. The shortest prefix counts from the start, during each stage the
    next one fades in, and in the last stage all count in full.

    >>> [stages(4, progress).tolist() for progress in (0, 0.125, 0.5, 0.75)]
    [[1.0, 0.0, 0.0, 0.0], [1.0, 0.5, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]]
    """
    return (1 + progress * depth - torch.arange(depth, dtype=torch.float64)).clamp(0, 1)


def contrastive(queries: Tensor, documents: Tensor, leaf: Tensor, temperature: float, query: Tensor | None = None) -> Tensor:
    """InfoNCE in the batch on the cosine of ``queries`` and ``documents``, float ``(pairs, d)`` both: CALRec (Li et al. 2024).

    The documents of the other pairs are the negatives, save those with the same leaf, and those that the same ``query`` has.
    """
    logits = _unit(queries) @ _unit(documents).T / temperature
    own = torch.arange(len(leaf), device=leaf.device)
    left_out = leaf[:, None] == leaf
    if query is not None:
        left_out = left_out | (query[:, None] == query)
    left_out = left_out & (own[:, None] != own)
    return functional.cross_entropy(logits.masked_fill(left_out, -torch.inf), own)


def total(inputs: Inputs, weights: Mapping[str, float]) -> tuple[Tensor, dict[str, float]]:
    """The weighted sum of the losses, and each one's own value, unweighted; a loss of weight 0 is not computed.

    Scores of half precision are raised to float32 first, and automatic mixed precision is off in here: a path sums logarithms.

    Parameters
    ----------
    inputs : Inputs
        Of one step.
    weights : mapping
        Values of :data:`LOSSES` by name; what is missing has its default.

    Raises
    ------
    TriescopeError
        A setting is unknown or out of its range, every loss is off, or one that is on lacks what it needs.
    """
    check_options("losses", LOSSES, dict(weights))
    given = {name: value for name, value in weights.items() if value is not None}
    at: dict[str, Any] = {option.name: option.default for option in LOSSES} | given
    pairs, values = inputs.pairs, dict[str, Tensor]()
    with torch.autocast(inputs.leaf.device.type, enabled=False):
        levels = _raised(inputs.levels)
        if at["next_code"]:
            values["next_code"] = next_code(levels, pairs, at["smoothing"])
        if at["soft"]:
            values["soft"] = soft(levels, _needed("soft", inputs.soft, "a teacher's targets"), pairs)
        if at["margin"]:
            negatives = _raised(_needed("margin", inputs.negative_levels, "negatives"))
            values["margin"] = margin(levels, negatives, pairs, at["margin_size"])
        if at["prefix"]:
            negatives = _raised(_needed("prefix", inputs.negative_levels, "negatives"))
            teacher = _needed("prefix", inputs.teacher_margin, "a teacher's scores of documents and negatives")
            values["prefix"] = prefix(levels, negatives, teacher, pairs, inputs.progress)
        if at["contrastive"]:
            queries, documents = _needed("contrastive", inputs.represented, "the vectors of queries and documents")
            temperature = at["contrastive_temperature"]
            values["contrastive"] = contrastive(queries.float(), documents.float(), inputs.leaf, temperature, inputs.query)
    if not values:
        raise TriescopeError("every loss has weight 0; give at least one a weight")
    summed = torch.stack([at[name] * value for name, value in values.items()]).sum()
    return summed, {name: float(value.detach()) for name, value in values.items()}


@torch.no_grad()
def code_accuracy(levels: Sequence[Candidates], pairs: int) -> list[float]:
    """Share of the pairs that have a level whose true code is alone at the top there, given the true prefix; one a level.

    Among the codes that exist after the prefix: the others are masked when decoding, whatever their score. A tie for the top is
    wrong.
    """
    shares = []
    for level in levels:
        wanted = torch.full((pairs,), torch.nan, dtype=level.score.dtype, device=level.score.device)
        wanted[level.rows] = level.score[level.target]
        as_good = (level.score >= wanted[level.pair]) & (level.node >= 0)
        among = torch.zeros(pairs, dtype=torch.int64, device=level.pair.device).index_add(0, level.pair, as_good.long())
        shares.append(float((among[level.rows] == 1).double().mean()))
    return shares


def _needed(loss: str, given: Given | None, words: str) -> Given:
    if given is None:
        raise TriescopeError(f"the loss {loss} has a weight, but there is nothing to compute it from: it needs {words}")
    return given


def _raised(levels: Sequence[Candidates]) -> list[Candidates]:
    """The same in float32 or better."""
    return [level._replace(score=level.score.to(torch.promote_types(level.score.dtype, torch.float32))) for level in levels]


def _unit(vectors: Tensor) -> Tensor:
    # The bound keeps the gradient of a vector of zeros in proportion.
    return functional.normalize(vectors, dim=1, eps=1e-6)


def _zeros(levels: Sequence[Candidates], pairs: int) -> Tensor:
    return torch.zeros(pairs, dtype=levels[0].score.dtype, device=levels[0].score.device)


def _mean(values: Tensor, counted: Tensor) -> Tensor:
    """Mean of the counted ones; 0, with a gradient of 0, when there are none."""
    return torch.where(counted, values, 0).sum() / counted.sum().clamp(min=1)


def _nothing(levels: Sequence[Candidates], pairs: int) -> Tensor:
    """0 with a gradient of 0: what a step costs in which no pair has a negative."""
    logs = path_log_probs(levels, pairs)
    return _mean(logs, torch.zeros_like(logs, dtype=torch.bool))


def _present(levels: Sequence[Candidates], pairs: int) -> Tensor:
    """Which pairs have a path at all: bool ``(pairs,)``."""
    return torch.zeros(pairs, dtype=torch.bool, device=levels[0].rows.device).index_fill(0, levels[0].rows, True)


def _path_nodes(levels: Sequence[Candidates], pairs: int, depth: int) -> Tensor:
    """Node at each level of each pair's path, int64 ``(pairs, depth)``; -1 where it has ended."""
    nodes = torch.full((pairs, depth), -1, device=levels[0].node.device)
    for column, level in enumerate(levels):
        nodes[level.rows, column] = level.node[level.target]
    return nodes


def _prefix_log_probs(levels: Sequence[Candidates], pairs: int, depth: int) -> Tensor:
    """log p(prefix | query) at each length, ``(pairs, depth)``; that of the whole path where it has ended."""
    return functional.pad(path_log_probs(levels, pairs), (0, depth - len(levels))).cumsum(1)
