"""Compiled inner loop of a decode by node means: the best children of every beam, without scoring every child exactly.

Most children lose by far. Each mean therefore has a rough copy, one byte a dimension, that comes with a proven bound on how wrong
its inner product can be (Cauchy-Schwarz on the rounding error; the two passes are those of the VA-file, Weber et al. 1998). The
first pass over the runs of children reads a quarter of the bytes, multiplies integers, and finds the value that the k-th best
child surely reaches; the second scores exactly only the children that could reach it. What is returned is what scoring them all
returns, bit for bit, ties included.

What is read next is asked for ahead of time where the processor cannot guess it: in another run, and wherever a view skips.

Compiled by numba on the first call on a machine (some seconds) and kept beside this file in ``__pycache__``, or in numba's own
cache folder where that cannot be written; afterwards a process loads it in a fraction of a second. Each kernel has a NumPy twin,
which the tests compare it with, and which stands in where numba cannot be imported.
"""

from typing import NamedTuple

import numpy as np

from engine.kernels.best import Best
from engine.kernels.compiled import compiled
from engine.kernels.means import Rough, RoughQuery
from engine.kernels.prefetch import prefetch

# Sums may be reordered into vector registers and nothing else: a NaN stays a NaN.
SUMS = {"reassoc", "contract"}
# Scores are rounded to this many steps a nat, because the same mean must give the same score whatever adds up its products.
STEPS = 1e4
# Widens the bound by more than that rounding and that of float32 arithmetic.
SLACK = 2e-4
# How far before its turn memory is asked for: rough copies and means.
ROWS_AHEAD, MEANS_AHEAD = 8, 4
# In place of a row: the total is known.
KNOWN = -1


class Shape(NamedTuple):
    """What the kernel walks: the trie's pointers, where each node's mean is, and the set that a view lets through.

    Attributes
    ----------
    first_child : np.ndarray
        Of :class:`engine.trie.Trie`.
    legal : np.ndarray
        Bool, one a node, of :class:`engine.trie.view.View`; empty for a whole trie.
    row : np.ndarray
        Int32, one a node: its row in the rough means. An only child has its parent's documents, hence its parent's row.
    mean : np.ndarray
        Int64, one a rough mean: where the mean itself is.
    log_count : np.ndarray
        Float32, one a node.
    """

    first_child: np.ndarray
    legal: np.ndarray
    row: np.ndarray
    mean: np.ndarray
    log_count: np.ndarray


@compiled(fastmath=SUMS)
def _product(means, row, vectors, q):
    # In float64, where the order of the sum no longer shows in the fourth decimal: equal means have equal scores.
    # Indexed here and not sliced by the caller: a slice counts references, which costs as much as a short product.
    total = 0.0
    for place in range(means.shape[1]):
        total += np.float64(means[row, place]) * vectors[q, place]
    return np.float32(np.rint(total * STEPS) / STEPS)


@compiled()
def _rough_product(codes, row, queries, q):
    total = np.int32(0)
    for place in range(codes.shape[1]):
        total = np.int32(total + np.int32(np.int32(codes[row, place]) * np.int32(queries[q, place])))
    return total


