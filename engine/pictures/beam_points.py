"""What the beam picture draws: kept candidates one by one or gathered, those that nearly made it, the path that leads."""

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from engine.decoding.trace import Step, Trace
from engine.trie import Trie

# Drawn per step: the first that were kept, and of those cut the ones that nearly made it.
KEPT_DRAWN, PRUNED_DRAWN = 10, 8


class Point(NamedTuple):
    """One candidate of one step, or several that are gathered.

    ``parent`` is the place of its parent in the list of points; ``drawn_at`` is its row in the picture, from 1: the rank, as long
    as none above it is left out. ``state`` is leading, kept, pruned, absent (kept, though no document has the prefix), or
    gathered: so many candidates that were kept and are not drawn one by one. Their ``rank`` and ``total`` are those of the
    first, ``documents`` is the sum, ``parent`` where most of them came from; they have no prefix and no probability.
    """

    step: int
    rank: int
    prefix: str
    code: int
    name: str
    probability: float
    total: float
    documents: int
    state: str
    parent: int
    pinned: bool = False
    drawn_at: int = 1
    gathered: int = 0


def points(
    trace: Trace, trie: Trie, names: list[str], shown: int, pinned: Collection[int] = (), kept_drawn: int | None = KEPT_DRAWN
) -> list[Point]:
    """Candidates of the first ``shown`` steps; the path of the best identifier, as far as shown, is marked.

    Of what a step kept, the first ``kept_drawn`` are there (all for None) and what leads; the others are one gathered point. Of
    what it cut, the :data:`PRUNED_DRAWN` that nearly made it; and ``pinned`` nodes, however far down.
    """
    counts = trie.counts
    result = [Point(0, 1, "", 0, "the query", 1.0, 0.0, int(counts[0]), "leading", -1)]
    leading, ever = _leading(trace, shown), _ever_leading(trace)
    above = {0: 0}  # place among the kept of the step before -> its point
    for index, step in enumerate(trace.steps[:shown]):
        kept, far, cut = _drawn(step, {place for at, place in ever if at == index}, pinned, kept_drawn)
        first, here, width = len(result), {}, len(step.kept.node)
        for place in kept:
            here[place] = len(result)
            state = "leading" if (index, place) in leading else "kept"
            result.append(_point(trace, trie, names, index, place, state, above, pinned))
        if far:
            here |= dict.fromkeys(far, len(result))
            nodes, parents = step.kept.node[far], Counter(above[int(parent)] for parent in step.kept.parent[far])
            result.append(
                _point(trace, trie, names, index, far[0], "gathered", above, pinned)._replace(
                    prefix="",
                    name=f"{len(far):,} more kept",
                    gathered=len(far),
                    documents=int(counts[nodes[nodes >= 0]].sum()),
                    parent=parents.most_common(1)[0][0],
                    probability=0.0,
                    pinned=False,
                    state="gathered",
                )
            )
        result += [_point(trace, trie, names, index, width + place, "pruned", above, pinned) for place in cut]
        result[first:] = [one._replace(drawn_at=row) for row, one in enumerate(result[first:], 1)]
        above = here
    return result


def _point(
    trace: Trace, trie: Trie, names: list[str], index: int, place: int, state: str, above: dict[int, int], pinned: Collection[int]
) -> Point:
    """One candidate of a step: those cut are counted on from those kept."""
    step = trace.steps[index]
    width = len(step.kept.node)
    part, at = (step.kept, place) if place < width else (step.pruned, place - width)
    node = int(part.node[at])
    prefix = trace.prefix(trie, node)
    return Point(
        step=index + 1,
        rank=place + 1,
        prefix="-".join(map(str, prefix)),
        code=prefix[-1],
        name=names[node] if node >= 0 else "no document",
        probability=float(np.exp(part.log_prob[at])),
        total=float(part.total[at]),
        documents=int(trie.counts[node]) if node >= 0 else 0,
        state="absent" if node < 0 and place < width else state,
        parent=above[int(part.parent[at])],
        pinned=node in pinned,
    )


def _drawn(
    step: Step, leading: set[int], pinned: Collection[int], kept_drawn: int | None
) -> tuple[list[int], list[int], list[int]]:
    """Of a step, places from 0: those kept that are drawn one by one, those that are gathered, and, of those cut, those drawn."""
    width, marked = len(step.kept.node), list(pinned)
    one_by_one = set(range(width if kept_drawn is None else min(kept_drawn, width))) | leading
    one_by_one |= set(np.flatnonzero(np.isin(step.kept.node, marked)).tolist())
    rest = [place for place in range(width) if place not in one_by_one]
    if len(rest) == 1:  # one point either way
        one_by_one, rest = one_by_one | set(rest), []
    cut = set(range(min(PRUNED_DRAWN, len(step.pruned.node)))) | set(np.flatnonzero(np.isin(step.pruned.node, marked)).tolist())
    return sorted(one_by_one), rest, sorted(cut)


def _ever_leading(trace: Trace) -> set[tuple[int, int]]:
    """What leads when fewer levels are shown is drawn always, so that a picture of fewer levels is a part of this one."""
    return {found for shown in range(len(trace.steps) + 1) for found in _leading(trace, shown)}


def _leading(trace: Trace, shown: int) -> set[tuple[int, int]]:
    """(step, place) of the beams that lead to the best identifier found, or to the first beam of the last step shown."""
    if not shown or not len(trace.steps[shown - 1].kept.node):
        return set()
    place = 0
    if len(trace.leaves) and shown == len(trace.steps):
        at = np.flatnonzero(trace.steps[-1].kept.node == trace.leaves[0])
        place = int(at[0]) if len(at) else 0
    return set(enumerate(trace.beam_path(shown - 1, place)))
