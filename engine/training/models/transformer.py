"""The transformer scorer as a model to train; the formula stands in :mod:`engine.scorers.transformer`.

The whole path of every pair is teacher-forced in one call of the decoder: a position sees the codes before it, and what it
expects is compared with all codes that may follow there.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.scorers.carried import codes_of
from engine.scorers.centroid import SCALE, node_means
from engine.scorers.kinds import Parts
from engine.scorers.transformer import KIND, TransformerScorer, code_numbers, unpacked
from engine.scorers.transformer_model import Decoder, Memory
from engine.text import token_states
from engine.training.models.base import Candidates
from engine.training.models.priming import primed
from engine.training.models.siblings import Tree, path_nodes, siblings, tree_of
from engine.training.pairs.sources import Pairs

# A matrix product is so much faster, an element, than products of gathered rows.
DENSE = 8
# Rows gathered at once where no gradient is needed.
BLOCK = 1 << 16


class Encoded(NamedTuple):
    """Queries: float ``(q, d)`` unit vectors, and what the decoder's blocks read of the tokens."""

    vector: Tensor
    memory: Memory


class TransformerModel(Decoder):
    """The decoder with the tree it is trained on.

    Parameters
    ----------
    parts : Parts
        Of the build.
    settings : mapping
        A value for every option of the kind.
    token_width : int
        Size of the encoder's token states.
    """

    means: Tensor
    log_count: Tensor
    number: Tensor

    def __init__(self, parts: Parts, settings: Mapping[str, Any], token_width: int):
        codes = codes_of(parts.trie)
        width, dropout = parts.means.shape[1], float(settings["dropout"])
        rank = int(settings.get("prefix_rank") or 0)
        super().__init__(codes, len(parts.trie.code), width, token_width, settings["size"], dropout, rank)
        self.parts, self.settings = parts, dict(settings)
        # Moved with the model, never saved: the build has them.
        for name, array in tree_of(parts.trie)._asdict().items():
            if isinstance(array, Tensor):
                self.register_buffer(f"tree_{name}", array, persistent=False)
        # Saved, for they may be primed: no longer those of the build.
        self.register_buffer("means", torch.from_numpy(np.array(parts.means, np.float32)))
        fixed = {
            "log_count": np.log(np.asarray(parts.trie.counts)).astype(np.float32),
            "number": code_numbers(parts.trie),
        }
        for name, array in fixed.items():
            self.register_buffer(name, torch.from_numpy(array), persistent=False)

    def prime(self, embeddings: np.ndarray, pairs: Pairs, queries: Sequence[np.ndarray]) -> None:
        """Let the node scores of the prior know the training queries; see :mod:`engine.training.models.priming`."""
        vectors = [unpacked(query, self.means.shape[1], self.from_tokens.in_features)[0] for query in queries]
        documents = primed(embeddings, pairs, vectors, float(self.settings["expand"]))
        self.means.copy_(torch.from_numpy(node_means(self.parts.trie, documents)))

    @property
    def tree(self) -> Tree:
        """The arrays of the trie, where the model is."""
        tensors = {name: self.get_buffer(f"tree_{name}") for name in Tree._fields if name != "levels"}
        return Tree(**tensors, levels=self.parts.trie.levels)

    def encode(self, queries: Sequence[np.ndarray]) -> Encoded:
        """See :class:`engine.training.models.base.Model`."""
        device = self.bias.device
        pairs = [unpacked(query, self.means.shape[1], self.from_tokens.in_features) for query in queries]
        vector = torch.from_numpy(np.stack([vector for vector, _ in pairs])).to(device)
        tokens = torch.from_numpy(np.concatenate([tokens for _, tokens in pairs])).to(device)
        return Encoded(vector, self.remember(vector, tokens, torch.tensor([len(tokens) for _, tokens in pairs], device=device)))

    def candidates(self, encoded: Encoded, query: Tensor, leaf: Tensor) -> list[Candidates]:
        """See :class:`engine.training.models.base.Model`: the siblings at every level."""
        tree = self.tree
        path = path_nodes(tree, leaf)
        path = path[:, : int((path >= 0).sum(1).max())]
        # Nothing follows the last code, and what stands behind the end of a shorter path is never looked at.
        before = path[:, :-1]
        rows = torch.nn.functional.pad(torch.where(before >= 0, 1 + self.number[before], 0), (1, 0))
        expected, _ = self(encoded.memory.of(query), rows)
        levels = []
        for level, column in enumerate(path.T):
            found = siblings(tree, column)
            asked, code = query[found.pair], self.number[found.node]
            cosine = _fixed_products(encoded.vector, asked, self.means, found.node)
            cosine = cosine + products(encoded.vector, asked, self.shifts.weight, code)
            prior = self.trust[level] * (SCALE * cosine + self.log_count[found.node])
            score = prior + products(expected[:, level], found.pair, self.outputs.weight, code) + self.bias[found.node]
            levels.append(Candidates(score, found.pair, found.node, found.rows, found.target))
        return levels

    def represent(self, encoded: Encoded, query: Tensor, leaf: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`engine.training.models.base.Model`.

        The query's vector beside what is expected at the start, and the leaf's mean with its codes' shifts beside the sum of
        their outputs: the product has the form of a logit, with the whole identifier in place of one code.
        """
        start = torch.zeros(len(encoded.vector), 1, dtype=torch.int64, device=leaf.device)
        expected, _ = self(encoded.memory, start)
        asked = torch.cat([encoded.vector, expected[:, 0] / SCALE], dim=1)
        path = path_nodes(self.tree, leaf)
        code, there = self.number[path.clamp(min=0)], (path >= 0)[..., None]
        shifts, outputs = ((table(code) * there).sum(1) for table in (self.shifts, self.outputs))
        return asked[query], torch.cat([self.means[leaf] + shifts, outputs], dim=1)

    def groups(self) -> list[dict[str, Any]]:
        """Weight decay for matrices only: an embedding that a batch does not touch is not to shrink."""
        tables = {"inputs.weight", "outputs.weight", "shifts.weight", "positions", "prefix.read.weight"}
        rate = float(self.settings["learning_rate"])
        decayed = [p for name, p in self.named_parameters() if p.ndim == 2 and name not in tables]
        others = [p for name, p in self.named_parameters() if p.ndim != 2 or name in tables]
        return [{"params": decayed, "lr": rate, "weight_decay": 0.01}, {"params": others, "lr": rate}]

    def scorer(self) -> TransformerScorer:
        """See :class:`engine.training.models.base.Model`."""
        tensors = {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.state_dict().items()}
        return KIND.open(self.parts, tensors, self.settings)  # type: ignore[return-value]


def create(parts: Parts, settings: Mapping[str, Any], seed: int) -> TransformerModel:
    """The model of a build before training."""
    token_width = token_states.width(parts.encoder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TransformerModel(parts, settings, token_width)


def products(left: Tensor, row: Tensor, right: Tensor, index: Tensor) -> Tensor:
    """``left[row[i]] . right[index[i]]`` for each i, in float32; as one matrix product where most of that is asked for.

    >>> products(torch.eye(2), torch.tensor([0, 1, 1]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([0, 0, 1])).tolist()
    [1.0, 2.0, 4.0]
    """
    low, high = int(index.min()), int(index.max()) + 1
    # Logits of 20 and more need their digits, so no half precision here where the blocks have it.
    with torch.autocast(left.device.type, enabled=False):
        left = left.float()
        if len(left) * (high - low) <= DENSE * len(row):
            return (left @ right[low:high].T)[row, index - low]
        return (left.index_select(0, row) * right.index_select(0, index)).sum(dim=1)


@torch.no_grad()
def _fixed_products(left: Tensor, row: Tensor, right: Tensor, index: Tensor) -> Tensor:
    """:func:`products` of tensors that are not trained, in blocks."""
    parts = zip(row.split(BLOCK), index.split(BLOCK), strict=True)
    return torch.cat([products(left, part, right, places) for part, places in parts])
