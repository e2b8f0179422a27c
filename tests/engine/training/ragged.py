"""Candidates of random tries, made entry by entry."""

from collections.abc import Sequence

import numpy as np
import torch
from hypothesis import strategies as st

from engine.training.models.base import Candidates
from tests.engine.oracles import DictTrie, Word, identifiers

ABSENT = -1


def candidates(tree: DictTrie, words: Sequence[Word], draw, dense: bool = False) -> list[Candidates]:
    """Levels for pairs whose documents have ``words`` (``()``: none); ``draw()`` scores, ``dense`` adds absent codes."""
    levels = []
    for depth in range(max(map(len, words))):
        score, pair, node, rows, target = [], [], [], [], []
        for number, word in enumerate(words):
            if len(word) <= depth:
                continue
            rows.append(number)
            for code in range(5):
                child = (*word[:depth], code)
                exists = child in tree.below
                if not (exists or dense):
                    continue
                if child == word[: depth + 1]:
                    target.append(len(score))
                score.append(draw())
                pair.append(number)
                node.append(tree.nodes.index(child) if exists else ABSENT)
        numbers = (torch.tensor(values, dtype=torch.int64) for values in (pair, node, rows, target))
        levels.append(Candidates(torch.tensor(score, dtype=torch.float64), *numbers))
    return levels


def log_probs(level: Candidates, pair: int) -> dict[int, float]:
    """Entry -> log-probability, for one pair."""
    entries = [i for i in range(len(level.pair)) if level.pair[i] == pair]
    values = np.array([float(level.score[i]) for i in entries])
    logs = values - values.max()
    return dict(zip(entries, logs - np.log(np.exp(logs).sum()), strict=True))


def true_entry(level: Candidates, pair: int) -> int | None:
    """Where the pair's own code stands; None where its identifier has ended."""
    rows = level.rows.tolist()
    return int(level.target[rows.index(pair)]) if pair in rows else None


@st.composite
def cases(draw, without: bool = False):
    """(words of all documents, tree, identifiers of some pairs, of their negatives, a random generator, dense or not).

    ``without``: pairs may lack a document or a negative.
    """
    words = draw(identifiers())
    tree = DictTrie(words)
    having = [word for word in words if word]
    one = st.sampled_from([*having, ()] if without else having)
    pairs = draw(st.lists(st.tuples(one, one), min_size=1, max_size=5))
    own, other = ([pair[side] for pair in pairs] for side in (0, 1))
    own, other = ([*side, having[0]] for side in (own, other))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 16)))
    return words, tree, own, other, rng, draw(st.booleans())
