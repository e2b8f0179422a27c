"""The score of an identifier that no beam found is the one that a beam which finds it gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding.exact import exact_search
from engine.decoding.forced import forced_totals
from engine.trie import restrict
from tests.engine.kernels.test_kernels_decode import scored_trie
from tests.engine.oracles import identifiers, padded, random_sums

QUERY = np.zeros(2, np.float32)
seeds = st.integers(0, 1 << 30)


@given(identifiers(), seeds)
def test_a_total_is_the_sum_along_the_path(words, seed):
    built = trie.build(padded(words))
    scorer = random_sums(built, seed)
    leaves = built.leaves_of(np.arange(len(words)))
    expected = [
        sum(scorer.log_probs[built.find(word[:length])] for length in range(1, len(word) + 1)) if word else -np.inf
        for word in words
    ]
    assert forced_totals(built, scorer, QUERY, leaves).tolist() == expected


@given(identifiers(), seeds, st.data())
def test_totals_are_those_of_exact_search_in_any_order_and_number(words, seed, data):
    built, scorer, (query, *_) = scored_trie(words, seed)
    leaves, totals = exact_search(built, scorer, query)
    total_of = dict(zip(leaves.tolist(), totals.tolist(), strict=True))
    asked = data.draw(st.lists(st.sampled_from(leaves.tolist()), max_size=12))
    found = forced_totals(built, scorer, query, np.array(asked, np.int64))
    assert found.tolist() == [total_of[leaf] for leaf in asked]


@given(identifiers(), seeds)
def test_in_a_restricted_tree_they_are_those_of_its_own_search(words, seed):
    built = trie.build(padded(words))
    rows = [row for row, word in enumerate(words) if word]
    view = restrict(built, np.array([bool(word) and row % 2 == rows[0] % 2 for row, word in enumerate(words)]))
    scorer = random_sums(built, seed)
    leaves, totals = exact_search(view, scorer, QUERY)
    assert forced_totals(view, scorer, QUERY, leaves).tolist() == totals.tolist()


@given(identifiers())
def test_the_leaf_of_a_document_ends_its_path(words):
    built = trie.build(padded(words))
    paths = [built.path(row) for row in range(len(words) + 2)]
    assert built.leaves_of(np.arange(len(words) + 2)).tolist() == [path[-1] if path else -1 for path in paths]
