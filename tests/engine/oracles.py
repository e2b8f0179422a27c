"""Slow and obvious counterparts of what the engine does with arrays."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from engine.decoding import decode
from engine.decoding.trace import Trace
from engine.scorers.base import Abilities, Scored
from engine.trie import Children, Tree, Trie

Word = tuple[int, ...]


@st.composite
def identifiers(draw, largest: int = 3, variable: bool = True) -> list[Word]:
    """Identifiers of a few documents, some shared, none the beginning of another; ``()`` is a document without one."""
    length = st.integers(0, 4) if variable else st.just(draw(st.integers(1, 4)))
    word = length.flatmap(lambda n: st.tuples(*[st.integers(0, largest)] * n))
    words = draw(st.lists(word, min_size=1, max_size=20))
    words = [() if any(other != word and other[: len(word)] == word for other in words) else word for word in words]
    return words if any(words) else [(0,)]


def padded(words: Sequence[Word], extra: int = 0) -> np.ndarray:
    """The words as an int32 table, -1 on the right."""
    width = max(map(len, words)) + extra
    return np.array([[*word, *[-1] * (width - len(word))] for word in words], np.int32)


class DictTrie:
    """Prefix -> document rows below it, in a plain dictionary."""

    def __init__(self, words: Sequence[Word]):
        self.below: dict[Word, list[int]] = {}
        for word, row in sorted((word, row) for row, word in enumerate(words) if word):
            for length in range(len(word) + 1):
                self.below.setdefault(word[:length], []).append(row)
        # Level by level, left to right: the place of a prefix in this list is its node number.
        self.nodes = sorted(self.below, key=lambda prefix: (len(prefix), prefix))

    def children(self, prefix: Word) -> list[Word]:
        return [node for node in self.nodes if len(node) == len(prefix) + 1 and node[:-1] == prefix]

    @property
    def leaves(self) -> list[Word]:
        return [node for node in self.nodes if not self.children(node)]


class SumScorer:
    """Sums one given log-probability a node along the path; binary fractions add up without rounding."""

    name = "sums"
    abilities = Abilities()

    def __init__(self, log_probs: Sequence[float], masked: Sequence[float] | None = None):
        self.log_probs = np.array(log_probs, np.float32)
        self.mass = np.zeros(len(self.log_probs)) if masked is None else np.array(masked)

    def start(self, query: np.ndarray, temperature: float = 1.0) -> None:
        return None

    def score(self, state: None, nodes: np.ndarray, totals: np.ndarray, children: Children) -> Scored:
        log_prob = self.log_probs[children.node]
        return Scored(log_prob, totals[children.parent] + log_prob)

    def masked(self, state: None, level: int, nodes: np.ndarray, children: Children) -> np.ndarray:
        return self.mass[nodes]


def random_sums(trie: Trie, seed: int, masked: bool = False) -> SumScorer:
    """A scorer of random quarters, so that ties are frequent and real."""
    rng = np.random.default_rng(seed)
    return SumScorer(-rng.integers(0, 8, len(trie.code)) / 4, rng.random(len(trie.code)) if masked else None)


def beam_search(tree: Tree, scorer, query: np.ndarray, beams: int, explain: bool = True, **others) -> Trace:
    """One query through the door, with what was pruned."""
    return decode(tree, scorer, [query], beams, explain, **others)[0]


def slow_beam_search(tree: DictTrie, log_probs: Sequence[float], beams: int) -> list[tuple[list, list]]:
    """(kept, pruned) at each level, both lists of (prefix, total), best first, ties by node number."""
    number = {prefix: node for node, prefix in enumerate(tree.nodes)}
    kept, steps = [((), 0.0)], []
    for _ in range(max(map(len, tree.nodes))):
        found = []
        for prefix, total in kept:
            going_on = tree.children(prefix)
            found += [(child, total + log_probs[number[child]]) for child in going_on] or [(prefix, total)]
        found.sort(key=lambda one: (-one[1], number[one[0]]))
        kept = found[:beams]
        steps.append((kept, found[beams:]))
    return steps


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1, float32."""
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
