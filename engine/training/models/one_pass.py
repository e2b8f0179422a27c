"""The one-pass scorer as a model to train; the formula stands in :mod:`engine.scorers.one_pass`."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.scorers.centroid import SCALE
from engine.scorers.kinds import Parts
from engine.scorers.one_pass import KIND, OnePassScorer
from engine.training.models.base import Candidates
from engine.training.models.siblings import Tree, path_nodes, siblings, tree_of

# Documents that a code without any counts as: its odds have to be finite to be learnt.
UNUSED = 0.5


class OnePassModel(nn.Module):
    """A query adapter and a linear head a level."""

    def __init__(self, parts: Parts, settings: Mapping[str, Any]):
        super().__init__()
        self.parts, self.settings = parts, dict(settings)
        # Moved with the model, never saved: the build has them.
        for name, array in tree_of(parts.trie)._asdict().items():
            if isinstance(array, Tensor):
                self.register_buffer(f"tree_{name}", array, persistent=False)
        width, hidden = parts.means.shape[1], int(settings["hidden"])
        self.into, self.out = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.dropout = nn.Dropout(float(settings["dropout"]))
        # Zero at the start: the heads get the query as it is.
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        heads, biases = zip(*(first_head(parts, level) for level in range(1, parts.trie.levels + 1)), strict=True)
        self.heads, self.biases = (
            nn.ParameterList(nn.Parameter(torch.from_numpy(array)) for array in arrays) for arrays in (heads, biases)
        )

    @property
    def tree(self) -> Tree:
        """The arrays of the trie, where the model is."""
        tensors = {name: self.get_buffer(f"tree_{name}") for name in Tree._fields if name != "levels"}
        return Tree(**tensors, levels=self.parts.trie.levels)

    def encode(self, queries: Sequence[np.ndarray]) -> Tensor:
        """Adapted queries, float ``(q, d)``."""
        query = torch.from_numpy(np.stack(list(queries)).astype(np.float32)).to(self.out.bias.device)
        return query + self.out(self.dropout(nn.functional.gelu(self.into(query))))

    def candidates(self, encoded: Tensor, query: Tensor, leaf: Tensor) -> list[Candidates]:
        """See :class:`engine.training.models.base.Model`: all codes of every level, those that no document has there as node
        -1."""
        tree, levels = self.tree, []
        for column, head, bias in zip(path_nodes(tree, leaf).T, self.heads, self.biases, strict=True):
            found = siblings(tree, column)
            if not len(found.rows):
                break
            # Logits of 20 and more need their digits, so no half precision here where the adapter has it.
            with torch.autocast(leaf.device.type, enabled=False):
                logits = (encoded @ head.T + bias)[query[found.rows]]
            start = torch.arange(len(found.rows), device=leaf.device) * len(head)
            node = torch.full((logits.numel(),), -1, dtype=torch.int64, device=leaf.device)
            node[start[torch.searchsorted(found.rows, found.pair)] + tree.code[found.node]] = found.node
            target = start + tree.code[column[found.rows]]
            levels.append(Candidates(logits.flatten(), found.rows.repeat_interleave(len(head)), node, found.rows, target))
        return levels

    def represent(self, encoded: Tensor, query: Tensor, leaf: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`engine.training.models.base.Model`: adapted queries, and documents as the sum of their codes' head rows,
        which for residual codebooks begins as the document itself."""
        tree = self.tree
        documents = torch.zeros_like(encoded[query])
        for column, head in zip(path_nodes(tree, leaf).T, self.heads, strict=True):
            rows = torch.nonzero(column >= 0).flatten()
            documents = documents.index_add(0, rows, head[tree.code[column[rows]]])
        return encoded[query], documents / SCALE

    def groups(self) -> list[dict[str, Any]]:
        """Weight decay for the adapter only: the heads begin at vectors that mean something."""
        rate = float(self.settings["learning_rate"])
        adapter = [*self.into.parameters(), *self.out.parameters()]
        return [
            {"params": [*self.heads, *self.biases], "lr": rate},
            {"params": adapter, "lr": rate, "weight_decay": 0.01},
        ]

    def scorer(self) -> OnePassScorer:
        """See :class:`engine.training.models.base.Model`."""
        tensors = {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.state_dict().items()}
        return KIND.open(self.parts, tensors, self.settings)  # type: ignore[return-value]


def create(parts: Parts, settings: Mapping[str, Any], seed: int) -> OnePassModel:
    """The model of a build before training."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return OnePassModel(parts, settings)


def first_head(parts: Parts, level: int) -> tuple[np.ndarray, np.ndarray]:
    """Head ``(codes, d)`` and bias ``(codes,)`` of a level before training, float32.

    Codes have their codebook vector or, where the scheme has none, the mean embedding of the documents with that code at that
    level, scaled as the centroid scorer scales; the bias is the logarithm of those documents' number.
    """
    trie = parts.trie
    first, last = list(pairwise(trie.level_start))[level]
    code, count = np.asarray(trie.code[first:last], np.int64), np.asarray(trie.counts[first:last], np.float64)
    book = parts.codebooks[level - 1] if level <= len(parts.codebooks) else None
    codes = max(int(code.max()) + 1, 0 if book is None else len(book))
    number = np.bincount(code, count, codes)
    vectors = np.zeros((codes, parts.means.shape[1]))
    if book is None:
        np.add.at(vectors, code, count[:, None] * parts.means[first:last])
        vectors /= np.maximum(number, 1)[:, None]
    else:
        vectors[: len(book)] = book
    return (SCALE * vectors).astype(np.float32), np.log(np.maximum(number, UNUSED)).astype(np.float32)
