"""Reverse-annealed sampling (ZeroGR): one draw after another, the first greedy, each later one warmer.

The first draw keeps what greedy decoding gets right; the later ones explore. A finished leaf leaves the trie, with every branch
that has nothing left, so nothing comes twice. A node's children are scored when it is first reached and remembered, so draws that
share a path share its cost.
"""

import time
from dataclasses import dataclass, field

import numpy as np

from engine.decoding.strategies.base import Search, Strategy
from engine.decoding.strategies.paths import Beams, Pool, grow, root, steps_to
from engine.decoding.trace import Trace
from engine.options import Option


@dataclass(slots=True)
class _Branch:
    """An inner node that was reached: its scored children, which of them still hold a leaf, and the branches below."""

    pool: Pool
    live: np.ndarray
    above: "_Branch | None" = None
    place_above: int = -1
    below: dict[int, "_Branch"] = field(default_factory=dict)


def run(search: Search) -> Trace:
    """Draw ``beams`` leaves, or all there are.

    As in sampling, the scorer is started at temperature 1 and the draws divide ``log_prob`` by their own temperature: the
    search's times that of :func:`temperatures`. Leaves stand in order of drawing; scores are the scorer's totals, so they need
    not fall.
    """
    tree, scorer, rng = search.tree, search.scorer, np.random.default_rng(search.seed)
    state = scorer.start(search.query)
    start = time.perf_counter()
    seen = 0

    def reach(level: int, beam: Beams, above: _Branch | None = None, place: int = -1) -> _Branch:
        nonlocal seen
        pool = grow(tree, scorer, state, level, beam)
        seen += len(pool.node)
        return _Branch(pool, np.ones(len(pool.node), bool), above, place)

    top = reach(1, root())
    leaves: list[int] = []
    scores: list[float] = []
    heat = temperatures(search.beams, search.settings["hottest"], search.settings["steepness"]) * search.temperature
    for warmth in heat:
        if not top.live.any():
            break
        branch, level = top, 1
        while True:
            place = _pick(branch, float(warmth), rng)
            node = branch.pool.node[place]
            if tree.is_leaf(node):
                break
            level += 1
            if place not in branch.below:
                branch.below[place] = reach(level, branch.pool.keep(np.array([place])), branch, place)
            branch = branch.below[place]
        leaves.append(int(node))
        scores.append(float(branch.pool.total[place]))
        _remove(branch, place)
    found = np.array(leaves, np.int64)
    ms = (time.perf_counter() - start) * 1e3
    steps = steps_to(tree, scorer, state, found, ms)
    return Trace(search.beams, steps, found, np.array(scores, np.float32), scored=seen)


def temperatures(draws: int, hottest: float, steepness: float = 0.0) -> np.ndarray:
    """Temperature of each draw, float64 ``(draws,)``: 0 (greedy) at the first, ``hottest`` at the last.

    ZeroGR's schedule ``hottest * [f(s(x - m)) - f(-s m)] / [f(s(1 - m)) - f(-s m)]`` with the logistic function f, the middle
    m = 1/2, steepness s, and x running from 0 to 1 over the draws; s = 0 is its limit, a straight line.

    >>> temperatures(5, 1.0).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    >>> temperatures(5, 1.0, 10.0).round(3).tolist()
    [0.0, 0.07, 0.5, 0.93, 1.0]
    """
    progress = np.arange(draws) / max(draws - 1, 1)
    if steepness:
        # With f(z) = (1 + tanh(z / 2)) / 2 the quotient is odd around the middle.
        progress = (np.tanh(steepness * (progress - 0.5) / 2) / np.tanh(steepness / 4) + 1) / 2
    return hottest * progress


def _pick(branch: _Branch, warmth: float, rng: np.random.Generator) -> int:
    """Place of one live child: the best total at temperature 0, else drawn by the softmax of ``log_prob / warmth``."""
    if warmth == 0:
        return int(np.where(branch.live, branch.pool.total, -np.inf).argmax())
    log_prob = branch.pool.log_prob.astype(np.float64)
    # Measured from the best live child, which is 0 at any temperature: nothing overflows. Gumbel noise makes argmax a draw.
    with np.errstate(over="ignore"):
        warmed = (log_prob - log_prob[branch.live].max()) / warmth
    return int(np.where(branch.live, warmed + rng.gumbel(size=len(log_prob)), -np.inf).argmax())


def _remove(branch: _Branch, place: int) -> None:
    """Take a leaf out, and every branch above it that has nothing left."""
    branch.live[place] = False
    while branch.above is not None and not branch.live.any():
        branch.above.live[branch.place_above] = False
        branch = branch.above


STRATEGY = Strategy(
    name="reverse-annealed",
    summary="Draws one identifier after another: the first greedy, the later ones warmer, none twice.",
    citation="Sun et al. 2025 (ZeroGR)",
    options=(
        Option(name="hottest", type=float, default=1.0, low=0.0, high=10.0, help="Temperature of the last draw."),
        Option(
            name="steepness",
            type=float,
            default=0.0,
            low=0.0,
            high=100.0,
            help="Of the rise: 0 is a straight line, above it an S around the middle.",
        ),
    ),
    run=run,
)
