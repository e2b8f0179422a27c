"""Why decoding did not list some documents: the beam lost them, or the scorer ranks them too low.

A list of ``k`` lacks a document by a *search error* where a beam without limit would have listed it: its exact score is good
enough, and a prefix of it was cut on the way. It is a *model error* where that would not help. Both are told from one decode and
one scoring of the whole tree, however many documents are asked about.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.decoding import decode
from engine.decoding.exact import score_all
from engine.explaining.smallest_beam import on_path, order_levels, smallest_beams
from engine.explaining.survival import survival
from engine.scorers.base import Scorer
from engine.trie import Tree


class Fate(NamedTuple):
    """What became of a document in one decode.

    Attributes
    ----------
    exact_rank : int
        Its rank, from 1, among all (allowed) documents when nothing is cut.
    beam_rank : int or None
        Its rank, from 1, in the decode; None where that does not reach it.
    cut_at, rank : int or None
        The level at which its prefix was cut, and its rank there among the candidates, from 1; None where it was not cut.
    keeps : int or None
        The smallest beam that keeps it to the end; None where it was not cut.
    """

    exact_rank: int
    beam_rank: int | None
    cut_at: int | None
    rank: int | None
    keeps: int | None

    def by_search(self, k: int) -> bool:
        """Whether it is the beam that lost it for a list of ``k``, and not the scorer."""
        return self.cut_at is not None and self.exact_rank <= k


def fates(tree: Tree, scorer: Scorer, query: np.ndarray, rows: Sequence[int], beams: int) -> list[Fate | None]:
    """What a beam search makes of each document; None for one that it can never reach, having no identifier in the tree or being
    left out of it.

    Parameters
    ----------
    tree : Tree
        The legal identifiers.
    scorer : Scorer
        Gives log-probabilities and totals.
    query : np.ndarray
        As the scorer takes it.
    rows : sequence of int
        Document rows.
    beams : int
        Beam width.

    Raises
    ------
    TriescopeError
        ``beams`` below 1; a score that is not finite.

    Examples
    --------
    >>> from engine.scorers.centroid import CentroidScorer, node_means
    >>> from engine.trie import build
    >>> trie, vectors = build(np.array([[0, 1], [0, 2], [3, 0]], np.int32)), np.eye(3, dtype=np.float32)
    >>> lost = fates(trie, CentroidScorer(trie, node_means(trie, vectors), []), vectors[1], [0, 2], beams=1)
    >>> lost[0]
    Fate(exact_rank=2, beam_rank=None, cut_at=2, rank=2, keeps=2)
    >>> [one.by_search(2) for one in lost]
    [True, False]
    """
    trace = decode(tree, scorer, [query], beams, explain=True)[0]
    orders = order_levels(tree, score_all(tree, scorer, query))
    listed = np.concatenate([np.empty(0, np.int64), *(tree.leaf_documents(int(leaf)) for leaf in trace.leaves)])
    # Documents of all that stands before each place of the exact order.
    before = np.append(0, np.cumsum(tree.counts_of(orders[-1].node)))
    found: list[Fate | None] = []
    for row in rows:
        path = tree.path(row)
        below = tree.leaf_documents(path[-1]) if path else np.empty(0, np.int64)
        if row not in below:
            found.append(None)
            continue
        levels = on_path(orders, path + path[-1:] * (tree.levels - len(path)))
        place, within = np.flatnonzero(listed == row), int(np.flatnonzero(below == row)[0])
        cut = next((stage for stage in survival(trace, tree, row) if not stage.kept), None)
        found.append(
            Fate(
                exact_rank=int(before[levels[-1].place]) + within + 1,
                beam_rank=int(place[0]) + 1 if len(place) else None,
                cut_at=cut.level if cut else None,
                rank=cut.rank if cut else None,
                keeps=smallest_beams(levels) if cut else None,
            )
        )
    return found
