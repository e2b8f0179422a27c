"""Decoding strategies by name. To add one: write its file, end it with a ``STRATEGY``, list it here; or name it in a package of
your own (:mod:`engine.plugins`)."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.decoding.confidence import with_share
from engine.decoding.search import DEFAULT_BEAMS
from engine.decoding.strategies import (
    beam,
    best_first,
    diverse,
    exact,
    length_normalised,
    look_ahead,
    narrowed,
    reverse_annealed,
    sample,
    unconstrained,
)
from engine.decoding.strategies.base import Search, Strategy
from engine.decoding.strategies.unconstrained import existing_share
from engine.decoding.trace import Trace
from engine.errors import TriescopeError
from engine.options import check_options, parse_option
from engine.plugins import Registry
from engine.scorers.base import Scorer
from engine.trie import Tree

_OURS = {
    strategy.name: strategy
    for strategy in (
        beam.BEAM,
        beam.GREEDY,
        narrowed.STRATEGY,
        length_normalised.STRATEGY,
        look_ahead.STRATEGY,
        diverse.STRATEGY,
        sample.STRATEGY,
        reverse_annealed.STRATEGY,
        best_first.STRATEGY,
        exact.STRATEGY,
        unconstrained.STRATEGY,
    )
}
STRATEGIES: Registry[Strategy] = Registry("triescope.strategies", Strategy, _OURS)

__all__ = ["STRATEGIES", "Search", "Strategy", "check_settings", "decode", "existing_share", "parse_setting"]


def check_settings(name: str, settings: Mapping[str, Any]) -> Strategy:
    """The strategy, after checking that it exists and that every setting is one of its options and in range.

    Raises
    ------
    TriescopeError
        It does not, or one is not.
    """
    if name not in STRATEGIES:
        raise TriescopeError(f"unknown strategy {name!r}; there are {', '.join(STRATEGIES)}")
    check_options(name, STRATEGIES[name].options, dict(settings))
    return STRATEGIES[name]


def parse_setting(name: str, text: str) -> tuple[str, Any]:
    """Key and typed value of ``key=value`` as typed in the shell.

    >>> parse_setting("diverse", "groups=4")
    ('groups', 4)
    """
    return parse_option(name, check_settings(name, {}).options, text)


def decode(
    name: str,
    tree: Tree,
    scorer: Scorer,
    query: np.ndarray,
    beams: int = DEFAULT_BEAMS,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    temperature: float = 1.0,
) -> Trace:
    """Decode identifiers for one query by strategy ``name``.

    Parameters
    ----------
    name : str
        One of :data:`STRATEGIES`.
    tree : Tree
        The legal identifiers.
    scorer : Scorer
        Gives log-probabilities and totals.
    query : np.ndarray
        Float32 ``(d,)``, unit length.
    beams : int
        Identifiers asked for; greedy gives one, whatever is asked.
    settings : mapping, optional
        Values for the strategy's options; what is missing or None has its default.
    seed : int
        For the strategies that draw; the others do not look at it.
    temperature : float
        Above 1 evens the odds.

    Raises
    ------
    TriescopeError
        An unknown strategy or option, a value out of range, or a scorer that gives what cannot be ranked or lacks what the
        strategy needs (the message names the scorer).

    Examples
    --------
    >>> from engine.scorers.centroid import CentroidScorer, node_means
    >>> from engine.trie import build
    >>> trie = build(np.array([[0, 1], [0, 2], [3, 0]], np.int32))
    >>> vectors = np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32)
    >>> trace = decode("exact", trie, CentroidScorer(trie, node_means(trie, vectors), []), vectors[1], beams=2)
    >>> [trie.prefix(int(leaf)) for leaf in trace.leaves]
    [(0, 2), (3, 0)]
    """
    strategy = check_settings(name, settings or {})
    if isinstance(beams, bool) or not isinstance(beams, int | np.integer) or beams < 1:
        raise TriescopeError(f"beams must be at least 1, not {beams}")
    if not (math.isfinite(temperature) and temperature > 0):
        raise TriescopeError(f"temperature must be above 0, not {temperature}")
    if seed < 0:
        raise TriescopeError(f"seed must be at least 0, not {seed}")
    given = {key: value for key, value in (settings or {}).items() if value is not None}
    complete = {option.name: option.default for option in strategy.options} | given
    trace = strategy.run(Search(tree, scorer, query, int(beams), complete, seed, temperature))._replace(strategy=name)
    return with_share(trace, tree, scorer, query, temperature) if np.isnan(trace.log_share) else trace
