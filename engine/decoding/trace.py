"""The trace: everything one decode considered, in a form that a picture, the shell and a test read alike."""

from typing import Any, NamedTuple

import numpy as np

from engine.trie import Tree, Trie

# Pruned candidates written out per step, best first. The trace in memory holds all of them.
PRUNED_WRITTEN = 200


class Candidates(NamedTuple):
    """Nodes considered at one step, best total first. ``parent`` is the place of the parent among the previous step's kept."""

    node: np.ndarray
    parent: np.ndarray
    log_prob: np.ndarray
    total: np.ndarray


class Step(NamedTuple):
    """One level of decoding.

    Attributes
    ----------
    level : int
        Position of the code, from 1.
    kept : Candidates
        The beams after this step; rank 1 first.
    pruned : Candidates
        Legal but cut; the first has rank ``len(kept.node) + 1``.
    masked_mass : float
        Probability that the scorer put on codes that no document has there, averaged over the beams by their share.
    ms : float
        Milliseconds of this step: children, scores and selection; the masked mass is measured outside it.
    """

    level: int
    kept: Candidates
    pruned: Candidates
    masked_mass: float
    ms: float


class Trace(NamedTuple):
    """A whole decode.

    Attributes
    ----------
    beams : int
        Hypotheses asked for.
    steps : list of Step
        One a level.
    leaves, scores : np.ndarray
        The complete identifiers found, in order of rank, and what ranks them.
    strategy : str
        Name of the strategy that decoded (see :mod:`engine.decoding.strategies`).
    scored : int
        Nodes whose score was computed.
    absent : tuple of tuple of int
        Prefixes that no document has, where decoding ran without the mask: node ``-1 - i`` in a step is ``absent[i]``.
    log_share : float
        Log-probability of the path to the first leaf, nats (:mod:`engine.decoding.confidence`); NaN where it was not asked for.
    """

    beams: int
    steps: list[Step]
    leaves: np.ndarray
    scores: np.ndarray
    strategy: str = "beam"
    scored: int = 0
    absent: tuple[tuple[int, ...], ...] = ()
    log_share: float = np.nan

    @property
    def ms(self) -> float:
        """Milliseconds of all steps."""
        return sum(step.ms for step in self.steps)

    @property
    def confidence(self) -> float:
        """Probability of the path to the first leaf, 0 to 1, the same at any width that finds it; 0 where none was found.

        Raises
        ------
        ValueError
            It was not asked for: see ``sure`` of :func:`engine.decoding.decode`.
        """
        if not len(self.leaves):
            return 0.0
        if np.isnan(self.log_share):
            raise ValueError("this trace was decoded without its confidence: decode with sure=True")
        return float(np.exp(self.log_share))

    def prefix(self, tree: Tree, node: int) -> tuple[int, ...]:
        """Codes that lead to a node of a step, whether or not a document has them."""
        return tree.prefix(node) if node >= 0 else self.absent[-1 - node]

    def documents(self, tree: Tree, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The first ``k`` documents under the leaves, with the score of their leaf, in order of rank.

        A leaf that holds several documents gives them in document order.
        """
        leaves = self.leaves[:k]
        if isinstance(tree, Trie):
            rows, size = tree.leaves_documents(leaves)
            if len(rows) == len(leaves):  # each has one
                return rows.astype(np.int64), self.scores[:k].astype(np.float32)
        else:
            each = [tree.leaf_documents(leaf) for leaf in leaves]
            rows, size = np.concatenate([np.empty(0, np.int64), *each]), np.array([len(one) for one in each], np.int64)
        return rows[:k].astype(np.int64), np.repeat(self.scores[:k], size)[:k].astype(np.float32)

    def beam_path(self, step: int, place: int) -> list[int]:
        """Places in the kept beams of steps ``0..step`` that lead to beam ``place`` of ``step``."""
        path = []
        for index in range(step, -1, -1):
            path.append(place)
            place = int(self.steps[index].kept.parent[place])
        return path[::-1]


def steps_json(trace: Trace, tree: Tree) -> list[dict[str, Any]]:
    """Steps as plain values; pruned candidates beyond :data:`PRUNED_WRITTEN` are only counted."""
    written = []
    for step in trace.steps:
        entry: dict[str, Any] = {"level": step.level}
        for part, first_rank in (("kept", 1), ("pruned", len(step.kept.node) + 1)):
            candidates: Candidates = getattr(step, part)
            limit = len(candidates.node) if part == "kept" else PRUNED_WRITTEN
            entry[part] = [
                {
                    "rank": first_rank + place,
                    "prefix": "-".join(map(str, trace.prefix(tree, int(node))[:-1])),
                    "code": trace.prefix(tree, int(node))[-1],
                    "log_prob": round(float(candidates.log_prob[place]), 4),
                    "total": round(float(candidates.total[place]), 4),
                    "documents": int(tree.counts_of(node)) if node >= 0 else 0,
                }
                for place, node in enumerate(candidates.node[:limit])
            ]
        entry |= {
            "pruned_count": len(step.pruned.node),
            "masked_mass": round(step.masked_mass, 4),
            "ms": round(step.ms, 3),
        }
        written.append(entry)
    return written
