"""The PLUM scorer as a model to train: teacher forcing over the codes of a document's identifier, behind the words of a query.

Continued pre-training comes first, where it is asked for: steps on the same pairs in which words count as codes do, half of them
text then codes, half codes then text, so that the new tokens find their place among the words.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from engine.scorers.kinds import Parts
from engine.scorers.plum import PlumScorer, network_of
from engine.scorers.plum_model import CodeLM, Read
from engine.training.models.base import Candidates
from engine.training.models.siblings import path_nodes, siblings, tree_of
from engine.training.pairs.sources import Pairs

RATES = {"full": 2e-4, "lora": 1e-3, "prompt": 5e-3, "tokens": 5e-3}
# Of the new tokens, which begin as nothing.
TABLE_RATE = 1e-3
# Pairs of a step of pre-training.
BATCH = 32


class PlumModel(torch.nn.Module):
    """A causal model with a token for every code of a trie."""

    def __init__(self, parts: Parts, settings: Mapping[str, Any], network: CodeLM):
        super().__init__()
        self.parts, self.settings, self.tree = parts, dict(settings), tree_of(parts.trie)
        self.network = network

    def state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        """What is learned of the network, by the network's names."""
        return self.network.state_dict()

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """See :meth:`engine.scorers.plum_model.CodeLM.restore`."""
        self.network.restore({name: tensor.detach().cpu().numpy() for name, tensor in state_dict.items()})

    def encode(self, queries: Sequence[np.ndarray]) -> Read:
        """Queries, given as token ids."""
        return self.network.read(queries)

    def candidates(self, encoded: Read, query: Tensor, leaf: Tensor) -> list[Candidates]:
        """See :class:`engine.training.models.base.Model`: all codes of every level, the model being given the true prefix."""
        path = path_nodes(self.tree, leaf.cpu())
        path = path[:, (path >= 0).any(dim=0)]
        device = encoded.tokens.device
        written = self.network.embedded(self.codes(path)[:, :-1].to(device))
        states = self.network.states(Read(encoded.tokens[query], encoded.there[query]), written)[:, -path.shape[1] :]
        return [self._level(states[:, place], place + 1, column) for place, column in enumerate(path.T)]

    def _level(self, states: Tensor, level: int, column: Tensor) -> Candidates:
        found, count = siblings(self.tree, column), self.network.codes[level - 1]
        node = torch.full((len(column), count), -1)
        node[found.pair, self.tree.code[found.node]] = found.node
        device, rows = states.device, found.rows
        target = torch.arange(len(rows)) * count + self.tree.code[column[rows]]
        score = self.network.logits(states[rows.to(device)], level).float().flatten()
        pair = torch.repeat_interleave(rows, count).to(device)
        return Candidates(score, pair, node[rows].flatten().to(device), rows.to(device), target.to(device))

    def represent(self, encoded: Read, query: Tensor, leaf: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`engine.training.models.base.Model`: the state behind the mark, and the mean of the codes' tokens."""
        read = self.network.states(encoded, self.network.table[:1].expand(len(encoded.tokens), 1, -1))[:, -1]
        path = path_nodes(self.tree, leaf.cpu())
        on = (path >= 0).to(read.device)[:, :, None]
        written = self.network.embedded(self.codes(path).to(read.device))[:, 1:]
        return read[query].float(), (written * on).sum(dim=1) / on.sum(dim=1)

    def codes(self, path: Tensor) -> Tensor:
        """Codes of nodes, -1 for -1."""
        return torch.where(path >= 0, self.tree.code[path.clamp(min=0)], -1)

    def prime(self, embeddings: np.ndarray, pairs: Pairs, queries: Sequence[np.ndarray]) -> None:
        """Continued pre-training, as many steps as the settings say."""
        steps, leaf_of = int(self.settings["pretrain"]), self.parts.trie.leaves_of(np.arange(len(embeddings)))
        kept = np.flatnonzero(leaf_of[pairs.row] >= 0)
        if not steps or not len(kept):
            return
        optimiser, rng = torch.optim.AdamW(self.groups(), weight_decay=0.0), np.random.default_rng(0)
        self.train()
        for _ in range(steps):
            chosen = rng.choice(kept, min(BATCH, len(kept)), replace=False)
            leaf = torch.from_numpy(leaf_of[pairs.row[chosen]].astype(np.int64))
            loss = self.words_and_codes([queries[text] for text in pairs.query[chosen]], leaf)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([p for p in self.parameters() if p.requires_grad], 1.0)
            optimiser.step()

    def words_and_codes(self, queries: Sequence[np.ndarray], leaf: Tensor) -> Tensor:
        """Mean nats of a word or code, of texts with codes behind them and, of the other half, before them."""
        path, half = path_nodes(self.tree, leaf), len(queries) // 2
        parts = [self._nats(queries[:half], path[:half], True), self._nats(queries[half:], path[half:], False)]
        total = torch.cat(parts)
        return total.mean()

    def _nats(self, queries: Sequence[np.ndarray], path: Tensor, behind: bool) -> Tensor:
        if not len(queries):
            return self.network.table.new_zeros(0)
        read, codes = self.network.read(queries), self.codes(path).to(self.network.table.device)
        written, words = self.network.embedded(codes), self.network.base.get_output_embeddings().weight.shape[0]
        first = torch.tensor([self.network.first(level) for level in range(1, codes.shape[1] + 1)], device=codes.device)
        numbers = torch.nn.functional.pad(torch.where(codes >= 0, words + first + codes, -100), (1, 0), value=words)
        spoken = torch.where(read.there, read.tokens, -100)
        if behind:
            states, wanted = self.network.states(read, written), torch.cat([spoken, numbers], dim=1)
        else:
            empty = Read(read.tokens[:, :0], read.there[:, :0])
            vectors = torch.cat([written, self.network.base.get_input_embeddings()(read.tokens)], dim=1)
            states, wanted = self.network.states(empty, vectors), torch.cat([numbers, spoken], dim=1)
        logits = self.network.word_logits(states[:, :-1]).float()
        nats = cross_entropy(logits.flatten(0, 1), wanted[:, 1:].flatten(), reduction="none", ignore_index=-100)
        return nats[wanted[:, 1:].flatten() != -100]

    def groups(self) -> list[dict[str, Any]]:
        """What is learned: the new tokens, and all else."""
        rate = float(self.settings.get("learning_rate") or RATES[self.network.way])
        others = [p for name, p in self.network.named_parameters() if p.requires_grad and name != "table"]
        groups: list[dict[str, Any]] = [{"params": [self.network.table], "lr": max(rate, TABLE_RATE)}]
        return [*groups, {"params": others, "lr": rate}] if others else groups

    def scorer(self) -> PlumScorer:
        """See :class:`engine.training.models.base.Model`; on the device that the model is on."""
        return PlumScorer(self.parts.trie, copy.deepcopy(self.network).requires_grad_(False).eval())


def create(parts: Parts, settings: Mapping[str, Any], seed: int) -> PlumModel:
    """The model of a build before training.

    Raises
    ------
    TriescopeError
        No model is known by the name, or it cannot be tuned so.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PlumModel(parts, settings, network_of(parts, settings))
