"""The node scorer: the centroid scorer's node vectors and biases, trained, behind a residual adapter of the query.

It begins as the centroid scorer: the vector of a node is the mean embedding of its documents, its bias the logarithm of their
number, and the adapter adds nothing. Training moves all three; the corpus is then held in a vector a node.

    node score = scale * (query + adapter(query)) . vector + bias

With ``softmax=level`` the right node must win among all nodes of its level, so that node scores compare across the tree; the beam
ranks by them, as it does with the centroid scorer, and finds the best without scoring all. With ``softmax=siblings`` it must win
among its siblings alone, which is the identifier's likelihood that DSI and TIGER train, and the beam ranks by the sum of
log-probabilities along the path. That adds up each level's error: on films dev the same start comes to .272 instead of .329.
``softmax=beam`` is ``level`` among those nodes alone that a beam search by the scorer as it is would compare: optimal tree models
(Zhuo et al. 2020; :mod:`engine.training.models.reached`).

With ``teacher_head=apart`` a teacher's targets (loss ``soft``) are learned by node vectors of their own, which share the adapter
and are dropped when the training ends: an auxiliary head (Khani et al. 2024), which keeps a teacher's errors out of the scores.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.kernels.best import Best
from engine.options import Option
from engine.scorers import carried
from engine.scorers.base import Abilities, Scored, log_softmax_within
from engine.scorers.centroid import SCALE, holders
from engine.scorers.kinds import DROPOUT, EXPAND, HIDDEN, RATE, Kind, Parts
from engine.scorers.tensors import taken
from engine.trie import Children, Tree, Trie

if TYPE_CHECKING:
    from engine.scorers.selection import NodeSearch, SearchState


class Adapter(NamedTuple):
    """A residual layer: ``query + out @ gelu(into @ query + into_bias) + out_bias``; float32."""

    into: np.ndarray
    into_bias: np.ndarray
    out: np.ndarray
    out_bias: np.ndarray

    def __call__(self, query: np.ndarray) -> np.ndarray:
        """Adapt one query, float32 ``(d,)``."""
        from scipy.special import erf

        hidden = self.into @ query + self.into_bias
        hidden = 0.5 * hidden * (1 + erf(hidden / np.sqrt(np.float32(2))))
        return query + self.out @ hidden + self.out_bias


class NodeScorer:
    """Scores by trained node vectors; ranks by node score.

    Parameters
    ----------
    trie : Trie
        The tree it was trained on.
    vectors, bias : np.ndarray
        Float32 ``(held, d)`` and ``(held,)``: one a node that is no only child, in node order.
    adapter : Adapter
        Of the query.
    """

    name = "node"
    abilities = Abilities(selects=True)

    def __init__(self, trie: Trie, vectors: np.ndarray, bias: np.ndarray, adapter: Adapter):
        # An only child has its parent's documents, hence its vector and bias.
        held, row = np.unique(holders(trie), return_inverse=True)
        if vectors.shape[0] != len(held) or bias.shape != (len(held),):
            raise ValueError(f"{len(vectors)} node vectors and {len(bias)} biases for a tree of {len(held)}")
        self.trie, self.vectors, self.adapter, self.row = trie, vectors, adapter, row
        self.bias = np.asarray(bias)[row]

    def start(self, query: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """See :class:`engine.scorers.base.Scorer`: the adapted query times the scale; the temperature divides the scale."""
        return np.float32(SCALE / temperature) * self.adapter(query)

    def node_scores(self, state: np.ndarray, nodes: np.ndarray) -> np.ndarray:
        """Node score of each node, float32."""
        from engine.kernels.best_children import products
        from engine.kernels.compiled import fixed

        return products(fixed(self.vectors), self.row[nodes], state.astype(np.float64)) + self.bias[nodes]

    def score(self, state: np.ndarray, nodes: np.ndarray, totals: np.ndarray, children: Children) -> Scored:
        """See :class:`engine.scorers.base.Scorer`; totals are node scores, nats up to a constant of the query."""
        total = self.node_scores(state, children.node)
        return Scored(log_softmax_within(total, children.parent, len(nodes)), total)

    def masked(self, state: np.ndarray, level: int, nodes: np.ndarray, children: Children) -> np.ndarray:
        """Zero: the softmax is over codes that exist, so nothing is spent on others."""
        return np.zeros(len(nodes), np.float32)

    @cached_property
    def search(self) -> "NodeSearch":
        """Selects the best children without scoring all; made by the first search that asks."""
        from engine.scorers.selection import NodeSearch

        return NodeSearch(self.trie, self.vectors, self.bias, self.row)

    def start_all(self, tree: Tree, queries: np.ndarray | Sequence[np.ndarray], temperature: float = 1.0) -> "SearchState | None":
        """See :class:`engine.scorers.base.SelectingScorer`."""
        return self.search.start(tree, np.stack([self.start(query, temperature) for query in queries]))

    def best_children(self, state: "SearchState", old: Best, beams: int) -> Best:
        """See :class:`engine.scorers.base.SelectingScorer`."""
        return self.search.best_children(state, old, beams)


class SiblingScorer(NodeScorer):
    """Ranks by the sum of log-probabilities along the path. It cannot skip candidates: each needs all of its siblings."""

    abilities = Abilities()

    def score(self, state: np.ndarray, nodes: np.ndarray, totals: np.ndarray, children: Children) -> Scored:
        """See :class:`engine.scorers.base.Scorer`; totals in nats."""
        log_prob = super().score(state, nodes, totals, children).log_prob.astype(np.float32)
        return Scored(log_prob, totals[children.parent].astype(np.float32) + log_prob)


def adapter_of(tensors: Mapping[str, np.ndarray], width: int) -> Adapter:
    """The adapter of queries of so many dimensions, from saved tensors.

    Raises
    ------
    TriescopeError
        One is missing or of another shape.
    """
    into = taken(tensors, "into.weight", None, width)
    hidden = len(into)
    return Adapter(
        into,
        taken(tensors, "into.bias", hidden),
        taken(tensors, "out.weight", width, hidden),
        taken(tensors, "out.bias", width),
    )


def _open(parts: Parts, tensors: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> NodeScorer:
    width = parts.means.shape[1]
    vectors, bias = taken(tensors, "vectors", None, width), taken(tensors, "bias", None)
    ranks_by = SiblingScorer if settings["softmax"] == "siblings" else NodeScorer
    return ranks_by(parts.trie, vectors, bias, adapter_of(tensors, width))


def carry(tensors: Mapping[str, np.ndarray], change: carried.Change, settings: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Weights for a tree that changed (:mod:`engine.scorers.carried`); the adapter knows no tree."""
    _, row = np.unique(holders(change.before), return_inverse=True)
    nodes = carried.held_nodes(change.after)
    vectors, bias = taken(tensors, "vectors", row.max() + 1, change.means.shape[1]), taken(tensors, "bias", row.max() + 1)
    return carried.others(tensors) | {
        "vectors": carried.vectors(change, vectors[row], nodes),
        "bias": carried.biases(change, bias[row], nodes),
    }


