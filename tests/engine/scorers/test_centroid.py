import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding.exact import exact_search
from engine.scorers import centroid
from engine.trie import Children
from tests.engine.oracles import DictTrie, beam_search, identifiers, padded, unit

seeds = st.integers(0, 1 << 30)


def scored_trie(words, seed, dimensions=5, codes=4):
    """A trie over random unit vectors, its centroid scorer with random codebooks, and a query."""
    rng = np.random.default_rng(seed)
    embeddings = unit(rng.normal(size=(len(words), dimensions)))
    built = trie.build(padded(words))
    books = [rng.normal(size=(codes, dimensions)).astype(np.float32) for _ in range(max(1, built.levels - 1))]
    scorer = centroid.CentroidScorer(built, centroid.node_means(built, embeddings), books)
    return built, embeddings, scorer, unit(rng.normal(size=dimensions))


def node_score(embeddings, rows, query):
    """Scale times query . mean plus log count, in plain loops."""
    dot = sum(sum(float(a) * float(b) for a, b in zip(embeddings[row], query, strict=True)) for row in rows)
    return centroid.SCALE * dot / len(rows) + math.log(len(rows))


@given(identifiers(), seeds, st.sampled_from([1, 2, 3, 7, 200_000]))
def test_a_node_holds_the_mean_of_the_documents_below_it(words, seed, rows_at_once):
    embeddings = np.random.default_rng(seed).normal(size=(len(words), 3)).astype(np.float32)
    built, tree = trie.build(padded(words)), DictTrie(words)
    means = centroid.node_means(built, embeddings, rows_at_once)
    expected = np.array([embeddings[tree.below[prefix]].astype(np.float64).mean(axis=0) for prefix in tree.nodes])
    assert means.dtype == np.float32
    np.testing.assert_allclose(means, expected, atol=1e-6)


@given(identifiers(), seeds)
def test_a_node_score_is_scaled_query_times_mean_plus_log_count(words, seed):
    built, embeddings, scorer, query = scored_trie(words, seed)
    tree = DictTrie(words)
    found = scorer.node_scores(scorer.start(query), np.arange(len(built.code)))
    np.testing.assert_allclose(found, [node_score(embeddings, tree.below[p], query) for p in tree.nodes], atol=1e-4)


@pytest.mark.parametrize("nodes", [[3, 9, 5], [5, 3, 7], [3, 5, 4], [9, 8, 7], [4, 4, 6], [6, 7, 8], [0], []])
def test_nodes_that_are_no_run_are_scored_each_for_itself(nodes):
    words = [(a, b) for a in range(3) for b in range(3)]
    _, _, scorer, query = scored_trie(words, seed=1)
    state = scorer.start(query)
    alone = [scorer.node_scores(state, np.array([node]))[0] for node in nodes]
    np.testing.assert_allclose(scorer.node_scores(state, np.array(nodes, np.int64)), alone, rtol=1e-5)


@given(identifiers(), seeds, st.data())
def test_probabilities_of_siblings_sum_to_one(words, seed, data):
    built, _, scorer, query = scored_trie(words, seed)
    inner = [node for node in range(len(built.code)) if len(built.children(np.array([node])).node)]
    nodes = np.array(data.draw(st.lists(st.sampled_from(inner), min_size=1, max_size=6)))
    children = built.children(nodes)
    scored = scorer.score(scorer.start(query), nodes, np.zeros(len(nodes), np.float32), children)
    sums = [np.exp(scored.log_prob[children.parent == place].astype(np.float64)).sum() for place in range(len(nodes))]
    np.testing.assert_allclose(sums, 1, atol=1e-5)


@given(identifiers(), seeds)
def test_a_beam_as_wide_as_the_trie_ranks_as_exact_search_and_as_scoring_every_identifier(words, seed):
    built, embeddings, scorer, query = scored_trie(words, seed)
    tree = DictTrie(words)
    leaves, totals = exact_search(built, scorer, query)
    trace = beam_search(built, scorer, query, beams=len(tree.nodes))
    by_hand = {prefix: node_score(embeddings, tree.below[prefix], query) for prefix in tree.leaves}
    np.testing.assert_allclose(totals, sorted(by_hand.values(), reverse=True), atol=1e-4)
    for found, scores in ((leaves, totals), (trace.leaves, trace.scores)):
        assert sorted(built.prefix(int(leaf)) for leaf in found) == sorted(tree.leaves)
        np.testing.assert_allclose(scores, [by_hand[built.prefix(int(leaf))] for leaf in found], atol=1e-4)