def products_plain(means: np.ndarray, rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """:func:`products` in NumPy."""
    return (np.rint(means[rows].astype(np.float64) @ vector * STEPS) / STEPS).astype(np.float32)


@compiled(products_plain)
def products(means, rows, vector):
    """Inner product of some means with a query, in steps of 1e-4: float32, parallel to ``rows``.

    ``means`` float32 ``(n, d)``, ``rows`` int64, ``vector`` float64 ``(d,)``. Reads the means where they are.
    """
    found, vectors = np.empty(len(rows), np.float32), vector.reshape(1, -1)
    for place in range(len(rows)):
        found[place] = _product(means, rows[place], vectors, 0)
    return found


@compiled()
def _sink(values, size):
    """Restore a heap (smallest first) whose first value was replaced."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            return
        if child + 1 < size and values[child + 1] < values[child]:
            child += 1
        if values[place] <= values[child]:
            return
        values[place], values[child] = values[child], values[place]
        place = child


@compiled()
def _kth_largest(values, k):
    """The k-th largest of at least k values. A heap of k: most values fail one comparison."""
    heap = np.sort(values[:k])
    for place in range(k, len(values)):
        if values[place] > heap[0]:
            heap[0] = values[place]
            _sink(heap, k)
    return heap[0]


@compiled()
def _worse(total, node, other_total, other_node):
    return total < other_total or (total == other_total and node > other_node)


@compiled()
def _sink_beam(total, node, parent, size):
    """:func:`_sink` of beams: the worst first, of equal totals the highest node."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            return
        if child + 1 < size and _worse(total[child + 1], node[child + 1], total[child], node[child]):
            child += 1
        if not _worse(total[child], node[child], total[place], node[place]):
            return
        total[place], total[child] = total[child], total[place]
        node[place], node[child] = node[child], node[place]
        parent[place], parent[child] = parent[child], parent[place]
        place = child


@compiled()
def _raise_beam(total, node, parent, place):
    """Let the last beam of a heap rise to its place."""
    while place > 0:
        above = (place - 1) // 2
        if not _worse(total[place], node[place], total[above], node[above]):
            return
        total[place], total[above] = total[above], total[place]
        node[place], node[above] = node[above], node[place]
        parent[place], parent[above] = parent[above], parent[place]
        place = above


def best_children_plain(
    shape: Shape, means: np.ndarray, rough: Rough, vectors: np.ndarray, queries: RoughQuery, old: Best, new: Best
) -> None:
    """:func:`best_children` in NumPy: every child is scored, and all are sorted."""
    for q, vector in enumerate(vectors):
        beams = old.node[q, : old.size[q]]
        runs = [np.arange(shape.first_child[node], shape.first_child[node + 1]) for node in beams]
        runs = [run if len(run) else np.array([node]) for run, node in zip(runs, beams, strict=True)]
        node, parent = np.concatenate(runs), np.repeat(np.arange(len(beams)), [len(run) for run in runs])
        if len(shape.legal):
            node, parent = node[shape.legal[node]], parent[shape.legal[node]]
        total = products_plain(means, shape.mean[shape.row[node]], vector) + shape.log_count[node]
        order = np.lexsort((node, -total))[: new.node.shape[1]]
        size = len(order)
        new.node[q, :size], new.parent[q, :size], new.total[q, :size] = node[order], parent[order], total[order]
        new.size[q], new.seen[q] = size, len(node)


@compiled(best_children_plain)
def best_children(shape, means, rough, vectors, queries, old, new):
    """The best children of every query's beams, into ``new``; its width is how many are kept.

    ``means`` float32 ``(n, d)``; ``vectors`` float64 ``(q, d)``; ``queries`` a :class:`RoughQuery`; ``old`` and ``new`` are
    :class:`Best`. A finished beam is its own child. A child's total is the rounded product of its mean plus its log count, of
    equal totals the lower node comes first, and only nodes of the view's set count.
    """
    first_child, legal = shape.first_child, shape.legal
    row_of, mean_of, log_count = shape.row, shape.mean, shape.log_count
    code, scale, error, norm = rough.code, rough.scale, rough.error, rough.norm
    query_code = queries.code
    whole = len(legal) == 0
    width = new.node.shape[1]
    for q in range(len(vectors)):
        query_scale, query_norm, query_error = queries.scale[q], queries.norm[q], queries.error[q]
        room = 0
        for beam in range(old.size[q]):
            room += max(1, first_child[old.node[q, beam] + 1] - first_child[old.node[q, beam]])
        node, parent, row = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
        low, high = np.empty(room, np.float32), np.empty(room, np.float32)
        count = 0
        for beam in range(old.size[q]):
            above = old.node[q, beam]
            run_start, run_stop = first_child[above], first_child[above + 1]
            if run_stop - run_start <= 1 and above != 0:
                # A finished beam waits unchanged; an only child holds the same documents, so it has the same total.
                node[count] = above if run_stop == run_start else run_start
                parent[count], row[count], low[count], high[count] = beam, KNOWN, old.total[q, beam], old.total[q, beam]
                count += 1
                continue
            for child in range(run_start, run_stop):
                # Overwritten by the next child if this one is not of the view: no branch that half of a view would mislead.
                node[count], parent[count], row[count] = child, beam, row_of[child]
                count += whole or legal[child]
        for place in range(count):
            ahead = place + ROWS_AHEAD
            if ahead < count and (not whole or parent[ahead] != parent[place]):
                # Within a run of a whole trie the processor sees for itself what comes next.
                prefetch(code, row[ahead])
            at = row[place]
            if at != KNOWN:
                child = node[place]
                value = query_scale * scale[at] * _rough_product(code, at, query_code, q) + log_count[child]
                bound = query_norm * error[at] + query_error * norm[at] + SLACK
                low[place], high[place] = value - bound, value + bound
        reached = _kth_largest(low[:count], width) if count > width else np.float32(-np.inf)
        order, possible, sure = np.empty(count, np.int32), 0, 0
        for place in range(count):
            order[possible] = place
            possible += high[place] >= reached
        # The sure ones first: they fill the beam, and its worst then turns most of the doubtful ones away unscored.
        for turn in range(possible):
            if low[order[turn]] >= reached:
                order[sure], order[turn] = order[turn], order[sure]
                sure += 1
        size = 0
        total_of, node_of, parent_of = new.total[q], new.node[q], new.parent[q]
        for turn in range(possible):
            if turn + MEANS_AHEAD < possible and row[order[turn + MEANS_AHEAD]] != KNOWN:
                prefetch(means, mean_of[row[order[turn + MEANS_AHEAD]]])
            place = order[turn]
            child = node[place]
            if size == width and high[place] < total_of[0]:
                continue
            at = row[place]
            total = low[place] if at == KNOWN else _product(means, mean_of[at], vectors, q) + log_count[child]
            if size < width:
                total_of[size], node_of[size], parent_of[size] = total, child, parent[place]
                _raise_beam(total_of, node_of, parent_of, size)
                size += 1
            elif _worse(total_of[0], node_of[0], total, child):
                total_of[0], node_of[0], parent_of[0] = total, child, parent[place]
                _sink_beam(total_of, node_of, parent_of, size)
        new.size[q], new.seen[q] = size, count
        # Take the worst off the heap again and again: what is left behind it is sorted, best first.
        for last in range(size - 1, 0, -1):
            total_of[0], total_of[last] = total_of[last], total_of[0]
            node_of[0], node_of[last] = node_of[last], node_of[0]
            parent_of[0], parent_of[last] = parent_of[last], parent_of[0]
            _sink_beam(total_of, node_of, parent_of, last)
