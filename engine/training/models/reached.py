"""The nodes that a beam search of a model reaches: what it has to tell apart, and nothing else.

Optimal tree models (Zhuo et al. 2020): a search only ever compares the children of what it has kept, so a model that is taught
on exactly these learns nothing that no search asks it for.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from engine.training.models.base import Candidates
from engine.training.models.siblings import Tree
from engine.trie import ROOT

Score = Callable[[Tensor, Tensor], Tensor]  # (query, node), int64 (m,) both -> float (m,)


class Reached(NamedTuple):
    """What a search of several queries compares at one level, ragged: sorted by query, then by node.

    Attributes
    ----------
    query, node : Tensor
        Int64 ``(m,)``: the query's place, and a child of one of its beams; a leaf that was reached before waits.
    score : Tensor
        Float ``(m,)``, with its gradient.
    """

    query: Tensor
    node: Tensor
    score: Tensor


def reach(tree: Tree, score: Score, queries: int, beams: int, levels: int) -> list[Reached]:
    """Search with all queries at once, level by level, keeping the ``beams`` best of each.

    >>> from engine.training.models.siblings import tree_of
    >>> from engine.trie import build
    >>> import numpy as np
    >>> tree = tree_of(build(np.array([[0, 0], [0, 1], [1, 0], [2, -1]], np.int32)))
    >>> found = reach(tree, lambda query, node: -node.float(), 1, 1, 2)
    >>> [level.node.tolist() for level in found]
    [[1, 2, 3], [4, 5]]
    """
    query = torch.arange(queries, device=tree.code.device)
    node = torch.full_like(query, ROOT)
    found = []
    for _ in range(levels):
        query, node = _below(tree, query, node)
        values = score(query, node)
        found.append(Reached(query, node, values))
        kept = _best(query, values.detach(), queries, beams)
        query, node = query[kept], node[kept]
    return found


def _below(tree: Tree, query: Tensor, node: Tensor) -> tuple[Tensor, Tensor]:
    """Children of nodes, each with the query of its parent, sorted; a leaf stands for itself."""
    first, size = tree.first_child[node], tree.first_child[node + 1] - tree.first_child[node]
    first, size = torch.where(size > 0, first, node), size.clamp(min=1)
    begin = torch.cumsum(size, 0) - size
    query = torch.repeat_interleave(query, size)
    node = torch.arange(len(query), device=node.device) + torch.repeat_interleave(first - begin, size)
    order = torch.argsort(query * len(tree.code) + node)
    return query[order], node[order]


def _best(query: Tensor, values: Tensor, queries: int, count: int) -> Tensor:
    """Places of the ``count`` highest of each query, in no order; of equal ones the lower node's."""
    order = torch.argsort(values, descending=True, stable=True)
    order = order[torch.argsort(query[order], stable=True)]
    size = torch.bincount(query, minlength=queries)
    rank = torch.arange(len(order), device=query.device) - (torch.cumsum(size, 0) - size)[query[order]]
    return order[rank < count]


def beside(level: Reached, nodes: int, query: Tensor, node: Tensor) -> Candidates:
    """What was reached, for the pairs whose own node (int64 ``(pairs,)``, -1 for none) was; the others lack the level."""
    keys, queries = level.query * nodes + level.node, int(level.query[-1]) + 1
    place = torch.searchsorted(keys, query * nodes + node.clamp(min=0)).clamp(max=len(keys) - 1)
    rows = torch.nonzero((node >= 0) & (level.query[place] == query) & (level.node[place] == node)).flatten()
    size = torch.bincount(level.query, minlength=queries)
    first, size = (torch.cumsum(size, 0) - size)[query[rows]], size[query[rows]]
    begin = torch.cumsum(size, 0) - size
    pair = torch.repeat_interleave(rows, size)
    entry = torch.arange(len(pair), device=pair.device) + torch.repeat_interleave(first - begin, size)
    return Candidates(level.score[entry], pair, level.node[entry], rows, begin + place[rows] - first)
