"""The score of identifiers that were not decoded: a scorer is led along each path, and what it says there is taken down.

The total of a leaf is the one that a beam which reaches it would give it, so documents that a narrow beam has cut and those that
it has kept stand on one scale.
"""

import numpy as np

from engine.decoding.beam import score_children
from engine.scorers.base import Scorer
from engine.trie import ROOT, Tree


def forced_totals(tree: Tree, scorer: Scorer, query: np.ndarray, leaves: np.ndarray) -> np.ndarray:
    """Total of each leaf, float32 ``(len(leaves),)``, nats up to a constant of the query; -inf for leaf -1.

    All paths go down together: a call of the scorer a level, for the children of the nodes on them.

    Parameters
    ----------
    tree : Tree
        The leaves must be legal in it.
    scorer : Scorer
        Who says how likely the next code is.
    query : np.ndarray
        As the scorer takes it.
    leaves : np.ndarray
        Int ``(n,)``, nodes; any may stand there twice.

    Raises
    ------
    TriescopeError
        A score is not finite.
    """
    wanted, place = np.unique(leaves, return_inverse=True)
    out = np.full(len(wanted), -np.inf, np.float32)
    paths = _paths(tree, wanted[wanted >= 0])
    there = np.zeros(len(paths), np.float32)
    state, nodes, totals = scorer.start(query), np.array([ROOT]), np.zeros(1, np.float32)
    for level, of_level in enumerate(paths.T, 1):
        children = tree.children(nodes)
        total = score_children(scorer, state, level, nodes, totals, children).total
        on_path = np.isin(children.node, of_level)
        nodes, totals = children.node[on_path], total[on_path]
        order = np.argsort(nodes, kind="stable")
        nodes, totals = nodes[order], totals[order]
        reached = of_level >= 0
        there[reached] = totals[np.searchsorted(nodes, of_level[reached])]
        inner = ~tree.is_leaf(nodes)
        nodes, totals = nodes[inner], totals[inner]
        if not len(nodes):
            break
    out[wanted >= 0] = there
    return out[place.reshape(-1)]


def _paths(tree: Tree, leaves: np.ndarray) -> np.ndarray:
    """Nodes from level 1 down to each leaf, int64 ``(leaves, levels)``, -1 behind one that ends early."""
    depth = np.asarray(tree.level_of(leaves))
    paths = np.full((len(leaves), int(depth.max(initial=0))), -1, np.int64)
    node = leaves.astype(np.int64)
    for level in range(paths.shape[1], 0, -1):
        here = depth >= level
        paths[here, level - 1] = node[here]
        node[here] = tree.parent(node[here])
    return paths
