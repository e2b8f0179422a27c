"""Exact and best-first search against an enumeration, and the bound that best-first search trusts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trie
from engine.decoding.exact import exact_search, score_all
from engine.decoding.strategies import decode
from engine.errors import TriescopeError
from engine.scorers import bound as centroid_bound
from engine.scorers import centroid
from engine.trie import restrict
from tests.engine.decoding.test_strategies import QUERY, Case, cases, seeds, widths
from tests.engine.oracles import DictTrie, SumScorer, identifiers, padded, unit


def first_appearances(words, level):
    return list(dict.fromkeys(word[:level] for word in words))


@pytest.mark.parametrize("name", ["exact", "best-first"])
@given(cases(), widths)
def test_the_best_leaves_are_those_of_an_enumeration(name, case, beams):
    trace = case.decode(name, beams)
    best = case.ranked()[:beams]
    assert case.prefixes(trace, None) == [(leaf, case.total(leaf)) for leaf in best]
    for level, step in enumerate(trace.steps, 1):
        assert [prefix for prefix, _ in case.prefixes(trace, step.kept)] == first_appearances(best, level)


def test_unless_told_every_node_is_scored_at_temperature_one():
    built = trie.build(np.array([[0, 0], [0, 1], [1, 0]], np.int32))
    scorer = centroid.CentroidScorer(built, centroid.node_means(built, np.eye(3, dtype=np.float32)), [])
    plain, one, two = (score_all(built, scorer, np.eye(3, dtype=np.float32)[0], *at) for at in ((), (1.0,), (2.0,)))
    assert plain[0].log_prob.tolist() == one[0].log_prob.tolist() != two[0].log_prob.tolist()


def test_best_first_opens_only_what_could_win():
    case = Case([(a, b, c) for a in range(10) for b in range(10) for c in range(10)], seed=1)
    exact, found = case.decode("exact", 5), case.decode("best-first", 5)
    assert found.leaves.tolist() == exact.leaves.tolist()
    assert exact.scored == 1110
    assert found.scored < 600


def test_a_branch_that_can_only_tie_with_the_last_leaf_is_still_opened():
    # After the root, branches 1 and 2 look better and give leaves of -1; branch 0 does no better, but its leaf comes first.
    case = Case([(0, 0), (1, 0), (2, 0)], seed=0)
    case.scorer.log_probs[:] = [0, -1, 0, 0, 0, -1, -1]
    assert case.decode("best-first", 1).leaves.tolist() == case.decode("exact", 1).leaves.tolist() == [case.number[0, 0]]


def centroid_case(words, seed, quarters=False):
    """A centroid scorer over random vectors; short ones of quarters make ties of equal means likely."""
    rng = np.random.default_rng(seed)
    size = (len(words), 4)
    embeddings = (rng.integers(-2, 3, size) / 4).astype(np.float32) if quarters else unit(rng.normal(size=size))
    built = trie.build(padded(words))
    query = np.array([0.5, -0.5, 0.5, 0.5], np.float32) if quarters else unit(rng.normal(size=4))
    return built, centroid.CentroidScorer(built, centroid.node_means(built, embeddings), []), query


@given(identifiers(), seeds, widths, st.booleans(), st.sampled_from([0.25, 1.0, 3.0]), st.data())
def test_best_first_is_exact_search_of_the_centroid_scorer_under_any_view(words, seed, beams, quarters, temperature, data):
    built, scorer, query = centroid_case(words, seed, quarters)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words))))
    some = any(word and let for word, let in zip(words, allowed, strict=True))
    tree = restrict(built, allowed) if some else built
    leaves, totals = exact_search(tree, scorer, query, temperature)
    trace = decode("best-first", tree, scorer, query, beams, temperature=temperature)
    assert trace.leaves.tolist() == leaves[:beams].tolist()
    assert trace.scores.tolist() == totals[:beams].tolist()


def test_best_first_leaves_out_far_clusters():
    rng = np.random.default_rng(3)
    centres = unit(rng.normal(size=(20, 16)))
    embeddings = unit(np.repeat(centres, 50, axis=0) + 0.02 * rng.normal(size=(1000, 16)))
    built = trie.build(np.array([[row // 50, row % 50] for row in range(1000)], np.int32))
    scorer = centroid.CentroidScorer(built, centroid.node_means(built, embeddings), [])
    for query in unit(centres + 0.1 * rng.normal(size=centres.shape)):
        exact, found = (decode(name, built, scorer, query, 10) for name in ("exact", "best-first"))
        assert found.leaves.tolist() == exact.leaves.tolist()
        assert found.scores.tolist() == exact.scores.tolist()
        assert found.scored < exact.scored / 4


@given(identifiers(), seeds, st.sampled_from([1, 2, 3, 50_000]), st.sampled_from([0.1, 1.0, 10.0]), st.booleans())
def test_the_centroid_bound_is_above_every_leaf_below_and_exact_at_a_leaf(words, seed, rows_at_once, temperature, quarters):
    built, scorer, query = centroid_case(words, seed, quarters)
    tree = DictTrie(words)
    nodes = np.arange(len(built.code))
    state = scorer.start(query, temperature)
    totals = scorer.node_scores(state, nodes)
    spread = centroid_bound.measure_spread(built, scorer.means, rows_at_once)
    bound = centroid_bound.upper_bound(spread, state.vector, nodes, totals)
    for node, prefix in enumerate(tree.nodes):
        below = [tree.nodes.index(leaf) for leaf in tree.leaves if leaf[: len(prefix)] == prefix]
        assert bound[node] >= totals[below].max()
        assert (bound[node] == totals[node]) == (below == [node])
    assert scorer.bound(state, nodes, totals).tolist() == bound.tolist()


@given(identifiers(), seeds)
def test_a_radius_is_the_distance_to_the_farthest_leaf_and_hardly_more(words, seed):
    built, scorer, _ = centroid_case(words, seed)
    tree = DictTrie(words)
    spread = centroid_bound.measure_spread(built, scorer.means, rows_at_once=3)
    means = scorer.means.astype(np.float64)
    for node, prefix in enumerate(tree.nodes):
        below = [leaf for leaf in tree.leaves if leaf[: len(prefix)] == prefix]
        farthest = max(np.linalg.norm(means[tree.nodes.index(leaf)] - means[node]) for leaf in below)
        assert farthest <= spread.radius[node] <= farthest * (1 + 1e-5)
        assert spread.log_largest[node] == np.float32(np.log(max(len(tree.below[leaf]) for leaf in below)))
        assert spread.is_leaf[node] == (below == [prefix])


def test_the_bound_is_high_enough_in_many_dimensions_where_float32_sums_err():
    rng = np.random.default_rng(9)
    embeddings = unit(np.abs(rng.normal(size=(400, 768))))
    built = trie.build(np.array([[row // 20, row % 20] for row in range(400)], np.int32))
    scorer = centroid.CentroidScorer(built, centroid.node_means(built, embeddings), [])
    nodes = np.arange(len(built.code))
    # The worst query for a node points from its mean to its farthest leaf: there Cauchy and Schwarz leave no room.
    for node in range(1, 21):
        steps = scorer.means[built.children(np.array([node])).node].astype(np.float64) - scorer.means[node]
        state = scorer.start(unit(steps[np.linalg.norm(steps, axis=1).argmax()]))
        totals = scorer.node_scores(state, nodes)
        bound = scorer.bound(state, nodes, totals)
        children = built.children(np.array([node])).node
        assert totals[children].max() <= bound[node] <= totals[children].max() + 0.01


def test_a_scorer_without_a_bound_is_named():
    built = trie.build(np.array([[0]], np.int32))
    with pytest.raises(TriescopeError, match="scorer sums gives no upper bound"):
        decode("best-first", built, SumScorer([0, 0]), QUERY)


def test_a_bound_that_is_no_number_is_an_error_that_names_the_scorer():
    case = Case([(0, 1), (2, 3)], seed=1)
    case.scorer.bound = lambda state, nodes, totals: np.full(len(nodes), np.nan)
    with pytest.raises(TriescopeError, match="scorer sums: an upper bound is not a number"):
        case.decode("best-first", 1)


def test_a_bound_that_knows_nothing_costs_time_and_nothing_else():
    case = Case([(a, b) for a in range(5) for b in range(5)], seed=2)
    case.scorer.bound = lambda state, nodes, totals: np.full(len(nodes), np.inf)
    trace = case.decode("best-first", 4)
    assert trace.leaves.tolist() == case.decode("exact", 4).leaves.tolist()
    assert trace.scored == 30
