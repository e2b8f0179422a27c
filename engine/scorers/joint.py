"""The joint scorer: the node scorer behind an encoder of its own, whose layers learned together with the tree.

    node score = scale * (text + adapter(text)) . vector + bias,   text = encoder(tokens of the query)

The node scorer of :mod:`engine.scorers.node` gets queries as an encoder gives them that never saw a label; here the gradient of
the node scores goes on through it, as in the models that write identifiers themselves (DSI, Tay et al. 2022; NCI, Wang et al.
2022). It begins as the build's encoder, or as the one that was fine-tuned on the same pairs (:mod:`engine.text.tuned`), then with
the means of the documents as that one sees them; or as the build's own with a node scorer that has learned already: first the
head, then all of it, which bends less of what the encoder knew (LP-FT, Kumar et al. 2022).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.options import Option
from engine.scorers.base import Abilities
from engine.scorers.kinds import DROPOUT, EXPAND, HIDDEN, RATE, Kind, Parts
from engine.scorers.node import Adapter, NodeScorer, adapter_of, carry
from engine.scorers.tensors import taken
from engine.trie import Trie

if TYPE_CHECKING:
    from engine.text.layered import Remembered

# Begins the names of the encoder's own tensors.
TEXT = "text."
# ``node`` is the run of that name.
BUILD, TUNED, NODE = "build", "tuned", "node"


class JointScorer(NodeScorer):
    """Ranks by node score; takes the tokens of a query.

    Parameters
    ----------
    trie, vectors, bias, adapter
        See :class:`engine.scorers.node.NodeScorer`.
    text : callable
        Tokens, int32 ``(n,)``, to a unit vector, float32 ``(d,)``.
    encoder : str
        Whose tokens they are.
    """

    name = "joint"
    abilities = Abilities(selects=True, reads_text=True)

    def __init__(self, trie: Trie, vectors: np.ndarray, bias: np.ndarray, adapter: Adapter, text: "Remembered", encoder: str):
        super().__init__(trie, vectors, bias, adapter)
        self.text, self.encoder = text, encoder

    def encode(self, texts: Sequence[str], vectors: np.ndarray) -> list[np.ndarray]:
        """See :class:`engine.scorers.base.TextScorer`: tokens, int32 ``(n,)`` each."""
        from engine.text.layered import token_ids

        return token_ids(texts, self.encoder)

    def start(self, query: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """See :class:`engine.scorers.base.Scorer`: the query encoded alone, so never depending on others, then as node."""
        return super().start(self.text(query), temperature)


def _open(parts: Parts, tensors: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> JointScorer:
    from engine.text.layered import LayeredEncoder, Remembered

    width = parts.means.shape[1]
    layers = {name.removeprefix(TEXT): tensor for name, tensor in tensors.items() if name.startswith(TEXT)}
    text = Remembered(LayeredEncoder(parts.encoder, 0).take(layers))
    vectors, bias = taken(tensors, "vectors", None, width), taken(tensors, "bias", None)
    return JointScorer(parts.trie, vectors, bias, adapter_of(tensors, width), text, parts.encoder)


def _encode(texts: Sequence[str], vectors: np.ndarray, parts: Parts, settings: Mapping[str, Any]) -> list[np.ndarray]:
    from engine.text.layered import token_ids

    return token_ids(texts, parts.encoder)


KIND = Kind(
    name="joint",
    summary="Node vectors as the node scorer's, and an encoder of the query that learns with them.",
    citation="Node scores; an encoder trained with its identifiers, as in DSI (Tay et al. 2022) and NCI (Wang et al. 2022).",
    options=(
        Option(
            name="start",
            label="Begins as",
            type=str,
            default=BUILD,
            help="The encoder it begins as: the build's own, the one that `tune` fine-tuned, or the build's own with what the "
            "run `node` has learned: node vectors, biases and adapter.",
            choices=(BUILD, TUNED, NODE),
        ),
        Option(
            name="layers",
            label="Layers that learn",
            type=int,
            default=6,
            low=0,
            high=96,
            help="Of the encoder, counted from the last; as many as it has where that is fewer. 0 leaves it as it began.",
        ),
        RATE._replace(
            name="encoder_rate", label="Learning rate, encoder", default=3e-5, help="Learning rate of the encoder's layers."
        ),
        EXPAND,
        RATE._replace(label="Learning rate, nodes", default=1e-4, help="Of the node vectors and biases."),
        RATE._replace(
            name="adapter_rate", label="Learning rate, adapter", default=1e-4, help="Learning rate of the query adapter."
        ),
        HIDDEN,
        DROPOUT,
    ),
    open=_open,
    encode=_encode,
    model="engine.training.models.joint",
    carry=carry,
)
