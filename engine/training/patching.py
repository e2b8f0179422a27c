"""Which layers of the transformer scorer write identifiers: activation patching (Meng et al. 2022; for identifiers DOME, 2026).

Each pair is scored with what its own query says, then with what another query says in its place. In that second run one layer at
a time gives out what it gave in the first: what it wins back is what that layer writes. The node scores of the prior keep the
pair's own query throughout, so that only what the decoder adds is lost.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from engine.builds import runs
from engine.data.figures import Interval
from engine.data.figures import told as told_interval
from engine.errors import TriescopeError
from engine.evaluation import interval
from engine.scorers.kinds import kind
from engine.training.models.base import path_log_probs
from engine.training.models.transformer import Encoded, TransformerModel, create
from engine.training.source import Source, open_source

KIND = "transformer"
# What a block adds to its states: the module whose output that is, by its name in words.
LAYERS = {"self-attention": "out_of_self", "cross-attention": "out_of_cross", "feed-forward": "narrow"}
PAIRS = 300


class Layer(NamedTuple):
    """One layer: its block, counted from 1; its name; the nats that it wins back, with their interval over the pairs; and the
    same level by level."""

    block: int
    name: str
    nats: Interval
    levels: tuple[float, ...]


class Patched(NamedTuple):
    """Pairs looked at; nats of an identifier that the decoder loses with another's query; and the layers, in their order."""

    pairs: int
    lost: Interval
    layers: tuple[Layer, ...]

    def strongest(self, name: str) -> int:
        """The block whose layer of a name wins back most."""
        return max((one for one in self.layers if one.name == name), key=lambda one: one.nats.mean).block


def told(found: Patched) -> str:
    """What is lost, in words; that there is nothing to be lost, where the weights that were kept are those it began with.

    >>> told(Patched(7, Interval(0.0, 0.0, 0.0), ()))
    'the decoder adds nothing: the weights that were kept are those that it began with (7 queries)'
    """
    if not found.lost.low and not found.lost.high:
        return f"the decoder adds nothing: the weights that were kept are those that it began with ({found.pairs} queries)"
    return f"with another's query the decoder loses {told_interval(found.lost)} nats of an identifier ({found.pairs} queries)"


def patched(model: TransformerModel, queries: Sequence[np.ndarray], query: np.ndarray, leaf: np.ndarray) -> Patched:
    """Patch every layer in turn.

    Parameters
    ----------
    model : TransformerModel
        It is put into evaluation; nothing of it changes.
    queries : sequence of np.ndarray
        As the scorer's kind encodes them, two at least; each is given the one before it as the other.
    query, leaf : np.ndarray
        Int64 ``(pairs,)``: a place in ``queries``, and the leaf of its document.
    """
    model.eval()
    asked, leaves = torch.from_numpy(query), torch.from_numpy(leaf)
    with torch.no_grad():
        own = model.encode(list(queries))
        other = own._replace(memory=own.memory.of(torch.arange(len(queries)).roll(1)))

        def nats(encoded: Encoded) -> np.ndarray:
            found: np.ndarray = path_log_probs(model.candidates(encoded, asked, leaves), len(leaf)).numpy()
            return found

        given: dict[nn.Module, Tensor] = {}
        places = [(block, name, layer) for block, layers in enumerate(_layers(model), 1) for name, layer in layers.items()]
        with _hooked([layer for *_, layer in places], given.__setitem__):
            whole = nats(own)
        lost = nats(other)
        layers = []
        for block, name, layer in places:
            with _hooked([layer], lambda layer, output: given[layer]):
                back = nats(other) - lost
            layers.append(Layer(block, name, interval(back.sum(axis=1)), tuple(back.mean(axis=0).round(4).tolist())))
    return Patched(len(leaf), interval((whole - lost).sum(axis=1)), tuple(layers))


def of_run(folder: Path, name: str) -> Patched:
    """The layers of a trained scorer, looked at with judged development queries, one document of each.

    Raises
    ------
    TriescopeError
        There is no such run, it is of another kind, or the build has too few development queries.
    """
    run, source = runs.read(folder, name), open_source(folder)
    if run.scorer != KIND:
        raise TriescopeError(f"{name} is of kind {run.scorer}: layers are looked at in a scorer of kind {KIND}")
    texts, leaf = _asked(source)
    if len(texts) < 2:
        raise TriescopeError("there are no two judged development queries to look at layers with")
    from engine.text import embed

    model = create(source.parts, run.settings, run.seed)
    given = {key: torch.from_numpy(value) for key, value in runs.tensors_of(folder, name).items()}
    model.load_state_dict(model.state_dict() | given)
    vectors = embed.embed(texts, source.parts.encoder, role="query")
    return patched(model, kind(KIND).encode(texts, vectors, source.parts, run.settings), np.arange(len(texts)), leaf)


def _asked(source: Source) -> tuple[list[str], np.ndarray]:
    """Development queries and the leaf of the best document of each, the first :data:`PAIRS`."""
    texts, leaves = [], []
    judged = source.judged("dev") if source.splits.get("dev") else ({}, {})
    for query, grades in list(judged[1].items())[:PAIRS]:
        known = {source.row_of[one]: grade for one, grade in grades.items() if grade > 0 and one in source.row_of}
        rows = [row for row in sorted(known, key=known.__getitem__, reverse=True) if source.leaf_of[row] >= 0]
        if rows:
            texts.append(judged[0][query])
            leaves.append(source.leaf_of[rows[0]])
    return texts, np.array(leaves, np.int64)


def _layers(model: TransformerModel) -> list[dict[str, nn.Module]]:
    return [{name: getattr(block, attribute) for name, attribute in LAYERS.items()} for block in model.blocks]


@contextmanager
def _hooked(layers: Sequence[nn.Module], seen) -> Iterator[None]:
    """``seen(layer, output)`` is told what each layer gives out; what it returns, if anything, is passed on instead."""
    handles = [layer.register_forward_hook(lambda layer, _, output: seen(layer, output)) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
