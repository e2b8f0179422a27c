"""The door to beam search: how a query is decoded best is decided here, and nowhere else.

A picture of the decode needs every candidate scored (:mod:`engine.decoding.beam`). A search that only wants the hits does not: a
scorer that can tell which candidates cannot win may skip them, and then all queries go down the tree together
(:mod:`engine.decoding.levels`), so what a level costs beside its scores is paid once for all of them. Each query has beams of its
own; nothing that one query does reaches another.
"""

from collections.abc import Sequence

import numpy as np

from engine.decoding.beam import search_one
from engine.decoding.confidence import with_share
from engine.decoding.levels import search_levels
from engine.decoding.plan import Plan
from engine.decoding.trace import Trace
from engine.errors import TriescopeError
from engine.scorers.base import Scorer
from engine.trie import Tree

# Kept after each level unless told otherwise: it fills a list of a hundred.
DEFAULT_BEAMS = 100
# Queries that go down together. Beams of all of them are held at once, some 25 bytes a beam and level.
TOGETHER = 256


def decode(
    tree: Tree,
    scorer: Scorer,
    queries: np.ndarray | Sequence[np.ndarray],
    beams: int,
    explain: bool = False,
    temperature: float = 1.0,
    narrow: tuple[int, ...] = (),
    below: tuple[float, ...] = (),
    sure: bool = False,
) -> list[Trace]:
    """Decode identifiers by beam search.

    Parameters
    ----------
    tree : Tree
        The legal identifiers, the same for all queries.
    scorer : Scorer
        Gives log-probabilities and totals. One that selects (:class:`engine.scorers.base.Abilities`) and is asked for the hits
        alone takes :data:`TOGETHER` queries at once; any other is asked query by query.
    queries : np.ndarray or sequence of np.ndarray
        Float32 ``(q, d)``, unit rows, or one array a query as :func:`engine.scorers.base.encode_for` gives them.
    beams : int
        Hypotheses kept after each level.
    explain : bool
        Keep the pruned candidates, their log-probabilities and the mass that the mask removes. The hits are the same without; but
        where the scorer selected, there are no log-probabilities (NaN).
    temperature : float
        Of the scorer; above 1 evens the odds.
    narrow : tuple of int
        Beams after the first levels, where fewer than ``beams`` will do: a documented approximation of the full beam, off by
        default. Upper levels have the widest nodes, so most of the scoring is saved there.
    below : tuple of float
        After the first levels nothing is kept that lies more nats below the best path than this; another such approximation.
        :mod:`engine.decoding.widths` chooses both.
    sure : bool
        Say how sure each decode is (:attr:`engine.decoding.trace.Trace.confidence`). Only a scorer that selects has to be told:
        it then scores the siblings of the best path too, a fraction of a millisecond a query. Others have done so anyway.

    Returns
    -------
    list of Trace
        One a query, the same whichever queries it is decoded with; milliseconds are a query's share of its group's.

    Raises
    ------
    TriescopeError
        ``beams`` below 1, or a score that is not finite (the message names the scorer).

    Examples
    --------
    >>> from engine.scorers.centroid import CentroidScorer, node_means
    >>> from engine.trie import build
    >>> trie, vectors = build(np.array([[0, 1], [0, 2], [3, 0]], np.int32)), np.eye(3, dtype=np.float32)
    >>> traces = decode(trie, CentroidScorer(trie, node_means(trie, vectors), []), vectors, beams=2)
    >>> [trace.documents(trie, 1)[0].tolist() for trace in traces]
    [[0], [1], [2]]
    """
    if min(beams, *narrow, beams) < 1:
        raise TriescopeError(f"beams must be at least 1, not {min(beams, *narrow, beams)}")
    traces: list[Trace] = []
    for start in range(0, len(queries), TOGETHER):
        group = queries[start : start + TOGETHER]
        found = None
        if scorer.abilities.selects and not explain:
            # What a scorer that reads texts made of them may differ in length, from query to query.
            asked = list(group) if scorer.abilities.reads_text else np.asarray(group)
            found = search_levels(tree, scorer, asked, beams, temperature, Plan(narrow, below))
            if found is not None and sure:
                found = [with_share(trace, tree, scorer, query, temperature) for trace, query in zip(found, group, strict=True)]
        if found is None:
            found = [search_one(tree, scorer, query, beams, explain, temperature, Plan(narrow, below)) for query in group]
        traces += found
    return traces
