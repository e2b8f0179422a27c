"""A package that adds to Triescope without touching it: what its tests install, and an example to begin from.

In a ``pyproject.toml`` of its own the entry points would read as in ``triescope_example-1.0.dist-info/entry_points.txt``.
"""

from typing import Any

import numpy as np

from engine.decoding.strategies.base import Search, Strategy
from engine.decoding.strategies.exact import run as run_exact
from engine.decoding.trace import Trace
from engine.identifiers.base import Identifiers, Material, Progress, Scheme
from engine.options import Option
from engine.retrievers.base import Method
from engine.retrievers.ranking import Queries, Ranking, best, pack
from engine.scorers import node


def fit_signs(material: Material, settings: dict[str, Any], seed: int, progress: Progress) -> Identifiers:
    """Signs of random projections, ``bits`` of them a code (Charikar 2002)."""
    bits = settings["bits"] or 3
    directions = np.random.default_rng(seed).standard_normal((material.embeddings.shape[1], 2 * bits))
    signs = (material.embeddings @ directions > 0).reshape(-1, 2, bits)
    return Identifiers(codes=(signs @ (1 << np.arange(bits))).astype(np.int32), vocabulary=(1 << bits, 1 << bits))


SCHEME = Scheme(
    name="signs",
    summary="Signs of random projections.",
    citation="Charikar 2002",
    options=(Option(name="bits", type=int, default=3, low=1, high=8, help="Bits a code."),),
    fit=fit_signs,
)


def run_reversed(search: Search) -> Trace:
    """What exact search finds, worst first."""
    found = run_exact(search)
    return found._replace(leaves=found.leaves[::-1], scores=found.scores[::-1])


STRATEGY = Strategy(name="reversed", summary="Exact search, worst first.", citation="", options=(), run=run_reversed)


class Euclid:
    """Ranks by distance; with vectors of length 1 that is the order of dense search."""

    name, needs_vectors = "euclid", True

    def __init__(self, embeddings: np.ndarray):
        self.embeddings = embeddings

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; scores are negative distances."""
        assert queries.vectors is not None
        scores = [-np.linalg.norm(self.embeddings - query, axis=1) for query in queries.vectors]
        return pack([(found := best(one, k, allowed), one[found]) for one in scores], k)


METHOD = Method(
    name="euclid",
    summary="by distance",
    citation="",
    color="#444444",
    open=lambda opened, beams, named: Euclid(opened.embeddings),
    evidence=lambda found: f"distance {-found.score:.3f}",
)

KIND = node.KIND._replace(name="node-again", summary="The node scorer under another name.")

TAKEN = Scheme(name="atomic", summary="Has a name of ours.", citation="", options=(), fit=fit_signs)
