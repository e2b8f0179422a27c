"""Exact search: score every node, rank every leaf. What all other strategies are measured against."""

import time

import numpy as np

from engine.decoding.exact import score_all
from engine.decoding.strategies.base import Search, Strategy
from engine.decoding.strategies.paths import steps_to
from engine.decoding.trace import Trace
from engine.kernels.top_k import top_k


def run(search: Search) -> Trace:
    """The best ``beams`` leaves of :func:`engine.decoding.exact.exact_search`; the steps show their prefixes."""
    tree, scorer = search.tree, search.scorer
    start = time.perf_counter()
    levels = score_all(tree, scorer, search.query, search.temperature)
    ends = [tree.is_leaf(level.node) for level in levels]
    leaves = np.concatenate([level.node[end] for level, end in zip(levels, ends, strict=True)])
    totals = np.concatenate([level.total[end] for level, end in zip(levels, ends, strict=True)])
    best = top_k(totals, search.beams, tree.tie_key(leaves))
    ms = (time.perf_counter() - start) * 1e3
    steps = steps_to(tree, scorer, scorer.start(search.query, search.temperature), leaves[best], ms)
    return Trace(search.beams, steps, leaves[best], totals[best], scored=sum(len(level.node) for level in levels))


STRATEGY = Strategy(name="exact", summary="Scores every identifier of the trie.", citation="", options=(), run=run)
