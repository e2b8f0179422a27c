"""Beam search by log-probability per length.

A longer identifier multiplies more probabilities and so loses to a shorter one for no better reason. Dividing the path's
log-probability by a power of its length makes up for that (length normalisation of GNMT, Wu et al. 2016, with the plain power
``length ** alpha``; alpha 0 ranks by probability, alpha 1 by the mean of the codes' log-probabilities).
"""

import time

import numpy as np

from engine.decoding.beam import masked_mass
from engine.decoding.strategies.base import Search, Strategy
from engine.decoding.strategies.paths import cut, grow, root
from engine.decoding.trace import Trace
from engine.kernels.top_k import top_k
from engine.options import Option


def run(search: Search) -> Trace:
    """Keep the best path log-probabilities over length to the power alpha; a finished leaf keeps its own length.

    Totals in the steps and the final scores are these quotients, in nats. They rank by ``log_prob`` even where the scorer's own
    total is no sum of it.
    """
    tree, scorer, alpha = search.tree, search.scorer, search.settings["alpha"]
    state = scorer.start(search.query, search.temperature)
    beams, length = root(), np.zeros(1, np.int64)
    steps, seen = [], 0
    for level in range(1, tree.levels + 1):
        start = time.perf_counter()
        pool = grow(tree, scorer, state, level, beams)
        lengths = np.where(pool.waits, length[pool.parent], level)
        quotient = pool.path / lengths**alpha
        best = top_k(quotient, search.beams, pool.key)
        ms = (time.perf_counter() - start) * 1e3
        seen += int((~pool.waits).sum())
        steps.append(cut(level, pool, best, quotient, masked_mass(tree, scorer, state, level, beams.node, beams.total), ms))
        beams, length = pool.keep(best), lengths[best]
    return Trace(search.beams, steps, beams.node, steps[-1].kept.total, scored=seen)


STRATEGY = Strategy(
    name="length-normalised",
    summary="A beam ranked by log-probability over length, so that long identifiers are not at a disadvantage.",
    citation="Wu et al. 2016 (GNMT)",
    options=(
        Option(
            name="alpha",
            type=float,
            default=0.6,
            low=0.0,
            high=2.0,
            help="Power of the length: 0 ranks by probability, 1 by the mean over the codes.",
        ),
    ),
    run=run,
)
