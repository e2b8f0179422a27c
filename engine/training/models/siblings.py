"""Paths and siblings for many pairs at once: what may follow each prefix of a document's identifier."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.trie import ROOT, Trie


class Tree(NamedTuple):
    """The arrays of a trie that training walks, as tensors.

    Attributes
    ----------
    code, first_child, parent : Tensor
        Int64, one entry a node (``first_child`` has one more), as in :class:`engine.trie.Trie`; the root is its own parent.
    level : Tensor
        Int64, one entry a node; 0 at the root.
    levels : int
        Length of the longest identifier.
    """

    code: Tensor
    first_child: Tensor
    parent: Tensor
    level: Tensor
    levels: int


class Siblings(NamedTuple):
    """Children of the prefixes of several pairs at one level, ragged; the fields are those of
    :class:`engine.training.models.base.Candidates` without the scores. ``above`` is the prefix's own node, one a row."""

    pair: Tensor
    node: Tensor
    rows: Tensor
    target: Tensor
    above: Tensor


def tree_of(trie: Trie) -> Tree:
    """Tensors of a trie, mapped or not."""
    nodes = np.arange(len(trie.code))
    arrays = (np.asarray(trie.code), np.asarray(trie.first_child), trie.parent(nodes), trie.level_of(nodes))
    code, first_child, parent, level = (torch.from_numpy(array.astype(np.int64)) for array in arrays)
    return Tree(code, first_child, parent, level, trie.levels)


def path_nodes(tree: Tree, leaf: Tensor) -> Tensor:
    """Nodes from level 1 down to each leaf: int64 ``(pairs, levels)``, -1 behind the end of a shorter identifier.

    >>> from engine.trie import build
    >>> tree = tree_of(build(np.array([[0, 1], [3, -1]], np.int32)))
    >>> path_nodes(tree, torch.tensor([3, 2])).tolist()
    [[1, 3], [2, -1]]
    """
    nodes = torch.full((len(leaf), tree.levels), -1, dtype=torch.int64, device=leaf.device)
    here, rows = leaf.clone(), torch.arange(len(leaf), device=leaf.device)
    for _ in range(tree.levels):
        on = here != ROOT
        rows, here = rows[on], here[on]
        nodes[rows, tree.level[here] - 1] = here
        here = tree.parent[here]
    return nodes


def siblings(tree: Tree, node: Tensor) -> Siblings:
    """All children of the parents of ``node``, int64 ``(pairs,)``, the path's nodes at one level; -1 pairs are left out.

    >>> from engine.trie import build
    >>> tree = tree_of(build(np.array([[0, 1], [0, 2], [3, -1]], np.int32)))
    >>> found = siblings(tree, torch.tensor([4, -1, 3]))
    >>> found.pair.tolist(), found.node.tolist(), found.rows.tolist(), found.target.tolist(), found.above.tolist()
    ([0, 0, 2, 2], [3, 4, 3, 4], [0, 2], [1, 2], [1, 1])
    """
    rows = torch.nonzero(node >= 0).flatten()
    above = tree.parent[node[rows]]
    start = tree.first_child[above]
    size = tree.first_child[above + 1] - start
    begin = torch.cumsum(size, 0) - size
    pair = torch.repeat_interleave(rows, size)
    nodes = torch.arange(len(pair), device=node.device) + torch.repeat_interleave(start - begin, size)
    return Siblings(pair, nodes, rows, begin + node[rows] - start, above)
