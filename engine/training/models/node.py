"""The node scorer as a model to train; the formula stands in :mod:`engine.scorers.node`."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from engine.scorers.centroid import SCALE, holders, node_means
from engine.scorers.kinds import Parts
from engine.scorers.node import KIND, NodeScorer
from engine.training.models.base import Candidates
from engine.training.models.priming import primed
from engine.training.models.reached import beside, reach
from engine.training.models.siblings import Siblings, Tree, path_nodes, siblings, tree_of
from engine.training.pairs.sources import Pairs
from engine.trie import ROOT

# Nodes of a level that compete in one softmax; of a larger level the batch's own nodes and a sample drawn anew each step, in
# which each node stands for those that were not drawn.
AT_ONCE = 8192


class Head(NamedTuple):
    """A vector and a bias of each held node."""

    vectors: Tensor
    bias: Tensor


class NodeModel(nn.Module):
    """Node vectors, biases and a query adapter, all parameters; a second head where a teacher is followed apart."""

    row: Tensor

    def __init__(self, parts: Parts, settings: Mapping[str, Any], seed: int):
        super().__init__()
        self.parts, self.settings = parts, dict(settings)
        for name, tensor in tree_of(parts.trie)._asdict().items():
            if isinstance(tensor, Tensor):  # buffers go with the model to its device
                self.register_buffer(f"tree_{name}", tensor, persistent=False)
        # An only child has its parent's documents, hence its parent's vector: the two are one row.
        held, row = np.unique(holders(parts.trie), return_inverse=True)
        self.held = held
        self.register_buffer("row", torch.from_numpy(row.astype(np.int64)), persistent=False)
        level = np.asarray(parts.trie.level_of(np.arange(len(parts.trie.code))))
        leaf = parts.trie.is_leaf(np.arange(len(parts.trie.code)))
        for depth in range(1, parts.trie.levels + 1):
            frontier = np.flatnonzero((level == depth) | (leaf & (level < depth)))
            self.register_buffer(f"frontier_{depth}", torch.from_numpy(frontier), persistent=False)
        width, hidden = parts.means.shape[1], int(settings["hidden"])
        torch.manual_seed(seed)
        self.vectors = nn.Parameter(torch.from_numpy(np.array(parts.means[held], np.float32)))
        self.bias = nn.Parameter(torch.from_numpy(np.log(np.asarray(parts.trie.counts))[held].astype(np.float32)))
        self.apart = settings.get("teacher_head") == "apart"
        if self.apart:
            self.taught_vectors, self.taught_bias = (nn.Parameter(own.detach().clone()) for own in (self.vectors, self.bias))
        self.into, self.out = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.dropout = nn.Dropout(float(settings["dropout"]))
        # Zero at the start: an untrained node scorer is the centroid scorer.
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    @property
    def tree(self) -> Tree:
        """The trie, where the model is."""
        tensors = {name: self.get_buffer(f"tree_{name}") for name in Tree._fields if name != "levels"}
        return Tree(**tensors, levels=self.parts.trie.levels)

    def prime(self, embeddings: np.ndarray, pairs: Pairs, queries: Sequence[np.ndarray]) -> None:
        """Move documents towards the queries they answer before the first step (Brauen 1971's dynamic document space).

        See :mod:`engine.training.models.priming`; the node vectors become the means of that.
        """
        documents = primed(embeddings, pairs, queries, float(self.settings["expand"]))
        with torch.no_grad():
            self.vectors.copy_(torch.from_numpy(node_means(self.parts.trie, documents)[self.held]))
            if self.apart:
                self.taught_vectors.copy_(self.vectors)

    def encode(self, queries: Sequence[np.ndarray]) -> Tensor:
        """Adapted queries, float ``(q, d)``."""
        return self.adapted(torch.from_numpy(np.stack(list(queries)).astype(np.float32)).to(self.bias.device))

    def adapted(self, query: Tensor) -> Tensor:
        """Unit vectors of queries behind the residual adapter, float ``(q, d)``."""
        return query + self.out(self.dropout(nn.functional.gelu(self.into(query))))

    def candidates(self, encoded: Tensor, query: Tensor, leaf: Tensor) -> list[Candidates]:
        """See :class:`engine.training.models.base.Model`: at every level its nodes, its siblings, or what a beam reaches."""
        return self._candidates(encoded, query, leaf, Head(self.vectors, self.bias))

    def taught(self, encoded: Tensor, query: Tensor, leaf: Tensor) -> list[Candidates] | None:
        """The same by the teacher's own head, where there is one."""
        return self._candidates(encoded, query, leaf, Head(self.taught_vectors, self.taught_bias)) if self.apart else None

    def _candidates(self, encoded: Tensor, query: Tensor, leaf: Tensor, head: Head) -> list[Candidates]:
        path = path_nodes(self.tree, leaf)
        with torch.autocast(leaf.device.type, enabled=False):  # products times a scale of 20 need their digits
            encoded = encoded.float()
            if self.settings["softmax"] == "siblings":
                return self._siblings(encoded, query, path, head)
            # Levels share most of their rows, so a tree that is not large has all of them multiplied once.
            products = encoded @ head.vectors.T if len(head.vectors) <= 2 * AT_ONCE else None
            depths = [depth for depth in range(path.shape[1]) if bool((path[:, depth] >= 0).any())]
            if self.settings["softmax"] == "beam" and self.training:
                return self._reached(encoded, products, query, path[:, : len(depths)], head)
            return [self._level(encoded, products, query, path, depth, head) for depth in depths]

    def _level(self, encoded: Tensor, products: Tensor | None, query: Tensor, path: Tensor, depth: int, head: Head) -> Candidates:
        """All nodes of a level, and the leaves above it, in one softmax.

        Of a level that is too large a sample while training. Nothing is drawn where the model is judged: there the siblings are
        listed, to which :func:`engine.training.dev.among_siblings` cuts every level down.
        """
        frontier, rows = self.get_buffer(f"frontier_{depth + 1}"), torch.nonzero(path[:, depth] >= 0).flatten()
        own = path[rows, depth]
        chance, log_weight = AT_ONCE / len(frontier), None
        if chance < 1 and not self.training:
            return self._beside(encoded, query, siblings(self.tree, path[:, depth]), head)
        if chance < 1:
            drawn = frontier[torch.randperm(len(frontier), device=path.device)[:AT_ONCE]]
            frontier = torch.unique(torch.cat([own, drawn]))
            # Those of the batch are there for certain, the others with this chance: log_probs takes it out again.
            log_weight = torch.where(torch.isin(frontier, own), 0.0, -math.log(chance)).repeat(len(rows))
        place = self.row[frontier]
        product = encoded @ head.vectors[place].T if products is None else products.index_select(1, place)
        score = SCALE * product + head.bias[place]
        size = len(frontier)
        target = torch.arange(len(rows), device=path.device) * size + torch.searchsorted(frontier, own)
        pair, node = rows.repeat_interleave(size), frontier.repeat(len(rows))
        return Candidates(score[query[rows]].flatten(), pair, node, rows, target, log_weight)

    def _reached(self, encoded: Tensor, products: Tensor | None, query: Tensor, path: Tensor, head: Head) -> list[Candidates]:
        """What a beam search by the model as it is compares, at the levels at which the pair's own node is still among it."""

        def score(asked: Tensor, node: Tensor) -> Tensor:
            place = self.row[node]
            if products is None:
                product = (encoded[asked] * head.vectors[place]).sum(dim=1)
            else:
                product = products.flatten().index_select(0, asked * products.shape[1] + place)
            return SCALE * product + head.bias[place]

        found = reach(self.tree, score, len(encoded), int(self.settings["reach"]), path.shape[1])
        return [beside(level, len(self.tree.code), query, own) for level, own in zip(found, path.T, strict=True)]

    def _beside(self, encoded: Tensor, query: Tensor, level: Siblings, head: Head) -> Candidates:
        place = self.row[level.node]
        product = (encoded[query[level.pair]] * head.vectors[place]).sum(dim=1)
        return Candidates(SCALE * product + head.bias[place], level.pair, level.node, level.rows, level.target)

    def _siblings(self, encoded: Tensor, query: Tensor, path: Tensor, head: Head) -> list[Candidates]:
        tree = self.tree
        found = [siblings(tree, column) for column in path.T if bool((column >= 0).any())]
        # All pairs have the same siblings at level 1: one matrix product instead of a copy of them a pair. Those of all deeper
        # levels are taken in one go, for the gradient of each taking is as large as all vectors.
        row = self.row
        top = row[int(tree.first_child[ROOT]) : int(tree.first_child[ROOT + 1])]
        products = [(encoded @ head.vectors[top].T)[query].flatten()]
        if len(found) > 1:
            pair, node = (torch.cat(parts) for parts in zip(*((level.pair, level.node) for level in found[1:]), strict=True))
            deeper = (encoded[query[pair]] * head.vectors[row[node]]).sum(dim=1)
            products += deeper.split([len(level.pair) for level in found[1:]])
        return [
            Candidates(SCALE * product + head.bias[row[level.node]], level.pair, level.node, level.rows, level.target)
            for product, level in zip(products, found, strict=True)
        ]

    def represent(self, encoded: Tensor, query: Tensor, leaf: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`engine.training.models.base.Model`: adapted queries, and the vectors of the leaves."""
        return encoded[query], self.vectors[self.row[leaf]]

    def kept(self) -> dict[str, Tensor]:
        """Its state without the head that is dropped."""
        return {name: tensor for name, tensor in self.state_dict().items() if not name.startswith("taught_")}

    def groups(self) -> list[dict[str, Any]]:
        """Learning rates of the node vectors and of the adapter."""
        adapter = [*self.into.parameters(), *self.out.parameters()]
        nodes = [self.vectors, self.bias, *([self.taught_vectors, self.taught_bias] if self.apart else [])]
        return [
            {"params": nodes, "lr": float(self.settings["learning_rate"])},
            {"params": adapter, "lr": float(self.settings["adapter_rate"]), "weight_decay": 0.01},
        ]

    def scorer(self) -> NodeScorer:
        """See :class:`engine.training.models.base.Model`."""
        tensors = {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.state_dict().items()}
        return KIND.open(self.parts, tensors, self.settings)  # type: ignore[return-value]


def create(parts: Parts, settings: Mapping[str, Any], seed: int) -> NodeModel:
    """The model of a build before training."""
    return NodeModel(parts, settings, seed)
