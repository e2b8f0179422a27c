"""What the decoder asks of a scorer.

A scorer is asked for the legal children only, all beams at once, ragged. (The usual interface, a dense row of
log-probabilities over every code for each beam, spends most of its time on codes that the trie forbids.)
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from engine.kernels.best import Best
from engine.trie import Children, Tree


class Scored(NamedTuple):
    """Scores of children, parallel to the :class:`engine.trie.Children` they belong to.

    Attributes
    ----------
    log_prob : np.ndarray
        Float32, nats: log p(code | prefix, query), normalised over the legal siblings.
    total : np.ndarray
        Float32, nats up to a constant of the query: what the beam ranks by. For most scorers the sum of ``log_prob`` along the
        path; the centroid scorer's node score already stands for the whole prefix.
    """

    log_prob: np.ndarray
    total: np.ndarray


class Abilities(NamedTuple):
    """What a scorer can do beside scoring; asked everywhere in place of looking for methods.

    Attributes
    ----------
    reads_text : bool
        It encodes queries itself: a :class:`TextScorer`.
    selects : bool
        It finds the best children without scoring all: a :class:`SelectingScorer`.
    bounds : bool
        It knows how good a leaf below a node can be: a :class:`BoundedScorer`.
    dense : bool
        It scores, and so spends probability on, codes that the tree lacks: a :class:`DenseScorer`.
    ahead : bool
        It scores all codes before any is written: an :class:`AheadScorer`.
    """

    reads_text: bool = False
    selects: bool = False
    bounds: bool = False
    dense: bool = False
    ahead: bool = False


class Scorer(Protocol):
    """Says how likely the next code is."""

    name: str
    abilities: Abilities

    def start(self, query: np.ndarray, temperature: float = 1.0) -> Any:
        """State for one query: its unit embedding, float32 ``(d,)``, or what a :class:`TextScorer` encodes it as. A higher
        temperature evens the odds."""
        ...

    def score(self, state: Any, nodes: np.ndarray, totals: np.ndarray, children: Children) -> Scored:
        """Score the ``children`` of the beams at ``nodes``, whose totals so far are ``totals``."""
        ...

    def masked(self, state: Any, level: int, nodes: np.ndarray, children: Children) -> np.ndarray:
        """Share of probability, a beam, that the scorer would spend at ``level`` on codes that the tree does not have there."""
        ...


class TextScorer(Scorer, Protocol):
    """A scorer that reads more of a query than its embedding."""

    def encode(self, texts: Sequence[str], vectors: np.ndarray) -> list[np.ndarray]:
        """What :meth:`Scorer.start` takes, one array a query; ``vectors`` are the unit embeddings, float32 ``(q, d)``."""
        ...


def encode_for(scorer: Any, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray | list[np.ndarray]:
    """Queries as ``scorer`` takes them: encoded by itself where it reads texts, else their embeddings."""
    return scorer.encode(texts, vectors) if scorer.abilities.reads_text else vectors


class SelectingScorer(Scorer, Protocol):
    """A scorer that can tell which candidates cannot win, and takes many queries at once. What it returns equals, bit for bit,
    what a search that scores everything would keep."""

    def start_all(self, tree: Tree, queries: np.ndarray | Sequence[np.ndarray], temperature: float = 1.0) -> Any | None:
        """State for float32 ``(q, d)`` queries, or for what a :class:`TextScorer` made of them; None where it cannot promise the
        same result as :meth:`Scorer.score` (another tree than its own, a number that is not finite), and all candidates are
        scored instead."""
        ...

    def best_children(self, state: Any, old: Best, beams: int) -> Best:
        """The ``beams`` best legal children of each query's beams, by total; equal totals in node order. A finished beam is its
        own only child, with the total it has."""
        ...


class BoundedScorer(Scorer, Protocol):
    """A scorer that can say how good a leaf below a node can be; best-first search needs it."""

    def bound(self, state: Any, nodes: np.ndarray, totals: np.ndarray) -> np.ndarray:
        """At least the total of every leaf below each of ``nodes``, whose own totals are ``totals``; at a leaf, its total.

        Never below what :meth:`Scorer.score` may return for such a leaf, its rounding included; infinity where nothing is known.
        """
        ...


class DenseScorer(Scorer, Protocol):
    """A scorer that also knows codes that the tree lacks; decoding without a mask needs it."""

    def dense(self, state: Any, level: int, nodes: np.ndarray, totals: np.ndarray, prefixes: np.ndarray) -> np.ndarray:
        """Total of every code of ``level`` after each unfinished beam: float32 ``(beams, codes)``, -inf where none can follow.

        A beam has node -1 where no document has its prefix; ``prefixes``, int64 ``(beams, level - 1)``, are the codes of all
        beams, -1 behind an absent prefix that nothing could follow. Codes that exist after a node get the totals of
        :meth:`Scorer.score`.
        """
        ...


class AheadScorer(Scorer, Protocol):
    """A scorer that can score a code without knowing its prefix; looking ahead needs it."""

    def at_once(self, state: Any) -> list[np.ndarray]:
        """Score of every code of each level from the first, whatever comes before it: float ``(codes,)``, nats up to a constant.
        Levels behind those have codes without a score; empty where no code has one."""
        ...


def log_softmax_within(scores: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Log-softmax within each group of a ragged array; ``group`` is sorted.

    >>> np.exp(log_softmax_within(np.array([0.0, 0.0, 5.0]), np.array([0, 0, 1]), 2)).tolist()
    [0.5, 0.5, 1.0]
    """
    return scores - log_sum_exp_within(scores, group, groups)[group]


def log_sum_exp_within(scores: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Log of summed exponentials of each group; -inf for a group without members. ``group`` is sorted."""
    result = np.full(groups, -np.inf, scores.dtype)
    if len(scores):
        first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
        peak = np.maximum.reduceat(scores, first)
        sizes = np.diff(np.append(first, len(scores)))
        result[group[first]] = peak + np.log(np.add.reduceat(np.exp(scores - np.repeat(peak, sizes)), first))
    return result
