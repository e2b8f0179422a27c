"""Sampling without replacement, by stochastic beam search.

Give every leaf its log-probability plus Gumbel noise; the ``beams`` highest are then an exact sample without replacement. Kool
et al. 2019 draw that noise from the top down: the maximum below a node is itself Gumbel, so a child's noise is drawn on the
condition that the best sibling has its parent's value, and a beam that keeps the highest never needs to visit the rest. Nucleus
truncation (Holtzman et al. 2020) leaves out the improbable tail of the siblings.
"""

import time

import numpy as np

from engine.decoding.beam import masked_mass
from engine.decoding.strategies.base import Search, Strategy
from engine.decoding.strategies.paths import cut, grow, root
from engine.decoding.trace import Trace
from engine.kernels.top_k import top_k
from engine.options import Option
from engine.scorers.base import log_softmax_within


def run(search: Search) -> Trace:
    """Draw ``beams`` different leaves; fewer exist only where the trie, or the nucleus of it, is smaller.

    The scorer is started at temperature 1, and ``log_prob / temperature`` is normalised again among the legal siblings: so the
    temperature means the same for every scorer. It decides who is drawn; totals and final scores are the scorer's own path
    log-probabilities (nats), and the kept and the leaves stand in order of them.
    """
    tree, scorer, rng = search.tree, search.scorer, np.random.default_rng(search.seed)
    state = scorer.start(search.query)
    # drawn_log: log-probability of the path as it is sampled; noisy: the same with its Gumbel noise.
    beams, drawn_log, noisy = root(), np.zeros(1), np.zeros(1)
    steps, seen = [], 0
    for level in range(1, tree.levels + 1):
        start = time.perf_counter()
        pool = grow(tree, scorer, state, level, beams)
        fresh = np.flatnonzero(~pool.waits)  # sorted by parent: grow appends the finished behind
        parent = pool.parent[fresh]
        step_log = log_softmax_within(pool.log_prob[fresh] / search.temperature, parent, len(beams.node))
        inside = nucleus(step_log, parent, pool.key[fresh], search.settings["top_p"])
        fresh, parent, step_log = fresh[inside], parent[inside], step_log[inside]
        step_log = log_softmax_within(step_log, parent, len(beams.node))
        here, noise = drawn_log[pool.parent], np.full(len(pool.node), -np.inf)
        here[fresh] += step_log
        noise[pool.waits] = noisy[pool.parent[pool.waits]]
        noise[fresh] = conditional_gumbel(here[fresh] + rng.gumbel(size=len(fresh)), noisy, parent)
        able = np.flatnonzero(np.isfinite(noise))
        best = able[top_k(noise[able], search.beams, pool.key[able])]
        best = best[np.lexsort((pool.key[best], -pool.path[best]))]
        ms = (time.perf_counter() - start) * 1e3
        seen += int((~pool.waits).sum())
        steps.append(cut(level, pool, best, pool.path, masked_mass(tree, scorer, state, level, beams.node, beams.total), ms))
        beams, drawn_log, noisy = pool.keep(best), here[best], noise[best]
    return Trace(search.beams, steps, beams.node, beams.path.astype(np.float32), scored=seen)


def nucleus(log_prob: np.ndarray, group: np.ndarray, key: np.ndarray, top_p: float) -> np.ndarray:
    """Places, in order, of the fewest most probable members of each group that hold ``top_p`` of its probability.

    ``group`` is sorted; equal probabilities are taken in order of ``key``.

    >>> nucleus(np.log([0.1, 0.6, 0.3, 1.0]), np.array([0, 0, 0, 1]), np.arange(4), 0.7).tolist()
    [1, 2, 3]
    """
    if top_p >= 1 or not len(log_prob):
        return np.arange(len(log_prob))
    order = np.lexsort((key, -log_prob, group))
    running = np.cumsum(np.exp(log_prob[order]))
    first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    before_group = np.repeat(np.r_[0.0, running[first[1:] - 1]], np.diff(np.append(first, len(group))))
    # A member is in when those ahead of it do not hold top_p yet; the first of a group always is.
    ahead = running - np.exp(log_prob[order]) - before_group
    within = ahead < top_p
    within[first] = True
    return np.sort(order[within])


def conditional_gumbel(noisy: np.ndarray, peak: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Gumbels shifted so that the highest of each group equals ``peak[group]``: their law given that maximum.

    The transformation of Kool et al. 2019, appendix B.3, in the form that does not overflow. ``group`` is sorted.
    """
    if not len(noisy):
        return noisy
    first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    highest = np.repeat(np.maximum.reduceat(noisy, first), np.diff(np.append(first, len(group))))
    target = peak[group]
    with np.errstate(divide="ignore"):
        gap = target - noisy + np.log(-np.expm1(noisy - highest))
    return target - np.maximum(gap, 0) - np.log1p(np.exp(-np.abs(gap)))


STRATEGY = Strategy(
    name="sample",
    summary="Draws different identifiers at random, by their probability.",
    citation="Kool et al. 2019 (stochastic beam search); Holtzman et al. 2020 (nucleus)",
    options=(
        Option(
            name="top_p",
            type=float,
            default=1.0,
            low=0.01,
            high=1.0,
            help="Share of the probability, among siblings, that may be drawn; 1 is all of it.",
        ),
    ),
    run=run,
)
