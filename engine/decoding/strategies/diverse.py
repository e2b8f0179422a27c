"""Diverse beam groups.

The beams are split into groups that choose one after another at each level; a code that earlier groups have kept at this level
costs a penalty each time (Hamming diversity of Vijayakumar et al. 2018), so later groups look elsewhere. Here a prefix is kept
only once, and beams that a group cannot fill from its own prefixes take the best that all groups have left over: a narrow root
does not waste them. One group is plain beam search.
"""

import time

import numpy as np

from engine.decoding.beam import masked_mass
from engine.decoding.strategies.base import Search, Strategy
from engine.decoding.strategies.paths import Pool, cut, grow, root
from engine.decoding.trace import Trace
from engine.kernels.top_k import top_k
from engine.options import Option


def run(search: Search) -> Trace:
    """Kept prefixes of all groups stand in order of total at each step, so a pruned one may well have a higher total."""
    tree, scorer = search.tree, search.scorer
    groups = min(search.settings["groups"], search.beams)
    sizes = [search.beams // groups + (group < search.beams % groups) for group in range(groups)]
    state = scorer.start(search.query, search.temperature)
    beams, steps, seen = root(), [], 0
    group_of: np.ndarray | None = None
    for level in range(1, tree.levels + 1):
        start = time.perf_counter()
        pool = grow(tree, scorer, state, level, beams)
        code = np.where(pool.waits, -1, tree.code[pool.node].astype(np.int64))
        owner = None if group_of is None else group_of[pool.parent]
        taken = _share_out(pool, code, owner, sizes, search.settings["penalty"])
        kept = np.flatnonzero(taken >= 0)
        kept = kept[np.lexsort((pool.key[kept], -pool.total[kept]))]
        ms = (time.perf_counter() - start) * 1e3
        seen += int((~pool.waits).sum())
        steps.append(cut(level, pool, kept, pool.total, masked_mass(tree, scorer, state, level, beams.node, beams.total), ms))
        beams, group_of = pool.keep(kept), taken[kept]
    return Trace(search.beams, steps, beams.node, beams.total, scored=seen)


def _share_out(pool: Pool, code: np.ndarray, owner: np.ndarray | None, sizes: list[int], penalty: float) -> np.ndarray:
    """Which group keeps each candidate, -1 for none.

    ``owner`` is the group of the candidate's parent (None: the root, which belongs to all). ``code`` is -1 for finished leaves:
    they add no code at this level, so they neither pay nor cause a penalty.
    """
    taken = np.full(len(code), -1)
    times_kept = np.zeros(int(code.max(initial=0)) + 2)  # the last entry is that of code -1, and stays 0
    for own_only in (True, False):
        for group, size in enumerate(sizes):
            free = size - int((taken == group).sum())
            able = taken < 0 if owner is None or not own_only else (taken < 0) & (owner == group)
            places = np.flatnonzero(able)
            if free and len(places):
                rank = pool.total[places] - penalty * times_kept[code[places]]
                chosen = places[top_k(rank, free, pool.key[places])]
                taken[chosen] = group
                times_kept[:-1] += np.bincount(code[chosen][code[chosen] >= 0], minlength=len(times_kept) - 1)
    return taken


STRATEGY = Strategy(
    name="diverse",
    summary="Groups of beams that keep away from one another's codes.",
    citation="Vijayakumar et al. 2018",
    options=(
        Option(
            name="groups",
            type=int,
            default=3,
            low=1,
            high=100,
            help="Groups that the beams are split into, as evenly as possible.",
        ),
        Option(
            name="penalty",
            type=float,
            default=0.5,
            low=0.0,
            high=100.0,
            help="Nats that a code costs for each time an earlier group kept it at the level.",
        ),
    ),
    run=run,
)
