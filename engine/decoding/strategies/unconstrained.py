"""Decoding with the mask off: how many of the outputs exist at all.

Every code of the vocabulary may follow every prefix, as in a sequence model that was never told which identifiers there are
(TIGER reports .1 to 1.6% invalid identifiers at its beams; a scorer that was not trained on the identifiers makes many more).
"""

import time

import numpy as np

from engine.decoding.strategies.base import Search, Strategy
from engine.decoding.strategies.paths import check_finite
from engine.decoding.trace import Candidates, Step, Trace
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.scorers.base import log_softmax_within
from engine.trie import ROOT, Tree

# More than any key of a node.
BEHIND = 1 << 62


def run(search: Search) -> Trace:
    """Beam search over all codes.

    An absent prefix has the node number ``-1 - i`` in the steps, where ``absent[i]`` of the trace is the prefix. Equal totals
    stand in node order, absent prefixes behind. ``leaves`` holds the outputs that exist, by rank: there may be none. A view
    cannot steer a search without a mask; it only removes outputs at the end. The masked mass is 0, since nothing is masked.

    Needs a scorer that is dense (:class:`engine.scorers.base.DenseScorer`).

    Raises
    ------
    TriescopeError
        The scorer has no such method, or gives NaN or infinity, or denies a code that exists (the message names the scorer).
    """
    tree, scorer, whole = search.tree, search.scorer, search.tree.whole
    if not scorer.abilities.dense:
        raise TriescopeError(f"scorer {scorer.name} cannot score codes that the trie lacks, which decoding without a mask needs")
    state = scorer.start(search.query, search.temperature)
    nodes, totals = np.array([ROOT]), np.zeros(1, np.float32)
    prefixes: list[tuple[int, ...]] = [()]
    absent: list[tuple[int, ...]] = []
    steps, seen = [], 0
    for level in range(1, whole.levels + 1):
        start = time.perf_counter()
        pool, code = _grow(whole, scorer, state, level, nodes, totals, prefixes, len(absent))
        key = _key(whole, pool.node)
        best = top_k(pool.total, search.beams, key)
        ms = (time.perf_counter() - start) * 1e3
        going_on = code >= 0
        seen += int(going_on.sum())
        new = np.flatnonzero(going_on & (pool.node < 0))
        absent += [(*prefixes[p], c) for p, c in zip(pool.parent[new].tolist(), code[new].tolist(), strict=True)]
        prefixes = [
            (*prefixes[p], c) if c >= 0 else prefixes[p]
            for p, c in zip(pool.parent[best].tolist(), code[best].tolist(), strict=True)
        ]
        steps.append(_step(level, pool, best, key, ms))
        nodes, totals = pool.node[best], pool.total[best]
    exist = np.flatnonzero(nodes >= 0)
    exist = exist[tree.counts_of(nodes[exist]) > 0]
    return Trace(search.beams, steps, nodes[exist], totals[exist], scored=seen, absent=tuple(absent))


def existing_share(trace: Trace) -> float:
    """Share of the outputs of the last step that some document has, 0 to 1; 1 for every strategy that keeps the mask on."""
    last = trace.steps[-1].kept.node
    return float((last >= 0).mean()) if len(last) else 1.0


def _grow(
    whole: Tree, scorer, state, level: int, nodes: np.ndarray, totals: np.ndarray, prefixes: list[tuple[int, ...]], known: int
) -> tuple[Candidates, np.ndarray]:
    """All candidates of a step, and the code that leads into each; -1 for those that wait: finished, or at an end of the vectors.

    ``known`` absent prefixes have numbers already.
    """
    unfinished = np.flatnonzero((nodes < 0) | ~whole.is_leaf(np.maximum(nodes, 0)))
    scores = np.empty((0, 0), np.float32)
    if len(unfinished):
        codes = np.full((len(unfinished), level - 1), -1)
        for place, beam in enumerate(unfinished.tolist()):
            codes[place, : len(prefixes[beam])] = prefixes[beam]
        scores = scorer.dense(state, level, np.maximum(nodes[unfinished], -1), totals[unfinished], codes)
    if np.isnan(scores).any() or np.isposinf(scores).any():
        raise TriescopeError(f"scorer {scorer.name}: a score at level {level} is not a finite number")
    real = np.flatnonzero(nodes[unfinished] >= 0)
    children = whole.children(nodes[unfinished[real]])
    node_at = np.full(scores.shape, -1, np.int64)
    where = real[children.parent], whole.code[children.node].astype(np.int64)
    check_finite(scorer, level, scores[where])
    node_at[where] = children.node
    row, code = np.nonzero(scores > -np.inf)
    log_prob = log_softmax_within(scores[row, code], row, len(unfinished))
    node = node_at[row, code]
    new = np.flatnonzero(node < 0)
    node[new] = -1 - known - np.arange(len(new))
    waits = np.setdiff1d(np.arange(len(nodes)), unfinished[row])
    pool = Candidates(
        np.append(node, nodes[waits]),
        np.append(unfinished[row], waits),
        np.append(log_prob, np.zeros(len(waits), np.float32)),
        np.append(scores[row, code], totals[waits]),
    )
    return pool, np.append(code, np.full(len(waits), -1))


def _key(whole: Tree, node: np.ndarray) -> np.ndarray:
    """What settles equal totals: absent prefixes stand behind all nodes, in the order of their numbers."""
    return np.where(node >= 0, whole.tie_key(np.maximum(node, 0)), BEHIND - node)


def _step(level: int, pool: Candidates, best: np.ndarray, key: np.ndarray, ms: float) -> Step:
    rest = np.setdiff1d(np.arange(len(pool.node)), best)
    rest = rest[np.lexsort((key[rest], -pool.total[rest]))]
    kept, pruned = (Candidates(*(array[part] for array in pool)) for part in (best, rest))
    return Step(level, kept, pruned, 0.0, ms)


STRATEGY = Strategy(
    name="unconstrained",
    summary="A beam without the mask: any code may follow, so some outputs are no document at all.",
    citation="Rajput et al. 2023 (TIGER)",
    options=(),
    run=run,
)
