"""The T5 scorer: a sequence-to-sequence transformer reads the words of a query and writes an identifier, code by code.

DSI (Tay et al. 2022) and TIGER (Rajput et al. 2023): the decoder's vocabulary has a new token for every code of every level, and

    log p(code | prefix, query) = log softmax over all codes of the level of  decoder state . output vector of the code

The softmax is over all codes, those that the trie lacks included; the search masks them without renormalising, as GENRE does
(De Cao et al. 2021). Totals are therefore log-probabilities of the unconstrained model, and what it would spend on absent codes
is known.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.options import Option
from engine.scorers import carried
from engine.scorers.base import Abilities, Scored, log_softmax_within
from engine.scorers.carried import codes_of
from engine.scorers.kinds import DROPOUT, RATE, Kind, Parts
from engine.scorers.t5_tokens import parse_tokenizer, source_of, tokenizer_json, tokens_of
from engine.trie import Children, Trie

if TYPE_CHECKING:
    from engine.scorers.t5_model import CodeT5, KeysValues, Reading

# How the names of the network's tensors begin in the ``state_dict`` of the model that is trained.
NETWORK = "network."
# Prefixes that go through the decoder together.
TOGETHER = 1024


class Memory(NamedTuple):
    """What the decoder said and kept of the last prefixes: nodes, log-probabilities of all codes, keys and values."""

    nodes: np.ndarray
    logs: np.ndarray
    past: "KeysValues"

    def rows(self, nodes: np.ndarray) -> np.ndarray | None:
        """Where each of ``nodes`` is remembered; None unless all are."""
        order = np.argsort(self.nodes)
        rows = order[np.minimum(np.searchsorted(self.nodes, nodes, sorter=order), len(order) - 1)]
        return rows if (self.nodes[rows] == nodes).all() else None


@dataclass
class State:
    """One search: a query that the encoder has read, the temperature, and the last beams.

    A search goes on from beams that it has just scored, so only their last code is new to the decoder.
    """

    reading: "Reading"
    temperature: float
    memory: Memory | None = None


class T5Scorer:
    """Scores by a trained T5.

    Parameters
    ----------
    trie : Trie
        The tree scored over.
    model : CodeT5
        With a token for every code of ``trie``, in evaluation mode.

    Raises
    ------
    TriescopeError
        The model has no token for some code of the trie: it was trained on other identifiers.
    """

    name = "t5"
    abilities = Abilities(reads_text=True, dense=True)

    def __init__(self, trie: Trie, model: "CodeT5"):
        if any(needed > there for needed, there in zip(codes_of(trie), (*model.codes, *[0] * trie.levels), strict=False)):
            raise TriescopeError("scorer t5: its weights belong to other identifiers; train it again on these")
        self.trie, self.model = trie, model
        self.parent = trie.parent(np.arange(len(trie.code)))
        # One that reads no words, but what its caller makes of histories, has none.
        self.tokenizer = parse_tokenizer(model.tokenizer_json) if model.tokenizer_json else None

    def encode(self, texts: Sequence[str], vectors: np.ndarray) -> list[np.ndarray]:
        """See :class:`engine.scorers.base.TextScorer`: token ids, int64, one array a text."""
        if self.tokenizer is None:
            raise TriescopeError("scorer t5: this one reads no words")
        return tokens_of(self.tokenizer, texts)

    def start(self, query: np.ndarray, temperature: float = 1.0) -> State:
        """See :class:`engine.scorers.base.Scorer`: runs the encoder over the token ids of one query, int64 ``(tokens,)``."""
        return State(self.model.start(query), temperature)

    def score(self, state: State, nodes: np.ndarray, totals: np.ndarray, children: Children) -> Scored:
        """See :class:`engine.scorers.base.Scorer`; a total is the sum of full-softmax log-probabilities along the path, nats."""
        logs = self._log_probs(state, nodes, children)
        total = (totals[children.parent].astype(np.float64) + logs).astype(np.float32)
        return Scored(log_softmax_within(logs, children.parent, len(nodes)).astype(np.float32), total)

    def masked(self, state: State, level: int, nodes: np.ndarray, children: Children) -> np.ndarray:
        """See :class:`engine.scorers.base.Scorer`: what the full softmax leaves to codes other than the ``children``, float32."""
        legal = np.bincount(children.parent, np.exp(self._log_probs(state, nodes, children)), minlength=len(nodes))
        return np.clip(1 - legal, 0, 1).astype(np.float32)

    def dense(self, state: State, level: int, nodes: np.ndarray, totals: np.ndarray, prefixes: np.ndarray) -> np.ndarray:
        """See :class:`engine.scorers.base.DenseScorer`: the decoder goes on from any prefix, existing or not."""
        follow, hot = self.model.follow, state.temperature
        logs = [follow(state.reading, prefixes[first : first + TOGETHER], hot)[0] for first in range(0, len(prefixes), TOGETHER)]
        table = np.concatenate([np.empty((0, self.model.codes[level - 1])), *map(_rounded, logs)])
        return (totals[:, None].astype(np.float64) + table).astype(np.float32)

    def _log_probs(self, state: State, nodes: np.ndarray, children: Children) -> np.ndarray:
        """Full-softmax log-probability of each child, float64. Beams of several levels are decoded a level at a time."""
        logs = np.empty(len(children.node))
        above = self.trie.level_of(nodes)[children.parent]
        for level in np.unique(above):
            at = np.flatnonzero(above == level)
            beams, row = np.unique(children.parent[at], return_inverse=True)
            for first in range(0, len(beams), TOGETHER):
                part = (row >= first) & (row < first + TOGETHER)
                table = self._after(state, nodes[beams[first : first + TOGETHER]], int(level))
                logs[at[part]] = table[row[part] - first, self.trie.code[children.node[at[part]]].astype(np.int64)]
        return logs

    def _after(self, state: State, nodes: np.ndarray, level: int) -> np.ndarray:
        """Full-softmax log-probability of every code after each of ``nodes``, all at ``level``: float64 ``(nodes, codes)``."""
        if state.memory and (known := state.memory.rows(nodes)) is not None:
            return state.memory.logs[known]
        past = None
        if state.memory and level and (above := state.memory.rows(self.parent[nodes])) is not None:
            past = [(keys[above], values[above]) for keys, values in state.memory.past]
        logs, past = self.model.follow(state.reading, self._prefixes(nodes, level), state.temperature, past)
        state.memory = Memory(nodes, _rounded(logs), past)
        return state.memory.logs

    def _prefixes(self, nodes: np.ndarray, level: int) -> np.ndarray:
        """Codes from the root to each of ``nodes``, all at ``level``: int64 ``(nodes, level)``."""
        codes = np.empty((len(nodes), level), np.int64)
        for column in range(level - 1, -1, -1):
            codes[:, column] = self.trie.code[nodes]
            nodes = self.parent[nodes]
        return codes


def _rounded(logs: np.ndarray) -> np.ndarray:
    # BLAS may give one prefix scores that differ in the last digit in batches of different sizes.
    return np.round(logs.astype(np.float64), 5)


def _encode(texts: Sequence[str], vectors: np.ndarray, parts: Parts, settings: Mapping[str, Any]) -> list[np.ndarray]:
    return tokens_of(parse_tokenizer(tokenizer_json(source_of(parts, settings))), texts)


def _open(parts: Parts, tensors: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> T5Scorer:
    from engine.scorers.t5_model import restore

    # What else is saved serves training alone.
    network = {name.removeprefix(NETWORK): tensor for name, tensor in tensors.items() if name.startswith(NETWORK)}
    return T5Scorer(parts.trie, restore(network))


def _carry(tensors: Mapping[str, np.ndarray], change: carried.Change, settings: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """New tokens for codes that came, an average of their level's; a level keeps those that it had."""
    about = json.loads(np.asarray(tensors[f"{NETWORK}about"]).tobytes().decode())
    before = tuple(about["codes"])
    needed = codes_of(change.after)
    if len(needed) > len(before):
        raise TriescopeError("t5: identifiers are longer than those it was trained for")
    after = tuple(max(there, new) for there, new in zip(before, (*needed, *before[len(needed) :]), strict=True))
    embedding = tensors[f"{NETWORK}embedding.weight"]
    words = len(embedding) - sum(before)
    about |= {"codes": after, "config": about["config"] | {"vocab_size": words + sum(after)}}
    made = carried.others(tensors) | {
        f"{NETWORK}about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        f"{NETWORK}embedding.weight": np.concatenate(
            [embedding[:words], carried.rows_of_codes(embedding[words:], before, after)]
        ),
    }
    if (head := tensors.get(f"{NETWORK}head")) is not None:
        made[f"{NETWORK}head"] = carried.rows_of_codes(head, before, after)
    return made


KIND = Kind(
    name="t5",
    summary="A T5 that reads a query's words and writes codes as new tokens of its vocabulary; slow, an experiment.",
    citation="DSI (Tay et al. 2022); TIGER (Rajput et al. 2023)",
    options=(
        Option(
            name="size",
            label="Shape",
            type=str,
            default="tiger",
            help="Shape of a model that starts from random weights: tiger is 4+4 layers of width 128 (TIGER), dsi-small 6+6 of "
            "width 512 (t5-small), tiny 2+2 of width 64. A checkpoint has its own shape.",
            choices=("tiny", "tiger", "dsi-small"),
        ),
        Option(
            name="checkpoint",
            label="Checkpoint to start from",
            type=str,
            default=None,
            help="T5 to start from: a local folder or a hub name. Default: random weights.",
        ),
        RATE._replace(default=None, help="Default: 1e-3 from random weights (GRID), 5e-4 from a checkpoint (DSI-QG)."),
        DROPOUT._replace(label="Dropout, every layer", help="In every layer while training."),
    ),
    open=_open,
    encode=_encode,
    model="engine.training.models.t5",
    carry=_carry,
)
