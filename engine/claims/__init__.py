"""Claims of the field, one file each, by key and in the order in which a learner meets them.

To add one: write its file, end it with a ``CLAIM``, list it here.
"""

from engine.claims import (
    bounded_recall,
    cold_items,
    dynamic_corpora,
    identifier_churn,
    labels_or_generation,
    loses_at_scale,
    loss_by_size,
    nearby_prefixes,
    one_vector,
    out_of_distribution,
    random_identifiers,
    tree_index,
)
from engine.claims.base import VERDICTS, Claim, Finding, Measured

CLAIMS: dict[str, Claim] = {
    claim.key: claim
    for claim in (
        nearby_prefixes.CLAIM,
        tree_index.CLAIM,
        bounded_recall.CLAIM,
        random_identifiers.CLAIM,
        labels_or_generation.CLAIM,
        loses_at_scale.CLAIM,
        cold_items.CLAIM,
        identifier_churn.CLAIM,
        dynamic_corpora.CLAIM,
        one_vector.CLAIM,
        out_of_distribution.CLAIM,
        loss_by_size.CLAIM,
    )
}

__all__ = ["CLAIMS", "VERDICTS", "Claim", "Finding", "Measured"]
