"""Why this document, and why not that one, in full: its path, its rank at every step and without a beam, what displaced it where
it was cut, and the smallest beam that would have kept it.

Built on two things: the decode itself, read by :mod:`engine.explaining.survival`, and the scores of all nodes, computed once. A
score depends on the prefix alone, so a beam of any width can be replayed on those scores without asking the scorer again
(:mod:`engine.explaining.smallest_beam`).
"""

from typing import Any, NamedTuple

import numpy as np

from engine.decoding import decode
from engine.decoding.exact import score_all
from engine.decoding.trace import Trace
from engine.errors import TriescopeError
from engine.explaining.smallest_beam import on_path, order_levels, smallest_beams
from engine.explaining.survival import survival, verdict
from engine.scorers.base import Scorer
from engine.trie import Tree

# Prefixes named as having displaced the document: the last ones kept.
DISPLACING = 5


class WhyStep(NamedTuple):
    """The document's prefix at one step of the decode.

    Attributes
    ----------
    level : int
        Step, from 1. An identifier that ends early waits as it is until the last step, and can still be cut there.
    code, node : int
        The last code of the prefix and its trie node.
    score, log_prob : float
        Its total, which the beam ranks by, and log p(code | prefix so far, query) in nats.
    rank : int or None
        Its rank among the candidates of the step, from 1; None once it was cut.
    kept : bool
        Whether it is among the beams after the step.
    rank_of_all : int
        Its rank among all that a beam without limit would consider at this step.
    """

    level: int
    code: int
    node: int
    score: float
    log_prob: float
    rank: int | None
    kept: bool
    rank_of_all: int


class Displacing(NamedTuple):
    """A beam that was kept where the document was cut; ``rank`` among the candidates of that step, from 1."""

    rank: int
    node: int
    prefix: tuple[int, ...]
    score: float


class Why(NamedTuple):
    """What became of one document in one decode.

    Attributes
    ----------
    identifier : tuple of int
        Its codes.
    beams : int
        Beam width asked about.
    exact_rank : int
        Its rank, from 1, among all (allowed) documents when nothing is cut; documents of one identifier in document order.
    beam_rank : int or None
        Its rank, from 1, in the decode; None when that does not reach it.
    steps : list of WhyStep
        One a step of the decode.
    cut_at : int or None
        Level at which it was cut.
    displaced_by : list of Displacing
        The last beams kept at that level (at most :data:`DISPLACING`), best first: all of them outrank it.
    smallest_beams : int
        The smallest beam width that keeps it to the end. Wider beams than this can lose it again.
    verdict : str
        The same in a sentence or two.
    """

    identifier: tuple[int, ...]
    beams: int
    exact_rank: int
    beam_rank: int | None
    steps: list[WhyStep]
    cut_at: int | None
    displaced_by: list[Displacing]
    smallest_beams: int
    verdict: str


def why(tree: Tree, scorer: Scorer, query: np.ndarray, document: int, beams: int, temperature: float = 1.0) -> Why:
    """Say what a beam search makes of one document.

    Parameters
    ----------
    tree : Tree
        The legal identifiers.
    scorer : Scorer
        Gives log-probabilities and totals.
    query : np.ndarray
        Float32 ``(d,)``, unit length.
    document : int
        Document row.
    beams : int
        Beam width.
    temperature : float
        Of the scorer.

    Raises
    ------
    TriescopeError
        The document has no identifier, or the restrictions leave it out; ``beams`` below 1; a score that is not finite.

    Examples
    --------
    >>> from engine.scorers.centroid import CentroidScorer, node_means
    >>> from engine.trie import build
    >>> vectors = np.eye(3, dtype=np.float32)
    >>> trie = build(np.array([[0, 1], [0, 2], [3, 0]], np.int32))
    >>> found = why(trie, CentroidScorer(trie, node_means(trie, vectors), []), vectors[1], document=2, beams=1)
    >>> found.exact_rank, found.beam_rank, found.cut_at, found.smallest_beams
    (3, None, 1, 3)
    """
    path = tree.path(document)
    if not path:
        raise TriescopeError("this document has no identifier in the trie, so no decode can reach it")
    below = tree.leaf_documents(path[-1])
    if document not in below:
        raise TriescopeError("this document is left out by the filter, the forced prefix or the bans, so no decode can reach it")
    trace = decode(tree, scorer, [query], beams, explain=True, temperature=temperature)[0]
    path += path[-1:] * (tree.levels - len(path))
    levels = on_path(order_levels(tree, score_all(tree, scorer, query, temperature)), path)
    stages = survival(trace, tree, document)
    steps = [
        WhyStep(stage.level, stage.code, stage.node, level.total, level.log_prob, stage.rank, stage.kept, level.place + 1)
        for stage, level in zip(stages, levels, strict=True)
    ]
    cut = next((step for step in steps if not step.kept), None)
    smallest = smallest_beams(levels)
    within = int(np.flatnonzero(below == document)[0]) + 1
    better = np.empty(0, np.int64) if cut else trace.leaves[: int(np.flatnonzero(trace.leaves == path[-1])[0])]
    return Why(
        identifier=tree.prefix(path[-1]),
        beams=beams,
        exact_rank=_documents_below(tree, levels[-1].node[: levels[-1].place]) + within,
        beam_rank=None if cut else _documents_below(tree, better) + within,
        steps=steps,
        cut_at=cut.level if cut else None,
        displaced_by=_displacing(trace, tree, cut.level) if cut else [],
        smallest_beams=smallest,
        verdict=verdict(stages, beams) + (f" {smallest} beams would keep it." if cut else ""),
    )


def why_json(found: Why) -> dict[str, Any]:
    """The answer as plain values; codes are joined by hyphens, figures have 4 decimals."""
    return {
        **found._asdict(),
        "identifier": _dashed(found.identifier),
        "steps": [{**step._asdict(), "score": round(step.score, 4), "log_prob": round(step.log_prob, 4)} for step in found.steps],
        "displaced_by": [
            {**beam._asdict(), "prefix": _dashed(beam.prefix), "score": round(beam.score, 4)} for beam in found.displaced_by
        ],
    }


def _dashed(codes: tuple[int, ...]) -> str:
    return "-".join(map(str, codes))


def _documents_below(tree: Tree, nodes: np.ndarray) -> int:
    """Legal documents below all of ``nodes``."""
    return int(tree.counts_of(nodes).sum())


def _displacing(trace: Trace, tree: Tree, level: int) -> list[Displacing]:
    kept = next(step.kept for step in trace.steps if step.level == level)
    return [
        Displacing(place + 1, int(kept.node[place]), tree.prefix(int(kept.node[place])), float(kept.total[place]))
        for place in range(max(0, len(kept.node) - DISPLACING), len(kept.node))
    ]
