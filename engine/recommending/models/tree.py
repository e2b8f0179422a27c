"""A tree over histories: a state of the history against a trained vector of every node, softmax among siblings, level by level.

The lineage of tree indexes (TDM, Zhu et al. 2018; JTR, Li et al. 2023) with our node scorer's loss: the probability of an item is
the product of those of the codes on its way, so a step of training touches the siblings of one path and not the catalogue.
Distilled, it also learns what the item-item matrix would say: targets drawn from its mass for the same history, which is its soft
target in expectation.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from engine.recommending.models.sequence import SequenceModel, Shape
from engine.trie import Trie


class Paths(NamedTuple):
    """A trie as tensors of int64: ``parent`` of each node; ``first`` and ``size`` of the run of its siblings, itself among them;
    ``path`` of each item, ``(items, levels)`` nodes, -1 where it has ended; ``leaf`` of each item, -1 where it has no
    identifier."""

    parent: Tensor
    first: Tensor
    size: Tensor
    path: Tensor
    leaf: Tensor

    @classmethod
    def of(cls, trie: Trie, items: int) -> "Paths":
        """Those of a trie, for so many items."""
        parent = np.asarray(trie.parent(np.arange(len(trie.code))), np.int64)
        first = trie.first_child[parent].astype(np.int64)
        size = trie.first_child[parent + 1] - first
        leaf = np.asarray(trie.leaves_of(np.arange(items)), np.int64)
        path = np.full((items, trie.levels), -1, np.int64)
        node, level = leaf.copy(), trie.level_of(np.maximum(leaf, 0)).astype(np.int64)
        for _ in range(trie.levels):
            there = np.flatnonzero(node > 0)
            path[there, level[there] - 1] = node[there]
            node[there] = parent[node[there]]
            level[there] -= 1
        return cls(*(torch.as_tensor(array) for array in (parent, first, size, path, leaf)))


class PathTable(nn.Module):
    """Those tensors where the weights are; no part of what is kept.

    Parameters
    ----------
    of : Paths
        As they come from a trie.
    """

    parent: Tensor
    first: Tensor
    size: Tensor
    path: Tensor
    leaf: Tensor

    def __init__(self, of: Paths):
        super().__init__()
        for name, tensor in of._asdict().items():
            self.register_buffer(name, tensor, persistent=False)


class TreeModel(nn.Module):
    """States of a history, and log-probabilities of the codes that may come.

    Parameters
    ----------
    trie : Trie
        Identifiers of the items.
    items : int
        How many there are.
    shape : Shape
        Size of the encoder of histories.
    learning_rate : float
        Of everything.
    """

    causal = True

    def __init__(self, trie: Trie, items: int, shape: Shape, learning_rate: float = 1e-3):
        super().__init__()
        self.history = SequenceModel(items, shape, True, None, True, learning_rate)
        self.items, self.shape, self.learning_rate = items, shape, learning_rate
        self.nodes, self.bias = nn.Embedding(len(trie.code), shape.width), nn.Parameter(torch.zeros(len(trie.code)))
        nn.init.normal_(self.nodes.weight, std=0.02)
        self.paths, self.levels = PathTable(Paths.of(trie, items)), np.asarray(trie.level_start)

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimiser."""
        return [{"params": list(self.parameters()), "lr": self.learning_rate, "weight_decay": 0.01}]

    def states(self, rows: Tensor) -> Tensor:
        """States ``(b, t, width)`` of int64 ``(b, t)`` item rows, padded on the left with -1."""
        return self.history(rows, self.history.item_vectors())

    def nats(self, states: Tensor, items: Tensor) -> Tensor:
        """Negative log-probability of the identifiers of ``items`` ``(n,)`` after ``states`` ``(n, width)``: float32 ``(n,)``.

        Only the siblings of each path are looked at; all paths have those of the first level, which are one product.
        """
        path = self.paths.path[items]
        first = slice(*self.levels[1:3].tolist())
        roots = states @ self.nodes.weight[first].T + self.bias[first]
        total = cross_entropy(roots, path[:, 0] - first.start, reduction="none")
        for level in range(1, path.shape[1]):
            place = torch.nonzero(path[:, level] > 0)[:, 0]
            node = path[place, level]
            size = self.paths.size[node]
            place, node, size = (values[size > 1] for values in (place, node, size))  # an only child is certain
            group = torch.repeat_interleave(torch.arange(len(node), device=size.device), size)
            ends = torch.cumsum(size, 0)
            within = torch.arange(len(group), device=size.device) - torch.repeat_interleave(ends - size, size)
            siblings = torch.repeat_interleave(self.paths.first[node], size) + within
            logits = (states[place][group] * self.nodes.weight[siblings]).sum(1) + self.bias[siblings]
            ours = (states[place] * self.nodes.weight[node]).sum(1) + self.bias[node]
            total = total.index_add(0, place, _log_sum(logits, group, len(node)) - ours)
        return total

    def scores(self, history: Tensor) -> Tensor:
        """Log-probability of every item, ``(b, items)``; -inf where it has no identifier."""
        return self.of_leaves(self.states(history)[:, -1])

    def of_leaves(self, states: Tensor) -> Tensor:
        """The same of states ``(b, width)``."""
        logits = states @ self.nodes.weight.T + self.bias
        logits[:, 0] = -torch.inf  # the root is its own parent, and no sibling of the first codes
        parent = self.paths.parent
        largest = torch.full_like(logits, -torch.inf).scatter_reduce(1, parent.expand_as(logits), logits, "amax")
        summed = torch.zeros_like(logits).index_add(1, parent, torch.exp(logits - largest[:, parent]))
        own = logits - largest[:, parent] - torch.log(summed[:, parent])
        own[:, 0] = 0
        totals = own.clone()
        for first, end in zip(self.levels[1:-1], self.levels[2:], strict=True):
            totals[:, first:end] = own[:, first:end] + totals[:, parent[first:end]]
        found = totals[:, self.paths.leaf.clamp(min=0)]
        return found.masked_fill(self.paths.leaf < 0, -torch.inf)


def _log_sum(logits: Tensor, group: Tensor, groups: int) -> Tensor:
    """Log of summed exponentials of each group of a ragged tensor."""
    largest = logits.new_full((groups,), -torch.inf).scatter_reduce(0, group, logits.detach(), "amax")
    summed = logits.new_zeros(groups).index_add(0, group, torch.exp(logits - largest[group]))
    return largest + torch.log(summed)
