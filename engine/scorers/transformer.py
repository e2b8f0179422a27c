"""The transformer scorer: the node score, corrected by a small decoder that reads the query's tokens and the codes so far.

    logit(child) = trust(level) * (scale * query . (mean(child) + shift(level, code)) + log documents below)
                   + expected(prefix, query) . output(level, code) + bias(child)

with a softmax over the codes that some document has there. It is a decoder as TIGER's (Rajput et al. 2023) but for three things.
The node score stands as a prior: from scratch, such a decoder first has to learn every residual. It reads the encoder's token
states of a query, and its output embeddings meet the query's own vector too (the shift). And codes that no document has are left
out of the softmax, not only of the search. Untrained, shift, expectation and bias are zero, and it ranks by the node scores,
softmaxed. (NFCorpus, tiny, a minute of training on one core, 150 development queries: nDCG@10 .28 to .30 with the shift, .25
without it.)

With ``prefix_rank`` the outputs are NCI's: a code's output depends on its prefix (:mod:`engine.scorers.prefix_aware`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.options import Option
from engine.scorers import carried
from engine.scorers.base import Abilities, Scored, log_softmax_within
from engine.scorers.carried import codes_of
from engine.scorers.centroid import SCALE, holders
from engine.scorers.kinds import DROPOUT, EXPAND, RATE, Kind, Parts
from engine.scorers.tensors import taken
from engine.text.token_states import token_states
from engine.trie import ROOT, Children, Trie

if TYPE_CHECKING:
    from engine.scorers.transformer_model import Decoder, Memory, Past

SIZES = ("tiny", "small", "base")
# Prefixes that go through the decoder together.
BLOCK = 4096


class Prefixes(NamedTuple):
    """Prefixes of one length that the decoder has read.

    Attributes
    ----------
    node : np.ndarray
        Int64 ``(n,)``, sorted: where each ends.
    expected : np.ndarray
        Float64 ``(n, width)``: what the decoder expects to follow.
    past : list of tuple of Tensor
        What it needs to read one more code.
    """

    node: np.ndarray
    expected: np.ndarray
    past: "Past"


@dataclass
class State:
    """One query: its scaled vector, float64 ``(1, d)``, what the decoder reads of it, the temperature, and the prefixes read
    last: a search goes on from them, so that each is read once."""

    vector: np.ndarray
    memory: "Memory"
    temperature: float
    last: Prefixes | None = None


class TransformerScorer:
    """Scores by node means and a trained decoder.

    Parameters
    ----------
    parts : Parts
        Of the build it was trained on.
    means : np.ndarray
        Float32 ``(nodes, d)``: what the node scores of its prior are made of.
    decoder : Decoder
        Its weights, float32; taken over, and from here on in float64, so that a prefix gets the same total whoever is scored
        beside it.
    """

    name = "transformer"
    abilities = Abilities(reads_text=True)

    def __init__(self, parts: Parts, means: np.ndarray, decoder: "Decoder"):
        from engine.kernels.compiled import fixed
        from engine.kernels.rows import row_products

        self.parts, self.trie = parts, parts.trie
        self.products, self.means = row_products, fixed(means)
        self.outputs, self.shifts = (fixed(table.weight.detach().numpy().copy()) for table in (decoder.outputs, decoder.shifts))
        self.trust, self.bias = (part.detach().numpy().astype(np.float64) for part in (decoder.trust, decoder.bias))
        # The large tables stay as they are: their products are summed in float64 anyway.
        del decoder.outputs, decoder.shifts
        self.decoder = decoder.double().eval()
        self.code = code_numbers(self.trie)
        self.log_counts = np.log(np.asarray(self.trie.counts, np.float64))
        self.holder = holders(self.trie).astype(np.int64)

    def encode(self, texts: Sequence[str], vectors: np.ndarray) -> list[np.ndarray]:
        """See :class:`engine.scorers.base.TextScorer`: :func:`encode`."""
        return encode(texts, vectors, self.parts, {})

    def start(self, query: np.ndarray, temperature: float = 1.0) -> State:
        """See :class:`engine.scorers.base.Scorer`; ``query`` is what :func:`encode` makes."""
        import torch

        vector, tokens = unpacked(query, self.means.shape[1], self.decoder.from_tokens.in_features)
        with torch.inference_mode():
            memory = self.decoder.remember(
                torch.from_numpy(vector[None].astype(np.float64)),
                torch.from_numpy(tokens.astype(np.float64)),
                torch.tensor([len(tokens)]),
            )
        return State(SCALE * vector[None].astype(np.float64), memory, temperature)

    def score(self, state: State, nodes: np.ndarray, totals: np.ndarray, children: Children) -> Scored:
        """See :class:`engine.scorers.base.Scorer`; a total is the sum of the log-probabilities along the path, nats.

        Where a filter has left some siblings out, ``log_prob`` is normalised over the others, but the total is not: what is left
        keeps its total, and so its order.
        """
        siblings = self.trie.children(nodes)
        logits = self._logits(state, nodes, siblings) / state.temperature
        log_prob = log_softmax_within(logits, siblings.parent, len(nodes))
        total = totals[siblings.parent].astype(np.float64) + log_prob
        if len(children.node) < len(siblings.node):
            # Both stand in the order of the beams, then of the nodes.
            kept = np.isin(siblings.node, children.node)
            total, log_prob = total[kept], log_softmax_within(logits[kept], children.parent, len(nodes))
        return Scored(log_prob.astype(np.float32), total.astype(np.float32))

    def _logits(self, state: State, nodes: np.ndarray, children: Children) -> np.ndarray:
        code, only = self.code[children.node], np.zeros(len(children.node), np.int64)
        prior = self.products(self.means, self.holder[children.node], state.vector, only) + self.log_counts[children.node]
        prior += self.products(self.shifts, code, state.vector, only)
        open_nodes = np.flatnonzero(~self.trie.is_leaf(nodes))
        expected = self._expected(state, nodes[open_nodes])
        row = np.searchsorted(open_nodes, children.parent)
        correction = self.products(self.outputs, code, expected, row)
        trust = self.trust[self.trie.level_of(children.node) - 1]
        return trust * prior + correction + self.bias[children.node]

    def _expected(self, state: State, nodes: np.ndarray) -> np.ndarray:
        """What the decoder expects after each node's prefix: float64 ``(nodes, width)``."""
        found = np.empty((len(nodes), self.outputs.shape[1]))
        order = np.argsort(nodes, kind="stable")
        level = self.trie.level_of(nodes[order])
        bounds = np.flatnonzero(np.diff(level, prepend=-1))
        for run in np.split(order, bounds[1:]):
            for start in range(0, len(run), BLOCK):
                block = run[start : start + BLOCK]
                state.last = self._read(state, nodes[block])
                found[block] = state.last.expected
        return found

    def _read(self, state: State, nodes: np.ndarray) -> Prefixes:
        """Read the prefixes that end at ``nodes``, sorted nodes of one level: one code each, after those that it is read already
        or has to be read first."""
        import torch

        row, past = np.zeros(len(nodes), np.int64), None
        if nodes[0] != ROOT:
            above = self.trie.parent(nodes)
            known = state.last
            if known is None or not np.isin(above, known.node).all():
                known = self._read(state, np.unique(above))
            place = torch.from_numpy(np.searchsorted(known.node, above))
            row, past = 1 + self.code[nodes], [tuple(part[place] for part in of_block) for of_block in known.past]
        with torch.inference_mode():
            expected, past = self.decoder(state.memory, torch.from_numpy(row[:, None]), past)
        return Prefixes(nodes, expected[:, 0].numpy(), past)

    def masked(self, state: State, level: int, nodes: np.ndarray, children: Children) -> np.ndarray:
        """Zero: the softmax is over codes that exist, so nothing is spent on others."""
        return np.zeros(len(nodes), np.float32)


