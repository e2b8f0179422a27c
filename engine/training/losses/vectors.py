"""Losses on the vectors of queries and documents, where a model has them in one space."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.options import Option
from engine.training.losses.base import Inputs, Loss

if TYPE_CHECKING:
    from torch import Tensor


def contrastive(
    queries: "Tensor", documents: "Tensor", leaf: "Tensor", temperature: float, query: "Tensor | None" = None
) -> "Tensor":
    """InfoNCE in the batch on the cosine of ``queries`` and ``documents``, float ``(pairs, d)`` both: CALRec (Li et al. 2024).

    The documents of the other pairs are the negatives, save those with the same leaf, and those that the same ``query`` has.
    """
    from torch.nn import functional

    # The bound keeps the gradient of a vector of zeros in proportion.
    one, other = (functional.normalize(side, dim=1, eps=1e-6) for side in (queries, documents))
    logits = one @ other.T / temperature
    own = leaf.new_ones(len(leaf)).cumsum(0) - 1
    left_out = leaf[:, None] == leaf
    if query is not None:
        left_out = left_out | (query[:, None] == query)
    left_out = left_out & (own[:, None] != own)
    return functional.cross_entropy(logits.masked_fill(left_out, -float("inf")), own)


def _contrastive(given: Inputs, at: Mapping[str, Any]) -> "Tensor":
    assert given.represented is not None
    queries, documents = given.represented
    return contrastive(queries.float(), documents.float(), given.leaf, at["contrastive_temperature"], given.query)


LOSSES = (
    Loss(
        name="contrastive",
        label="Contrastive vectors",
        default=0.0,
        help="Weight of telling a query's document from the batch's others by their vectors (CALRec, 2024). An experiment.",
        value=_contrastive,
        needs=frozenset({"vectors"}),
        settings=(
            Option(
                # .05 is the inverse of the scale of the centroid scorer: both divide the same cosine.
                name="contrastive_temperature",
                label="Contrastive temperature",
                type=float,
                default=0.05,
                low=0.01,
                high=10.0,
                help="What contrastive divides the cosine by; lower is stricter.",
            ),
        ),
    ),
)
