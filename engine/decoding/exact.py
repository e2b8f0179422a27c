"""The score of every node, and the exact ranking of all leaves: the oracle of beam search."""

from typing import NamedTuple

import numpy as np

from engine.decoding.beam import score_children
from engine.scorers.base import Scorer
from engine.trie import ROOT, Tree


class Level(NamedTuple):
    """All legal nodes of one level, in node order, with what the scorer says of them; ``parent`` indexes the level above."""

    node: np.ndarray
    parent: np.ndarray
    log_prob: np.ndarray
    total: np.ndarray


def score_all(tree: Tree, scorer: Scorer, query: np.ndarray, temperature: float = 1.0) -> list[Level]:
    """Score every legal node, level by level from 1.

    Raises
    ------
    TriescopeError
        A score is not finite (the message names the scorer).
    """
    state = scorer.start(query, temperature)
    nodes, totals = np.array([ROOT]), np.zeros(1, np.float32)
    levels = []
    for level in range(1, tree.levels + 1):
        children = tree.children(nodes)
        scored = score_children(scorer, state, level, nodes, totals, children)
        levels.append(Level(children.node, children.parent, scored.log_prob, scored.total))
        nodes, totals = children.node, scored.total
    return levels


def exact_search(tree: Tree, scorer: Scorer, query: np.ndarray, temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Score every node of the tree, level by level, and rank all leaves: a beam as wide as the tree must return the same.

    Returns
    -------
    leaves, totals : np.ndarray
        Every leaf, best first; equal totals in order of their keys.
    """
    levels = score_all(tree, scorer, query, temperature)
    leaves = np.concatenate([level.node[tree.is_leaf(level.node)] for level in levels])
    totals = np.concatenate([level.total[tree.is_leaf(level.node)] for level in levels])
    order = np.lexsort((tree.tie_key(leaves), -totals))
    return leaves[order], totals[order]