@given(st.integers(1, 25), seeds)
def test_with_identifiers_of_their_own_documents_rank_as_in_exact_dense_search(documents, seed):
    rng = np.random.default_rng(seed)
    words = [(int(rng.integers(3)), int(rng.integers(3)), place) for place in range(documents)]
    built, embeddings, scorer, query = scored_trie(words, seed)
    cosines = embeddings.astype(np.float64) @ query
    rows, scores = beam_search(built, scorer, query, beams=documents).documents(built, documents)
    np.testing.assert_allclose(scores, centroid.SCALE * np.sort(cosines)[::-1], atol=1e-4)
    np.testing.assert_allclose(cosines[rows], np.sort(cosines)[::-1], atol=1e-5)
    assert sorted(rows.tolist()) == list(range(documents))


@given(identifiers(), seeds)
def test_masked_mass_is_the_share_of_absent_codes_in_a_softmax_over_all_codes(words, seed):
    built, embeddings, scorer, query = scored_trie(words, seed)
    tree = DictTrie(words)
    for level in range(1, built.levels + 1):
        prefixes = [prefix for prefix in tree.nodes if len(prefix) == level - 1 and tree.children(prefix)]
        nodes = np.array([tree.nodes.index(prefix) for prefix in prefixes])
        expected = [masked_by_hand(tree, embeddings, scorer, query, prefix) for prefix in prefixes]
        found = scorer.masked(scorer.start(query), level, nodes, built.children(nodes))
        np.testing.assert_allclose(found, expected, atol=1e-4)


def masked_by_hand(tree, embeddings, scorer, query, prefix):
    level = len(prefix)
    if level >= len(scorer.codebooks):
        return 0.0
    mean = embeddings[tree.below[prefix]].astype(np.float64).mean(axis=0)
    legal, absent = 0.0, 0.0
    for code, vector in enumerate(scorer.codebooks[level]):
        rows = tree.below.get((*prefix, code))
        if rows:
            legal += math.exp(node_score(embeddings, rows, query))
        else:
            absent += math.exp(centroid.SCALE * float(np.dot(query.astype(np.float64), mean + vector)))
    return absent / (absent + legal)


def test_nothing_is_masked_where_every_code_is_taken():
    words = [(a, b) for a in range(4) for b in range(4)]
    built, _, scorer, query = scored_trie(words, seed=3)
    root = np.array([trie.ROOT])
    assert scorer.masked(scorer.start(query), 1, root, built.children(root)).tolist() == [0]


def test_a_level_whose_codes_have_no_vectors_masks_nothing():
    built, _, scorer, query = scored_trie([(0, 0), (0, 1), (2, 0)], seed=4)
    nodes = np.array([1, 2])
    assert scorer.masked(scorer.start(query), 2, nodes, built.children(nodes)).tolist() == [0, 0]


def test_a_scorer_without_beams_to_go_on_scores_nothing():
    _, _, scorer, query = scored_trie([(0, 0), (0, 1)], seed=5)
    none = np.empty(0, np.int64)
    scored = scorer.score(scorer.start(query), none, np.empty(0, np.float32), Children(none, none))
    assert len(scored.log_prob) == len(scored.total) == 0


def test_saved_means_are_mapped_back_the_same(tmp_path):
    built, _, scorer, query = scored_trie([(0, 0), (0, 1), (2, 0)], seed=6)
    centroid.save(scorer.means, tmp_path)
    mapped = centroid.load(built, scorer.codebooks, tmp_path)
    nodes = np.arange(len(built.code))
    assert isinstance(mapped.means, np.memmap)
    assert mapped.node_scores(mapped.start(query), nodes).tolist() == scorer.node_scores(scorer.start(query), nodes).tolist()
