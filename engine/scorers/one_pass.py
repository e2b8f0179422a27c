"""The one-pass scorer: all codes of all levels scored at once from the query, by a projection head a level.

No code is decoded to know the next one's odds: a level's log-softmax is the same after every prefix, and the total of a document
is the sum of its codes', so the search only adds up numbers that are there before it begins. Lite-LLM4Rec (Wang et al. 2025) puts
such a head over items in the place of beam search; here it is over codes, so it stays small and the trie says which sums exist.

    log p(code at level | query) = log softmax over all codes of the level of  head[level] (query + adapter(query)) + bias[level]

A softmax over all codes spends probability on those that no document has after a prefix. It is masked without normalising again,
as in GENRE (De Cao et al. 2021) and TIGER (Rajput et al. 2023): totals stay sums over the whole level.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import log_softmax

from engine.errors import TriescopeError
from engine.scorers import carried
from engine.scorers.base import Abilities, Scored, log_softmax_within, log_sum_exp_within
from engine.scorers.kinds import DROPOUT, HIDDEN, RATE, Kind, Parts
from engine.scorers.node import Adapter, adapter_of
from engine.scorers.tensors import taken
from engine.trie import Children, Trie


class State(NamedTuple):
    """One query: log-probabilities of the codes of each level, float64, and the same in one row."""

    levels: list[np.ndarray]
    all: np.ndarray


class OnePassScorer:
    """Scores by a head a level.

    Parameters
    ----------
    trie : Trie
        The tree it was trained on.
    heads, biases : list of np.ndarray
        Float32 ``(codes, d)`` and ``(codes,)``, a level each.
    adapter : Adapter
        Of the query.
    """

    name = "one-pass"
    abilities = Abilities(dense=True, ahead=True)

    def __init__(self, trie: Trie, heads: list[np.ndarray], biases: list[np.ndarray], adapter: Adapter):
        from engine.kernels.compiled import fixed
        from engine.kernels.rows import row_products

        self.trie, self.adapter, self.biases = trie, adapter, biases
        self.products, self.heads = row_products, [fixed(head) for head in heads]
        # A code's place where all levels stand in one row.
        above = np.concatenate([[0, 0], np.cumsum([len(head) for head in heads])[:-1]])
        self.place = above[trie.level_of(np.arange(len(trie.code)))] + np.asarray(trie.code, np.int64)

    def start(self, query: np.ndarray, temperature: float = 1.0) -> State:
        """See :class:`engine.scorers.base.Scorer`: everything that depends on the query."""
        vector, levels = self.adapter(query).astype(np.float64)[None], []
        for head, bias in zip(self.heads, self.biases, strict=True):
            codes = np.arange(len(head))
            levels.append(log_softmax((self.products(head, codes, vector, np.zeros_like(codes)) + bias) / temperature))
        return State(levels, np.concatenate(levels))

    def score(self, state: State, nodes: np.ndarray, totals: np.ndarray, children: Children) -> Scored:
        """See :class:`engine.scorers.base.Scorer`. A total adds up log-probabilities among all codes of a level, nats;
        ``log_prob`` is among the legal siblings only."""
        full = state.all[self.place[children.node]]
        log_prob = log_softmax_within(full, children.parent, len(nodes))
        return Scored(log_prob.astype(np.float32), _added(totals[children.parent], full))

    def at_once(self, state: State) -> list[np.ndarray]:
        """See :class:`engine.scorers.base.AheadScorer`: a total is such a sum."""
        return state.levels

    def masked(self, state: State, level: int, nodes: np.ndarray, children: Children) -> np.ndarray:
        """See :class:`engine.scorers.base.Scorer`: 1 less the probability of the codes that are there."""
        legal = np.exp(log_sum_exp_within(state.all[self.place[children.node]], children.parent, len(nodes)))
        return np.clip(1 - legal, 0, 1).astype(np.float32)

    def dense(self, state: State, level: int, nodes: np.ndarray, totals: np.ndarray, prefixes: np.ndarray) -> np.ndarray:
        """See :class:`engine.scorers.base.DenseScorer`: any code of a level may follow any prefix, at the same odds."""
        return _added(totals[:, None], state.levels[level - 1])


def _added(totals: np.ndarray, log_prob: np.ndarray) -> np.ndarray:
    return (totals.astype(np.float64) + log_prob).astype(np.float32)


def _open(parts: Parts, tensors: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> OnePassScorer:
    levels, width = range(parts.trie.levels), parts.means.shape[1]
    try:
        heads = [taken(tensors, f"heads.{level}", None, width) for level in levels]
        biases = [taken(tensors, f"biases.{level}", len(head)) for level, head in enumerate(heads)]
        adapter = adapter_of(tensors, width)
    except TriescopeError as error:
        raise TriescopeError(f"one-pass: these weights were trained for another tree ({error})") from error
    bounds = parts.trie.level_start
    needed = [int(parts.trie.code[bounds[level + 1] : bounds[level + 2]].max()) + 1 for level in levels]
    if any(len(head) < codes for head, codes in zip(heads, needed, strict=True)):
        raise TriescopeError("one-pass: these weights were trained for another tree (it has more codes)")
    return OnePassScorer(parts.trie, heads, biases, adapter)


def _carry(tensors: Mapping[str, np.ndarray], change: carried.Change, settings: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Heads for codes that came; what a level had is kept, also where the tree has fewer now."""
    made = carried.others(tensors)
    for level, codes in enumerate(carried.codes_of(change.after)):
        for name, fill in ((f"heads.{level}", "mean"), (f"biases.{level}", "least")):
            if name not in tensors:
                raise TriescopeError("one-pass: identifiers are longer than those it was trained for")
            size = len(tensors[name])
            made[name] = carried.rows_of_codes(tensors[name], (size,), (max(size, codes),), fill)
    return made


def _encode(texts: Sequence[str], vectors: np.ndarray, parts: Parts, settings: Mapping[str, Any]) -> list[np.ndarray]:
    return list(vectors)


KIND = Kind(
    name="one-pass",
    summary="Scores all codes of all levels at once from the query, the same after every prefix. Cheap, an experiment.",
    citation="Projection head in place of decoding: Wang et al. 2025 (Lite-LLM4Rec).",
    options=(
        RATE._replace(default=1e-3, help="Of heads, biases and adapter."),
        HIDDEN,
        DROPOUT,
    ),
    open=_open,
    encode=_encode,
    model="engine.training.models.one_pass",
    carry=_carry,
)
