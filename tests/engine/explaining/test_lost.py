"""What became of documents in a decode, against a slow beam search: where each was cut, and who lost it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.errors import TriescopeError
from engine.explaining.lost import fates
from engine.explaining.why import why
from engine.trie import restrict
from tests.engine.oracles import DictTrie, SumScorer, identifiers, padded, random_sums, slow_beam_search

QUERY = np.zeros(2, np.float32)


def documents(left, beams):
    """Rows in order of the kept prefixes of a slow search."""
    return [row for prefix, _ in beams for row in left.below[prefix]]


@given(identifiers(), st.integers(0, 1 << 30), st.integers(1, 8), st.data())
def test_every_document_has_the_fate_that_a_slow_beam_search_gives_it(words, seed, beams, data):
    built = trie.build(padded(words))
    scorer = random_sums(built, seed)
    named = [row for row, word in enumerate(words) if word]
    kept = data.draw(st.just(named) | st.lists(st.sampled_from(named), min_size=1, unique=True))
    tree = restrict(built, np.isin(np.arange(len(words)), kept))
    left = DictTrie([word if row in kept else () for row, word in enumerate(words)])
    log_probs = [float(scorer.log_probs[built.find(prefix)]) for prefix in left.nodes]
    narrow, unlimited = (slow_beam_search(left, log_probs, width) for width in (beams, len(left.nodes)))
    decoded, exact = documents(left, narrow[-1][0]), documents(left, unlimited[-1][0])
    for row, fate in enumerate(fates(tree, scorer, QUERY, range(len(words)), beams)):
        if row not in kept:
            assert fate is None
            continue
        own = [words[row][: level + 1] for level in range(len(narrow))]
        cut = next((level for level, (kept_now, _) in enumerate(narrow) if own[level] not in dict(kept_now)), None)
        assert fate.exact_rank == exact.index(row) + 1
        assert fate.beam_rank == (decoded.index(row) + 1 if row in decoded else None)
        assert fate.cut_at == (None if cut is None else cut + 1)
        for k in (1, 3, 10):
            assert fate.by_search(k) == (row in exact[:k] and row not in decoded[:k])
        if cut is not None:
            places = [prefix for part in narrow[cut] for prefix, _ in part]
            assert fate.rank == places.index(own[cut]) + 1 > beams
            assert fate.keeps == why(tree, scorer, QUERY, row, beams).smallest_beams


def test_no_beam_is_refused():
    built = trie.build(padded([(0, 1), (2, 2)]))
    with pytest.raises(TriescopeError, match="beams must be at least 1"):
        fates(built, SumScorer(np.zeros(len(built.code))), QUERY, [0], 0)
