from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import normalized_mutual_info_score

from engine import trie
from engine.health import cohesion
from engine.health.agreement import neighbour_overlap, node_paths, normalised_mutual_information, purity, shared_means
from engine.health.card import Overlap
from engine.scorers.centroid import node_means
from tests.engine.oracles import DictTrie, identifiers, padded, unit

seeds = st.integers(0, 1 << 30)
tables = st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=25)


def vectors(rows, seed, d=6):
    return unit(np.random.default_rng(seed).normal(size=(rows, d)))


@given(identifiers())
def test_paths_are_the_nodes_of_each_documents_prefixes(words):
    built, tree = trie.build(padded(words)), DictTrie(words)
    number = {prefix: node for node, prefix in enumerate(tree.nodes)}
    found = node_paths(built, len(words))
    for word, path in zip(words, found.tolist(), strict=True):
        expected = [number[word[:depth]] for depth in range(len(word) + 1)] if word else []
        assert path == expected + [-1] * (built.levels + 1 - len(expected))


@given(identifiers(), seeds)
def test_means_of_nodes_with_several_documents_are_the_scorers(words, seed):
    built, embeddings = trie.build(padded(words)), vectors(len(words), seed)
    several = built.counts > 1
    found, expected = shared_means(built, embeddings), node_means(built, embeddings)
    assert found[several] == pytest.approx(expected[several], abs=1e-5)
    assert not found[~several].any()
    for a, b in zip(cohesion.by_depth(built, found), cohesion.by_depth(built, expected), strict=True):
        assert a == pytest.approx(b, abs=1e-5)


@given(identifiers(), seeds)
def test_neighbour_overlap_counts_the_nearest_that_share_the_prefix(words, seed):
    embeddings = vectors(len(words), seed)
    built = trie.build(padded(words))
    found = {row.depth: row for row in neighbour_overlap(node_paths(built, len(words)), embeddings)}
    everyone, k = range(len(words)), min(10, len(words) - 1)
    for depth in range(1, built.levels + 1) if k else ():
        deep = [row for row in everyone if len(words[row]) >= depth]
        shares, chances, possible = [], [], []
        for row in deep:
            near = sorted((other for other in everyone if other != row), key=lambda o: -float(embeddings[o] @ embeddings[row]))
            alike = [other for other in everyone if other != row and other in deep and words[other][:depth] == words[row][:depth]]
            shares.append(len(set(near[:k]) & set(alike)) / k)
            chances.append(len(alike) / (len(words) - 1))
            possible.append(min(len(alike), k) / k)
        expected = {"share": np.mean(shares), "chance": np.mean(chances), "possible": np.mean(possible), "documents": len(deep)}
        assert found[depth].model_dump() == pytest.approx({"depth": depth, **expected})
    assert len(found) == (built.levels if k else 0)


def test_equal_documents_are_neighbours_of_each_other_and_none_of_itself():
    built = trie.build(np.repeat([[0], [1]], 20, axis=0).astype(np.int32))
    embeddings = np.repeat(np.eye(2, dtype=np.float32), 20, axis=0)
    row = neighbour_overlap(node_paths(built, 40), embeddings)[0]
    assert row == Overlap(depth=1, share=1.0, chance=19 / 39, possible=1.0, documents=40)


def test_many_documents_are_sampled_by_the_seed():
    embeddings = vectors(2500, 0)
    paths = node_paths(trie.build(np.random.default_rng(0).integers(0, 4, (2500, 1)).astype(np.int32)), 2500)
    first, again, other = (neighbour_overlap(paths, embeddings, seed)[0] for seed in (1, 1, 2))
    assert first.documents == 2000
    assert first == again != other


@given(identifiers(), st.lists(st.sampled_from(["war", "love", None]), min_size=20, max_size=20))
def test_purity_is_the_share_of_the_commonest_label_under_each_prefix(words, labels):
    built, labels = trie.build(padded(words)), labels[: len(words)]
    expected = []
    for depth in range(built.levels + 1):
        deep = [(word, label) for word, label in zip(words, labels, strict=True) if word and len(word) >= depth]
        known = [(word[:depth], label) for word, label in deep if label]
        under = [[label for other, label in known if other == prefix] for prefix in {prefix for prefix, _ in known}]
        most = [Counter(one).most_common(1)[0][1] for one in under]
        if known:
            expected.append((depth, pytest.approx(sum(most) / len(known)), len(known)))
    found = purity(node_paths(built, len(words)), labels)
    assert [(row.depth, row.purity, row.documents) for row in found] == expected


@given(tables, seeds, st.integers(1, 3))
def test_mutual_information_is_scikit_learns(table, seed, depth):
    a = np.array(table, np.int32)
    b = np.random.default_rng(seed).integers(0, 3, a.shape)
    labels = [["-".join(map(str, row[:depth])) for row in codes.tolist()] for codes in (a, b)]
    found = normalised_mutual_information(a, b, depth)
    assert found == pytest.approx(normalized_mutual_info_score(*labels), abs=1e-9)
    assert 0 <= found <= 1


def test_only_documents_that_both_schemes_identify_are_compared():
    a, b = np.array([[0], [0], [1], [-1]]), np.array([[5, 1], [5, -1], [7, 0], [7, 0]])
    assert normalised_mutual_information(a, b, 1) == pytest.approx(1)
    assert normalised_mutual_information(a[3:], b[3:], 1) == 1
