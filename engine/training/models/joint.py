"""The joint scorer as a model to train; the formula stands in :mod:`engine.scorers.joint`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.builds import runs
from engine.errors import TriescopeError
from engine.scorers.centroid import node_means
from engine.scorers.joint import BUILD, KIND, NODE, TUNED, JointScorer
from engine.scorers.kinds import Parts
from engine.scorers.tensors import taken
from engine.text import tuned
from engine.text.layered import LayeredEncoder
from engine.training.models.node import NodeModel
from engine.training.models.priming import primed
from engine.training.pairs.sources import Pairs


class JointModel(NodeModel):
    """Node vectors, biases, a query adapter and the last layers of an encoder, all parameters."""

    def __init__(self, parts: Parts, settings: Mapping[str, Any], seed: int):
        super().__init__(parts, {"softmax": "level"} | dict(settings), seed)
        self.text = LayeredEncoder(parts.encoder)
        count = min(int(settings["layers"]), len(self.text.layers))
        for layer in list(self.text.layers)[: len(self.text.layers) - count]:
            layer.requires_grad_(False)
        if settings["start"] == BUILD:
            return
        if parts.folder is None:
            raise TriescopeError(f"start={settings['start']}: these parts belong to no build")
        if settings["start"] == TUNED:
            self.text.take(_state(tuned.open_layers(parts.folder, parts.encoder)))
            self._begin_at(np.asarray(tuned.open_vectors(parts.folder, len(parts.trie.documents))))
        else:
            self._take_node(parts.folder)

    def _take_node(self, folder: Path) -> None:
        """What the run ``node`` has learned: node vectors, biases and adapter."""
        known, asked = runs.read(folder, NODE), {name: self.settings[name] for name in ("softmax", "hidden")}
        if known.scorer != NODE or {name: known.settings.get(name) for name in asked} != asked:
            told = ", ".join(f"{name} {value}" for name, value in asked.items())
            raise TriescopeError(
                f"start=node: the run 'node' is no node scorer with {told}; train one of that name, or begin otherwise"
            )
        learned, own = runs.tensors_of(folder, NODE), dict(self.named_parameters())
        for name in ("vectors", "bias", "into.weight", "into.bias", "out.weight", "out.bias"):
            with torch.no_grad():
                own[name].copy_(torch.from_numpy(taken(learned, name, *own[name].shape)))

    def _begin_at(self, documents: np.ndarray) -> None:
        """Node vectors as the means of documents, float32 ``(documents, d)``."""
        with torch.no_grad():
            self.vectors.copy_(torch.from_numpy(node_means(self.parts.trie, documents)[self.held]))

    def prime(self, embeddings: np.ndarray, pairs: Pairs, queries: Sequence[np.ndarray]) -> None:
        """See :meth:`engine.training.models.node.NodeModel.prime`; as the encoder it begins as sees documents and queries.

        A node scorer that has learned began so itself.
        """
        if self.settings["start"] == NODE:
            return
        if self.settings["start"] == TUNED:
            assert self.parts.folder is not None
            embeddings = np.asarray(tuned.open_vectors(self.parts.folder, len(embeddings)))
        self._begin_at(primed(embeddings, pairs, list(self.text.vectors(queries)), float(self.settings["expand"])))

    def encode(self, queries: Sequence[np.ndarray]) -> Tensor:
        """Encoded and adapted queries, float ``(q, d)``; ``queries`` are tokens."""
        return self.adapted(self.text.units(list(queries)))

    def groups(self) -> list[dict[str, Any]]:
        """Learning rates of the node vectors, of the adapter and of the encoder."""
        learning = [parameter for parameter in self.text.parameters() if parameter.requires_grad]
        encoder = {"params": learning, "lr": float(self.settings["encoder_rate"]), "weight_decay": 0.01}
        return [*super().groups(), *([encoder] if learning else [])]

    def scorer(self) -> JointScorer:
        """See :class:`engine.training.models.base.Model`."""
        tensors = {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.state_dict().items()}
        return KIND.open(self.parts, tensors, self.settings)  # type: ignore[return-value]


def _state(encoder: LayeredEncoder) -> dict[str, np.ndarray]:
    return {name: tensor.detach().cpu().numpy() for name, tensor in encoder.state_dict().items()}


def create(parts: Parts, settings: Mapping[str, Any], seed: int) -> JointModel:
    """The model of a build before training."""
    return JointModel(parts, settings, seed)
