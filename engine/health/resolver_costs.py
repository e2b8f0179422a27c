"""What each way to resolve collisions costs: how far it moves documents from the vectors their codes stand for."""

from typing import NamedTuple

import numpy as np

from engine.identifiers import RESOLVERS, SCHEMES, Identifiers, Material
from engine.identifiers.distortion import distortion


class Cost(NamedTuple):
    """One resolver applied to the codes as fitted.

    ``moved`` is the share of documents whose content codes changed; ``cosine`` and ``squared_error`` compare each embedding
    with the sum of its codes' vectors.
    """

    resolver: str
    levels: int
    moved: float
    cosine: float
    squared_error: float


def resolver_costs(name: str, fitted: Identifiers, embeddings: np.ndarray, seed: int = 0) -> list[Cost]:
    """Every resolver of scheme ``name`` on what it fitted before; empty for schemes whose codes are not vectors.

    The codes before resolving come from the scheme's ``assign``, which gives the training documents their fitted codes.
    """
    scheme = SCHEMES[name]
    if scheme.assign is None or not fitted.codebooks:
        return []
    before = scheme.assign(fitted, np.ascontiguousarray(embeddings, np.float32))
    width = before.shape[1]
    plain = Identifiers(before, fitted.vocabulary[:width], fitted.codebooks[:width])
    costs = []
    for resolver in scheme.resolvers:
        found = RESOLVERS[resolver](plain, Material(embeddings, ()), seed)
        cost = distortion(found, embeddings)
        if cost is not None:
            moved = float((found.codes[:, :width] != before).any(axis=1).mean())
            costs.append(Cost(resolver, found.codes.shape[1], moved, float(cost.cosine), float(cost.squared_error)))
    return costs