def code_numbers(trie: Trie) -> np.ndarray:
    """Each node's code, numbered through over the levels: int64, one a node; 0 at the root, which has none.

    >>> from engine.trie import build
    >>> code_numbers(build(np.array([[0, 1], [0, 7], [3, -1]], np.int32))).tolist()
    [0, 0, 3, 5, 11]
    """
    above = np.concatenate([[0, 0], np.cumsum(codes_of(trie))[:-1]])
    return above[trie.level_of(np.arange(len(trie.code)))] + np.asarray(trie.code, np.int64)


def encode(texts: Sequence[str], vectors: np.ndarray, parts: Parts, settings: Mapping[str, Any]) -> list[np.ndarray]:
    """Queries with their token states: one float32 ``(1 + tokens, width)`` each, the unit embedding first.

    ``width`` is the larger of the embedding's and the state's, which differ for some encoders; the other is filled with zeros.
    """
    found = []
    for vector, states in zip(vectors, token_states(texts, parts.encoder), strict=True):
        query = np.zeros((1 + len(states), max(len(vector), states.shape[1])), np.float32)
        query[0, : len(vector)], query[1:, : states.shape[1]] = vector, states
        found.append(query)
    return found


def unpacked(query: np.ndarray, vector_width: int, token_width: int) -> tuple[np.ndarray, np.ndarray]:
    """Embedding ``(vector_width,)`` and token states ``(tokens, token_width)`` of what :func:`encode` made.

    Raises
    ------
    TriescopeError
        The encoder's states are narrower: the weights were trained with another encoder.
    """
    if query.shape[1] < max(vector_width, token_width):
        raise TriescopeError(f"transformer: trained on token states of {token_width} dimensions, not of {query.shape[1]}")
    return query[0, :vector_width], query[1:, :token_width]


