"""What is minimised. To add a loss: write its function with its record in a file of this folder, and list the record there.

Each is made of :class:`engine.training.models.base.Candidates` alone, so each works with every model. All are in nats (``prefix``
in squared nats) and are means over the pairs they can judge: an identifier that ends early, or a pair that a teacher says nothing
about, neither adds to a mean nor waters it down.
"""

from collections.abc import Mapping

from engine.options import Option
from engine.training.losses import codes, paths, vectors
from engine.training.losses.base import Loss, Need

LOSSES: dict[str, Loss] = {loss.name: loss for loss in (*codes.LOSSES, *paths.LOSSES, *vectors.LOSSES)}
# Weights and settings of all, as shell, form and docs show them.
OPTIONS: tuple[Option, ...] = tuple(option for loss in LOSSES.values() for option in loss.options)


def switched_on(weights: Mapping[str, float | None]) -> list[Loss]:
    """The losses that have a weight above 0; what is not named, or is None, has its default.

    >>> [loss.name for loss in switched_on({"soft": 0.5})]
    ['next_code', 'soft']
    """
    given = {name: weight for name, weight in weights.items() if weight is not None}
    return [loss for name, loss in LOSSES.items() if given.get(name, loss.default) > 0]


def needed(weights: Mapping[str, float | None]) -> frozenset[Need]:
    """What must be made for the losses of these weights.

    >>> sorted(needed({"prefix": 1.0})), sorted(needed({}))
    (['margins', 'negatives'], [])
    """
    return frozenset[Need]().union(*(loss.needs for loss in switched_on(weights)))
