"""Kinds of trained scorers by name. To add one: write its file, end it with a ``KIND``, list it here; or name it in a package of
your own (:mod:`engine.plugins`)."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.options import Option
from engine.plugins import Registry
from engine.scorers.base import Scorer
from engine.scorers.carried import Change
from engine.trie import Trie

# What several kinds have; each says what is different with it.
RATE = Option(name="learning_rate", label="Learning rate", type=float, default=5e-4, low=1e-6, high=1e-1, help="Of all weights.")
HIDDEN = Option(
    name="hidden", label="Width of the adapter", type=int, default=512, low=16, high=4096, help="Width of the query adapter."
)
DROPOUT = Option(
    name="dropout",
    label="Dropout, adapter",
    type=float,
    default=0.1,
    low=0.0,
    high=0.9,
    help="In the query adapter while training.",
)
# Of every kind whose training begins with the nodes of the centroid scorer.
EXPAND = Option(
    name="expand",
    label="Documents moved to queries",
    type=float,
    default=1.0,
    low=0.0,
    high=10.0,
    help="Start: how far documents move towards their training queries (Brauen 1971); 0 leaves them.",
)


class Parts(NamedTuple):
    """What a build gives every scorer.

    Attributes
    ----------
    trie : Trie
        The tree scored over.
    means : np.ndarray
        Float32 ``(nodes, d)``: mean embedding of the documents below each node (:func:`engine.scorers.centroid.node_means`).
    codebooks : list of np.ndarray
        Float32 ``(codes, d)`` a level, where the scheme has them; may be empty or shorter than the trie is deep.
    encoder : str
        Name of the text encoder.
    folder : Path, optional
        The build's, where its fine-tuned encoder lies if there is one (:mod:`engine.text.tuned`).
    """

    trie: Trie
    means: np.ndarray
    codebooks: list[np.ndarray]
    encoder: str
    folder: Path | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> "Parts":
        """Itself: they are read only, often mapped, and a copy of a model shares them."""
        return self


class Kind(NamedTuple):
    """One kind of trained scorer.

    Attributes
    ----------
    name, summary, citation : str
        What it is called, what it does in a sentence, where it comes from.
    options : tuple of Option
        Its settings.
    open : callable
        ``(parts, tensors, settings) -> Scorer``: from the saved tensors, by name; knows nothing of training.
    encode : callable
        ``(texts, vectors, parts, settings) -> list of arrays``: queries as the scorer and the model take them.
    model : str
        Module, under :mod:`engine.training.models` for ours, whose ``create(parts, settings, seed)`` makes the model to train,
        and whose model's ``state_dict`` is what ``open`` is given.
    carry : callable, optional
        ``(tensors, change, settings) -> tensors``: for a tree that changed since it was trained (:mod:`engine.scorers.carried`).
        A kind without it cannot score there, and says so.
    """

    name: str
    summary: str
    citation: str
    options: tuple[Option, ...]
    open: Callable[[Parts, Mapping[str, np.ndarray], Mapping[str, Any]], Scorer]
    encode: Callable[[Sequence[str], np.ndarray, Parts, Mapping[str, Any]], list[np.ndarray]]
    model: str
    carry: Callable[[Mapping[str, np.ndarray], Change, Mapping[str, Any]], Mapping[str, np.ndarray]] | None = None


# Loaded when looked up: some of them import torch, which nothing on the way to a first page should.
KINDS: Registry[Kind] = Registry(
    "triescope.scorers",
    Kind,
    {
        "node": "engine.scorers.node:KIND",
        "joint": "engine.scorers.joint:KIND",
        "one-pass": "engine.scorers.one_pass:KIND",
        "transformer": "engine.scorers.transformer:KIND",
        "t5": "engine.scorers.t5:KIND",
        "plum": "engine.scorers.plum:KIND",
    },
)


def kind(name: str) -> Kind:
    """The kind of a name.

    Raises
    ------
    TriescopeError
        There is none.
    """
    if name not in KINDS:
        raise TriescopeError(f"unknown scorer {name!r}; there are {', '.join(KINDS)}")
    return KINDS[name]