def _encode(texts: Sequence[str], vectors: np.ndarray, parts: Parts, settings: Mapping[str, Any]) -> list[np.ndarray]:
    return list(vectors)


KIND = Kind(
    name="node",
    summary="Node vectors that start as the mean of the documents below and are trained with a residual query adapter.",
    citation="Identifier likelihood of DSI (Tay et al. 2022) and TIGER (Rajput et al. 2023), scored by node vectors.",
    options=(
        Option(
            name="softmax",
            label="Right node against",
            type=str,
            default="level",
            help="What the right node must beat while training: its level, its siblings, or what a beam reaches.",
            choices=("level", "siblings", "beam"),
        ),
        Option(
            name="reach",
            label="Beams while training",
            type=int,
            default=10,
            low=1,
            high=1000,
            help="Of softmax=beam: width of the search that says what is reached.",
        ),
        Option(
            name="teacher_head",
            label="Teacher's codes learned",
            type=str,
            default="shared",
            help="By the node vectors that are kept, or apart, by others that are dropped when the training ends.",
            choices=("shared", "apart"),
        ),
        EXPAND,
        RATE._replace(
            label="Learning rate, nodes", default=1e-4, help="Of the node vectors and biases; small sets overfit at 5e-4."
        ),
        RATE._replace(
            name="adapter_rate", label="Learning rate, adapter", default=1e-4, help="Learning rate of the query adapter."
        ),
        HIDDEN,
        DROPOUT,
    ),
    open=_open,
    encode=_encode,
    model="engine.training.models.node",
    carry=carry,
)
