from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.health.cohesion import by_depth, pair_cosines
from engine.scorers.centroid import node_means
from tests.engine.oracles import DictTrie, identifiers, padded, unit

seeds = st.integers(0, 1 << 30)


def embedded(words, seed):
    embeddings = unit(np.random.default_rng(seed).normal(size=(len(words), 6)))
    built = trie.build(padded(words))
    return built, DictTrie(words), embeddings, node_means(built, embeddings)


def cosines_of_pairs(embeddings, rows):
    return [float(embeddings[a].astype(np.float64) @ embeddings[b]) for a, b in combinations(rows, 2)]


@given(identifiers(), seeds)
def test_the_cosine_of_a_node_is_the_mean_over_the_pairs_below_it(words, seed):
    built, tree, embeddings, means = embedded(words, seed)
    for prefix, found in zip(tree.nodes, pair_cosines(built, means), strict=True):
        pairs = cosines_of_pairs(embeddings, tree.below[prefix])
        assert np.isnan(found) if not pairs else found == pytest.approx(np.mean(pairs), abs=1e-5)


@given(identifiers(), seeds)
def test_each_depth_averages_the_pairs_that_share_so_many_codes(words, seed):
    built, _, embeddings, means = embedded(words, seed)
    expected = []
    for depth in range(built.levels + 1):
        sharing = [
            (a, b)
            for a, b in combinations([row for row, word in enumerate(words) if word], 2)
            if words[a][:depth] == words[b][:depth] and min(len(words[a]), len(words[b])) >= depth
        ]
        if sharing:
            cosines = [float(embeddings[a].astype(np.float64) @ embeddings[b]) for a, b in sharing]
            expected.append((depth, len(sharing), pytest.approx(np.mean(cosines), abs=1e-5)))
    assert [tuple(row) for row in by_depth(built, means)] == expected


def test_one_document_has_no_pairs():
    built, _, _, means = embedded([(1, 2)], 0)
    assert by_depth(built, means) == []