def _open(parts: Parts, tensors: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> TransformerScorer:
    import torch

    from engine.scorers.transformer_model import Decoder

    codes = codes_of(parts.trie)
    token_width = taken(tensors, "from_tokens.weight", None, None).shape[1]
    means = taken(tensors, "means", *parts.means.shape)
    try:
        with torch.device("meta"):
            # Weights from before there was a rank have none.
            shape = (settings["size"], 0.0, settings.get("prefix_rank") or 0)
            decoder = Decoder(codes, len(parts.trie.code), parts.means.shape[1], token_width, *shape)
        decoder.load_state_dict({name: torch.tensor(array) for name, array in tensors.items() if name != "means"}, assign=True)
    except (KeyError, RuntimeError) as error:
        raise TriescopeError("transformer: these weights were trained for another tree or size") from error
    return TransformerScorer(parts, means, decoder)


def _carry(tensors: Mapping[str, np.ndarray], change: carried.Change, settings: Mapping[str, Any]) -> dict[str, np.ndarray]:
    before, after = codes_of(change.before), codes_of(change.after)
    if len(before) != len(after):
        raise TriescopeError("transformer: identifiers are of another length than those it was trained for")
    nodes = np.arange(len(change.after.code))
    outputs, shifts = (
        carried.rows_of_codes(tensors[name], before, after, "zero") for name in ("outputs.weight", "shifts.weight")
    )
    read = {}
    for name in ("inputs.weight", "prefix.read.weight"):
        if name in tensors:  # the row of the start, then the codes of all levels but the last
            start, codes = np.split(tensors[name], [1])
            more = carried.rows_of_codes(codes, before[:-1], after[:-1]) if len(before) > 1 else codes
            read[name] = np.concatenate([start, more])
    return carried.others(tensors) | {
        "means": carried.vectors(change, tensors["means"], nodes),
        "bias": np.where(change.came < 0, 0, tensors["bias"][change.came]).astype(np.float32),
        "outputs.weight": outputs,
        "shifts.weight": shifts,
        **read,
    }


KIND = Kind(
    name="transformer",
    summary="A small decoder over codes with cross-attention to the query's tokens, on top of the node scores.",
    citation="Rajput et al. 2023 (TIGER); Wang et al. 2022 (NCI); Vaswani et al. 2017",
    options=(
        Option(
            name="size",
            label="Blocks x width",
            type=str,
            default="tiny",
            help="Blocks x width: tiny 1 x 64, small 2 x 128, base 4 x 192.",
            choices=SIZES,
        ),
        RATE,
        EXPAND,
        DROPOUT._replace(label="Dropout, decoder", help="Share of the decoder's states dropped while training."),
        Option(
            name="prefix_rank",
            label="Prefix-aware, rank",
            type=int,
            default=0,
            low=0,
            high=64,
            help="NCI, an experiment: rank of the change that a prefix makes to the weights of the codes after it; 0 for none.",
        ),
    ),
    open=_open,
    encode=encode,
    model="engine.training.models.transformer",
    carry=_carry,
)
