"""Why this document, and why not that one: how far its prefix came in a decode, and what cut it."""

from typing import NamedTuple

import numpy as np

from engine.decoding.trace import Trace
from engine.trie import Tree


class Stage(NamedTuple):
    """The document's own node at one level. ``rank`` counts all candidates of the step from 1; None once the prefix was cut."""

    level: int
    code: int
    node: int
    rank: int | None
    kept: bool
    log_prob: float | None
    total: float | None


def survival(trace: Trace, tree: Tree, document: int) -> list[Stage]:
    """The document's path through a trace (which must hold its pruned candidates), one stage a step.

    A document that is not in the tree has no stages.
    """
    stages = []
    path = tree.path(document)
    # An identifier that ends early stands in the beam at its leaf until the last step, and can still be cut there.
    path += path[-1:] * (len(trace.steps) - len(path))
    for step, node in zip(trace.steps, path, strict=False):
        rank, log_prob, total = None, None, None
        for candidates, before in ((step.kept, 0), (step.pruned, len(step.kept.node))):
            place = np.flatnonzero(candidates.node == node)
            if len(place):
                rank = before + int(place[0]) + 1
                log_prob, total = float(candidates.log_prob[place[0]]), float(candidates.total[place[0]])
        kept = rank is not None and rank <= len(step.kept.node)
        stages.append(Stage(step.level, int(tree.code[node]), node, rank, kept, log_prob, total))
    return stages


def verdict(stages: list[Stage], beams: int) -> str:
    """One sentence about where the path ended.

    >>> verdict([Stage(1, 4, 5, 3, True, -1.0, 2.0), Stage(2, 7, 40, 12, False, -2.0, 0.0)], 10)
    'Cut at level 2: its prefix ranked 12 and 10 beams are kept.'
    """
    if not stages:
        return "It has no identifier in this trie, so only the fallback can find it."
    cut = next((stage for stage in stages if not stage.kept), None)
    if cut is None:
        return f"Reached: its identifier ended at rank {stages[-1].rank}."
    return f"Cut at level {cut.level}: its prefix ranked {cut.rank} and {beams} beams are kept."
