"""What the losses and the loop ask of a model that can be trained.

A model says, for pairs of a query and a document, how it scores what may follow at every level of the document's identifier. All
losses are made of that, so each of them works with each model.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from engine.scorers.base import Scorer


class Candidates(NamedTuple):
    """What may follow at one level, for several pairs at once: ragged, in the order of the pairs.

    Attributes
    ----------
    score : Tensor
        Float ``(m,)``: before normalising; log p(code | prefix, query) is its log-softmax within the pair (:func:`log_probs`).
    pair : Tensor
        Int64 ``(m,)``, sorted: the pair each entry belongs to.
    node : Tensor
        Int64 ``(m,)``: the trie node; -1 for a code that no document has there (listed by models that normalise over
        all codes).
    rows : Tensor
        Int64 ``(p,)``, sorted: the pairs that have this level; an identifier can end earlier.
    target : Tensor
        Int64 ``(p,)``: where, among the ``m`` entries, the code stands that the pair's own document has.
    log_weight : Tensor, optional
        Float ``(m,)``, nats, where only a sample of what may follow is listed: the log of how many each entry stands for, one
        over its chance of being listed; 0 at ``target``.
    """

    score: Tensor
    pair: Tensor
    node: Tensor
    rows: Tensor
    target: Tensor
    log_weight: Tensor | None = None


class Model(Protocol):
    """A ``torch.nn.Module`` that scores identifiers."""

    def encode(self, queries: Sequence[np.ndarray]) -> Any:
        """What the other methods need of some queries, given as the scorer's ``encode`` made them."""
        ...

    def candidates(self, encoded: Any, query: Tensor, leaf: Tensor) -> list[Candidates]:
        """One entry a level for pairs of a query (its place in ``encoded``) and a document (the leaf it lies under), int64
        ``(pairs,)`` both. Levels below every leaf are left out."""
        ...

    def represent(self, encoded: Any, query: Tensor, leaf: Tensor) -> tuple[Tensor, Tensor]:
        """Float ``(pairs, d)`` twice: queries and documents in one space, for the contrastive loss."""
        ...

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser, with their learning rates."""
        ...

    # A model may also have ``prime(embeddings, pairs, queries)``, called once before the first step of a training: what it can
    # take over from the pairs without a gradient; ``taught(encoded, query, leaf)``, the candidates as a head scores them that
    # learns a teacher's targets alone, or None; and ``kept()``, its state without what only the training needs.

    def scorer(self) -> Scorer:
        """A scorer with the weights as they are now, which later training steps do not change."""
        ...


def log_softmax_within(score: Tensor, pair: Tensor, pairs: int) -> Tensor:
    """Log-softmax within each pair of a ragged tensor.

    >>> log_softmax_within(torch.tensor([0.0, 0.0, 5.0]), torch.tensor([0, 0, 1]), 2).exp().tolist()
    [0.5, 0.5, 1.0]
    """
    width = len(score) // pairs if pairs and len(score) % pairs == 0 else 0
    first = pair[::width] if width else pair[:0]
    if width and torch.equal(first, torch.arange(pairs, device=pair.device)) and torch.equal(pair[width - 1 :: width], first):
        return torch.log_softmax(score.view(pairs, width), dim=1).flatten()  # all of one length: nothing to scatter
    peak = torch.full((pairs,), -torch.inf, dtype=score.dtype, device=score.device)
    peak = peak.scatter_reduce(0, pair, score.detach(), "amax")
    shifted = score - peak[pair]
    mass = torch.zeros(pairs, dtype=score.dtype, device=score.device).index_add(0, pair, shifted.exp())
    return shifted - mass.log()[pair]


def log_probs(level: Candidates, pairs: int) -> Tensor:
    """log p(code | prefix, query) of a level's entries, float ``(m,)``.

    Of a sample, each entry counts in the sum of the softmax for as many as it stands for: the importance sampling of Bengio and
    Senecal (2008), the logQ correction of Yi et al. (2019). That sum is then right on average; without it what was left out would
    count for nothing, and frequent and rare prefixes would be pushed down as if they competed with the sample alone.
    """
    if level.log_weight is None:
        return log_softmax_within(level.score, level.pair, pairs)
    weight = level.log_weight.to(level.score.dtype)
    return log_softmax_within(level.score + weight, level.pair, pairs) - weight


def path_log_probs(levels: Sequence[Candidates], pairs: int) -> Tensor:
    """log p(code | prefix, query) along each pair's own path: float ``(pairs, levels)``, 0 where the identifier has ended."""
    columns = []
    for level in levels:
        logs = log_probs(level, pairs)[level.target]
        columns.append(torch.zeros(pairs, dtype=logs.dtype, device=logs.device).index_add(0, level.rows, logs))
    return torch.stack(columns, dim=1)
