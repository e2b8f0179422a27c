"""The T5 scorer as a model to train: teacher forcing over the codes of a document's identifier."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.t5.configuration_t5 import T5Config
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration
from transformers.utils import logging

from engine.errors import TriescopeError
from engine.scorers.carried import codes_of
from engine.scorers.kinds import Parts
from engine.scorers.t5 import T5Scorer
from engine.scorers.t5_model import CodeT5, Encoded
from engine.scorers.t5_tokens import parse_tokenizer, source_of, tokenizer_json
from engine.training.models.base import Candidates
from engine.training.models.siblings import path_nodes, siblings, tree_of

# What T5Config calls the width, the width of a head, of the feed-forward layer, the heads and the layers of each half.
_SHAPE = ("d_model", "d_kv", "d_ff", "num_heads", "num_layers")
SIZES = {
    "tiny": (64, 32, 256, 2, 2),
    # TIGER (Rajput et al. 2023), as GRID implements it.
    "tiger": (128, 64, 1024, 6, 4),
    # t5-small (Raffel et al. 2020), the smallest that DSI tries.
    "dsi-small": (512, 64, 2048, 8, 6),
}
RATE, CHECKPOINT_RATE = 1e-3, 5e-4


class T5Model(nn.Module):
    """A T5 with a token for every code of a trie, and a projection of its queries for the contrastive loss."""

    def __init__(self, parts: Parts, settings: Mapping[str, Any], network: CodeT5):
        super().__init__()
        self.parts, self.settings, self.tree = parts, dict(settings), tree_of(parts.trie)
        self.network = network
        self.project = nn.Linear(network.config.d_model, network.config.d_model)

    def encode(self, queries: Sequence[np.ndarray]) -> Encoded:
        """Encoder states of queries, given as token ids."""
        return self.network.encode(queries)

    def candidates(self, encoded: Encoded, query: Tensor, leaf: Tensor) -> list[Candidates]:
        """See :class:`engine.training.models.base.Model`: all codes of every level, the decoder being given the true prefix."""
        path = path_nodes(self.tree, leaf.cpu())
        path = path[:, (path >= 0).any(dim=0)]
        device = encoded.states.device
        # The last code is only predicted, never read.
        tokens = self.network.tokens(self._codes(path)[:, :-1].to(device))
        decoded = self.network.decode(tokens, encoded.states[query], encoded.there[query])
        return [self._level(decoded[:, place], place + 1, column) for place, column in enumerate(path.T)]

    def _level(self, decoded: Tensor, level: int, column: Tensor) -> Candidates:
        found, count = siblings(self.tree, column), self.network.codes[level - 1]
        node = torch.full((len(column), count), -1)
        node[found.pair, self.tree.code[found.node]] = found.node
        device, rows = decoded.device, found.rows
        pair = torch.repeat_interleave(rows, count)
        target = torch.arange(len(rows)) * count + self.tree.code[column[rows]]
        rows = rows.to(device)
        # Where the loop computes in bfloat16, the softmax does not.
        score = self.network.logits(decoded[rows], level).float().flatten()
        return Candidates(score, pair.to(device), node[found.rows].flatten().to(device), rows, target.to(device))

    def represent(self, encoded: Encoded, query: Tensor, leaf: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`engine.training.models.base.Model`: the projected mean of the encoder's states, and the mean of the
        embeddings of the codes on the path."""
        there = encoded.there[:, :, None]
        read = self.project((encoded.states * there).sum(dim=1) / there.sum(dim=1))
        path = path_nodes(self.tree, leaf.cpu())
        device = encoded.states.device
        on, codes = (path >= 0).to(device)[:, :, None], self._codes(path).to(device)
        written = self.network.embedding(self.network.code_tokens(codes))
        return read[query].float(), (written * on).sum(dim=1) / on.sum(dim=1)

    def _codes(self, path: Tensor) -> Tensor:
        return torch.where(path >= 0, self.tree.code[path.clamp(min=0)], -1)

    def groups(self) -> list[dict[str, Any]]:
        """One group: every parameter at one learning rate."""
        default = CHECKPOINT_RATE if self.settings.get("checkpoint") else RATE
        return [{"params": list(self.parameters()), "lr": float(self.settings.get("learning_rate") or default)}]

    def scorer(self) -> T5Scorer:
        """See :class:`engine.training.models.base.Model`; on the device that the model is on."""
        return T5Scorer(self.parts.trie, copy.deepcopy(self.network).requires_grad_(False).eval())


def create(parts: Parts, settings: Mapping[str, Any], seed: int) -> T5Model:
    """The model of a build before training: with random weights, or with those of a checkpoint and random ones for its codes.

    Raises
    ------
    TriescopeError
        The checkpoint or the text encoder, whose tokenizer is used, is missing or cannot be loaded.
    """
    folder, codes = source_of(parts, settings), codes_of(parts.trie)
    text = tokenizer_json(folder)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if settings.get("checkpoint"):
            network = _from_checkpoint(folder, codes, text, float(settings["dropout"]))
        else:
            network = CodeT5(_config(settings, codes, text), codes, text)
        return T5Model(parts, settings, network)


def _config(settings: Mapping[str, Any], codes: Sequence[int], text: str) -> T5Config:
    tokenizer = parse_tokenizer(text)
    pad = tokenizer.token_to_id("[PAD]") or 0
    return T5Config(
        vocab_size=tokenizer.get_vocab_size() + sum(codes),
        dropout_rate=float(settings["dropout"]),
        pad_token_id=pad,
        decoder_start_token_id=pad,
        eos_token_id=None,
        **dict(zip(_SHAPE, SIZES[settings["size"]], strict=True)),
    )


def _from_checkpoint(folder: Path, codes: Sequence[int], text: str, dropout: float) -> CodeT5:
    logging.disable_progress_bar()  # its bar over 100 tensors would drown our own line
    try:
        family = AutoConfig.from_pretrained(folder, local_files_only=True).model_type
        if family != "t5":
            raise TriescopeError(f"checkpoint {folder} is a {family} model, not a T5")
        trained = T5ForConditionalGeneration.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, dtype=torch.float32
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise TriescopeError(f"checkpoint {folder} cannot be loaded: {str(error).strip().splitlines()[0]}") from error
    known = trained.shared.weight.detach()
    config = copy.deepcopy(trained.config)
    config.vocab_size, config.dropout_rate = len(known) + sum(codes), dropout
    network = CodeT5(config, codes, text)
    for half in ("encoder", "decoder"):
        weights = {name: tensor for name, tensor in getattr(trained, half).state_dict().items() if name != "embed_tokens.weight"}
        getattr(network, half).load_state_dict(weights)
    with torch.no_grad():
        # Codes are new words. They start as long as the known ones: T5's embeddings are far longer than random ones are.
        network.embedding.weight[: len(known)] = known
        network.embedding.weight[len(known) :] = torch.randn(sum(codes), known.shape[1]) * known.std()
    return network
