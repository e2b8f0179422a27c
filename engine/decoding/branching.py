"""Going back to a step of a beam search and on from another code: the same past, another future.

Unlike a forced prefix, which changes a search from its first step, a branch leaves the steps before it as they were, with all
that was kept and cut there, and the totals of the new future are the ones that the search itself would have given them.
"""

import numpy as np

from engine.decoding.beam import go_on
from engine.decoding.confidence import with_share
from engine.decoding.trace import Candidates, Trace
from engine.errors import TriescopeError
from engine.scorers.base import Scorer
from engine.trie import ROOT, Tree
from engine.trie.tree import Prefix

# A branch goes on by the rule of these strategies, whose totals are the scorer's own.
BRANCHING = ("beam", "greedy")


def branch(trace: Trace, tree: Tree, scorer: Scorer, query: np.ndarray, prefix: Prefix, temperature: float = 1.0) -> Trace:
    """The trace in which the step of the last code of ``prefix`` kept that prefix alone.

    Parameters
    ----------
    trace : Trace
        A beam search with its pruned candidates; the steps before the branch are its own.
    tree, scorer, query, temperature
        What it was decoded with.
    prefix : tuple of int
        A candidate of its step, kept or cut.

    Returns
    -------
    Trace
        As wide as ``trace``. At the step of the branch all other candidates are pruned. ``scored`` counts the nodes that the
        branch took beyond those of ``trace``.

    Raises
    ------
    TriescopeError
        The strategy is not one of :data:`BRANCHING`, or the prefix was no candidate.

    Examples
    --------
    >>> from engine.decoding.strategies import decode
    >>> from engine.scorers.centroid import CentroidScorer, node_means
    >>> from engine.trie import build
    >>> trie, vectors = build(np.array([[0, 1], [0, 2], [3, 0]], np.int32)), np.eye(3, dtype=np.float32)
    >>> scorer = CentroidScorer(trie, node_means(trie, vectors), [])
    >>> first = decode("beam", trie, scorer, vectors[0], 2)
    >>> other = branch(first, trie, scorer, vectors[0], (3,))
    >>> [trie.prefix(int(leaf)) for leaf in first.leaves], [trie.prefix(int(leaf)) for leaf in other.leaves]
    ([(0, 1), (0, 2)], [(3, 0)])
    """
    if trace.strategy not in BRANCHING:
        raise TriescopeError(f"a branch goes on by beam search; {trace.strategy} is another strategy")
    at, node = len(prefix) - 1, tree.find(prefix)
    told = "-".join(map(str, prefix))
    if not prefix or node is None:
        raise TriescopeError(f"no identifier starts with {told!r}, so nothing can branch there")
    step = trace.steps[at]
    every = Candidates(*(np.concatenate(parts) for parts in zip(step.kept, step.pruned, strict=True)))
    ours = every.node == node
    if not ours.any():
        raise TriescopeError(
            f"{told} was no candidate of step {at + 1}, so nothing can branch there: what leads to it was cut before"
        )
    turned = step._replace(
        kept=Candidates(*(array[ours] for array in every)), pruned=Candidates(*(array[~ours] for array in every))
    )
    state = _walk(tree, scorer, query, node, temperature)
    widths = [trace.beams] * (tree.levels - at - 1)
    went = go_on(tree, scorer, state, turned.kept.node, turned.kept.total, widths, explain=True)
    steps = [*trace.steps[:at], turned, *went.steps]
    made = trace._replace(steps=steps, leaves=went.nodes, scores=went.totals, scored=went.seen, log_share=np.nan)
    return with_share(made, tree, scorer, query, temperature)


def _walk(tree: Tree, scorer: Scorer, query: np.ndarray, node: int, temperature: float) -> object:
    """What a scorer knows once it has scored the path to a node; it may keep what it worked out for each beam."""
    above = []
    while node != ROOT:
        above.append(node)
        node = int(tree.parent(np.array([node]))[0])
    state, total = scorer.start(query, temperature), np.zeros(1, np.float32)
    for child in reversed(above):
        children = tree.children(np.array([node]))
        total = scorer.score(state, np.array([node]), total, children).total[children.node == child]
        node = child
    return state
