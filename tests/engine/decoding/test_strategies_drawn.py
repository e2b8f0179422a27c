"""The strategies that draw: how often each identifier comes, against probabilities written out with dictionaries."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from engine.decoding.strategies.reverse_annealed import temperatures
from engine.decoding.strategies.sample import conditional_gumbel, nucleus
from tests.engine.decoding.test_strategies import Case, cases, seeds, widths

DRAWS = 400
WORDS = [(0, 0), (0, 1), (0, 2, 0), (0, 2, 1), (1,), (2, 0), (2, 1), (2, 1)]
ALLOWED = np.array([True, False, True, True, True, True, True, False])


def siblings(case, prefix, temperature, top_p=1.0, without=()):
    """Probability of each legal child that leads to a leaf outside ``without``, at a temperature, cut to its nucleus."""
    children = [
        child
        for child in case.legal.children(prefix)
        if any(leaf[: len(child)] == child for leaf in case.legal.leaves if leaf not in without)
    ]
    weight = {child: math.exp(case.log_prob[child] / temperature) for child in children}
    share = {child: value / sum(weight.values()) for child, value in weight.items()}
    inside, held = {}, 0.0
    for child in sorted(children, key=lambda child: (-share[child], child)):
        if held < top_p:
            inside[child] = share[child]
        held += share[child]
    return {child: value / sum(inside.values()) for child, value in inside.items()}


def leaf_probabilities(case, temperature, top_p=1.0, without=(), prefix=()):
    """Probability of each leaf when codes are drawn one after another."""
    if not case.legal.children(prefix):
        return {prefix: 1.0}
    return {
        leaf: share * below
        for child, share in siblings(case, prefix, temperature, top_p, without).items()
        for leaf, below in leaf_probabilities(case, temperature, top_p, without, child).items()
    }


def agrees(found, probability):
    """Whether the counts may well come from the probabilities; what is expected less than 8 times is counted as one."""
    assert set(found) <= set(probability)
    rare = {one for one, value in probability.items() if value * len(found) < 8}
    pooled = [(found.count(one), value * len(found)) for one, value in probability.items() if one not in rare]
    if rare:
        pooled.append((sum(map(found.count, rare)), sum(probability[one] for one in rare) * len(found)))
    counts, expected = zip(*pooled, strict=True)
    return len(expected) == 1 or chisquare(counts, expected).pvalue > 0.001


def leaves_of(case, trace):
    return [leaf for leaf, _ in case.prefixes(trace, None)]


@pytest.mark.parametrize("allowed", [None, ALLOWED])
@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.7, 1.0), (1.5, 0.8)])
def test_one_draw_follows_the_softmax_along_the_path(allowed, temperature, top_p):
    case = Case(WORDS, seed=4, allowed=allowed)
    traces = (case.decode("sample", 1, {"top_p": top_p}, seed=seed, temperature=temperature) for seed in range(DRAWS))
    found = [leaves_of(case, trace)[0] for trace in traces]
    assert agrees(found, leaf_probabilities(case, temperature, top_p))


@pytest.mark.parametrize("allowed", [None, ALLOWED])
@pytest.mark.parametrize("temperature", [1.0, 1.7])
def test_two_draws_are_as_if_the_first_were_not_put_back(allowed, temperature):
    case = Case(WORDS, seed=4, allowed=allowed)
    p = leaf_probabilities(case, temperature)
    pairs = {
        frozenset((a, b)): p[a] * p[b] / (1 - p[a]) + p[b] * p[a] / (1 - p[b]) for a, b in combinations(case.legal.leaves, 2)
    }
    found = [frozenset(leaves_of(case, case.decode("sample", 2, seed=seed, temperature=temperature))) for seed in range(DRAWS)]
    assert agrees(found, pairs)


@given(cases(), widths, seeds, st.sampled_from([0.3, 1.0, 4.0]))
def test_a_sample_has_as_many_leaves_as_beams_in_order_of_log_probability(case, beams, seed, temperature):
    trace = case.decode("sample", beams, seed=seed, temperature=temperature)
    found = leaves_of(case, trace)
    assert len(found) == min(beams, len(case.legal.leaves))
    assert case.prefixes(trace, None) == [(leaf, case.total(leaf)) for leaf in case.ranked(found)]


@given(cases(), seeds, st.sampled_from([0.01, 0.3, 0.5, 0.9]))
def test_nothing_outside_the_nucleus_is_drawn(case, seed, top_p):
    probability = leaf_probabilities(case, 1.0, top_p)
    trace = case.decode("sample", len(case.built.code), {"top_p": top_p}, seed=seed)
    found = leaves_of(case, trace)
    # A sum of shares that should be equal to top_p may miss it by a rounding, and a member with it.
    touching = [p for prefix in case.legal.nodes for p in running_shares(case, prefix) if abs(p - top_p) < 1e-6]
    assert touching or sorted(found) == sorted(probability)


def running_shares(case, prefix):
    shares = sorted(siblings(case, prefix, 1.0).values(), reverse=True)
    return np.cumsum(shares).tolist()


def test_a_narrow_nucleus_is_greedy():
    case = Case(WORDS, seed=4)
    for seed in range(20):
        narrow = case.decode("sample", 1, {"top_p": 0.01}, seed=seed)
        assert leaves_of(case, narrow) == leaves_of(case, case.decode("greedy", 1))


def test_a_cold_sample_is_the_best_leaf_and_a_hot_one_is_even():
    case = Case([(a,) for a in range(6)], seed=11)
    case.scorer.log_probs[:] = [0, -3, -2, -1, -2, -3, -2]
    cold = {leaves_of(case, case.decode("sample", 1, seed=seed, temperature=1e-3))[0] for seed in range(50)}
    assert cold == {(2,)}
    hot = [leaves_of(case, case.decode("sample", 1, seed=seed, temperature=1e6))[0] for seed in range(600)]
    assert agrees(hot, {(a,): 1 / 6 for a in range(6)})


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=20), st.floats(-50, 50), seeds)
def test_conditional_gumbels_keep_their_order_and_reach_the_peak(values, peak, seed):
    noisy = np.array(values)
    group = np.sort(np.random.default_rng(seed).integers(0, 3, len(values)))
    shifted = conditional_gumbel(noisy, np.full(3, peak), group)
    for one in np.unique(group):
        inside, before = shifted[group == one], noisy[group == one]
        assert inside.max() == pytest.approx(peak, abs=1e-9)
        assert (np.diff(inside[np.argsort(before, kind="stable")]) >= -1e-9).all()


@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), seeds, st.floats(0.01, 0.999))
def test_a_nucleus_is_the_fewest_that_hold_the_share(quarters, seed, top_p):
    group = np.sort(np.random.default_rng(seed).integers(0, 3, len(quarters)))
    weight = np.exp(-np.array(quarters) / 4)
    share = weight / np.bincount(group, weight, 3)[group]
    kept = nucleus(np.log(share), group, np.arange(len(share)), top_p)
    for one in np.unique(group):
        inside = [place for place in kept if group[place] == one]
        members = sorted(np.flatnonzero(group == one), key=lambda place: (-share[place], place))
        assert sorted(inside) == sorted(members[: len(inside)])
        assert share[inside].sum() >= top_p - 1e-9
        assert share[inside].sum() - share[members[len(inside) - 1]] < top_p + 1e-9


def test_a_nucleus_of_the_whole_share_leaves_nobody_out_not_even_what_rounding_would():
    assert nucleus(np.array([0.0, -50.0]), np.zeros(2, int), np.arange(2), 1.0).tolist() == [0, 1]


@given(cases(), widths, seeds, st.sampled_from([0.0, 0.5, 1.0, 10.0]), st.sampled_from([0.0, 8.0]))
def test_reverse_annealed_begins_with_the_greedy_output(case, beams, seed, hottest, steepness):
    trace = case.decode("reverse-annealed", beams, {"hottest": hottest, "steepness": steepness}, seed=seed)
    found = leaves_of(case, trace)
    assert found[0] == leaves_of(case, case.decode("greedy", 1))[0]
    assert len(set(found)) == len(found) == min(beams, len(case.legal.leaves))
    assert trace.scores.tolist() == [case.total(leaf) for leaf in found]


@given(cases(), widths, seeds)
def test_without_warmth_every_draw_is_greedy_in_what_is_left(case, beams, seed):
    found = leaves_of(case, case.decode("reverse-annealed", beams, {"hottest": 0.0}, seed=seed))
    drawn = []
    while len(drawn) < min(beams, len(case.legal.leaves)):
        left = [leaf for leaf in case.legal.leaves if leaf not in drawn]
        prefix = ()
        while case.legal.children(prefix):
            live = [child for child in case.legal.children(prefix) if any(leaf[: len(child)] == child for leaf in left)]
            prefix = min(live, key=lambda child: (-case.log_prob[child], child))
        drawn.append(prefix)
    assert found == drawn


@pytest.mark.parametrize("allowed", [None, ALLOWED])
@pytest.mark.parametrize(("hottest", "temperature"), [(1.0, 1.0), (2.0, 1.5)])
def test_the_last_draw_follows_the_softmax_of_what_is_left(allowed, hottest, temperature):
    case = Case(WORDS, seed=4, allowed=allowed)
    drawn = [
        leaves_of(case, case.decode("reverse-annealed", 2, {"hottest": hottest}, seed=seed, temperature=temperature))
        for seed in range(DRAWS)
    ]
    first = drawn[0][0]
    assert {leaves[0] for leaves in drawn} == {first}
    probability = leaf_probabilities(case, hottest * temperature, without=(first,))
    probability = {leaf: value for leaf, value in probability.items() if value}
    assert agrees([leaves[1] for leaves in drawn], probability)


def test_a_node_is_scored_once_however_often_it_is_passed():
    case = Case([(0, a, b) for a in range(3) for b in range(3)], seed=6)
    asked = []
    proper = case.scorer.score

    def score(state, nodes, totals, children):
        asked.extend(children.node.tolist())
        return proper(state, nodes, totals, children)

    case.scorer.score = score
    trace = case.decode("reverse-annealed", 9)
    searched = asked[: trace.scored]
    assert sorted(searched) == list(range(1, len(case.built.code)))


@pytest.mark.parametrize("steepness", [0.0, 0.01, 3.0, 100.0])
@pytest.mark.parametrize("draws", [1, 2, 7])
def test_the_temperature_rises_from_greedy_to_the_hottest_by_the_schedule_of_zerogr(draws, steepness):
    def logistic(z):
        return 1 / (1 + math.exp(-z))

    def by_hand(x):
        low, high = logistic(-steepness / 2), logistic(steepness / 2)
        return 1.5 * (logistic(steepness * (x - 0.5)) - low) / (high - low) if steepness else 1.5 * x

    heat = temperatures(draws, 1.5, steepness)
    assert heat.tolist() == pytest.approx([by_hand(draw / max(draws - 1, 1)) for draw in range(draws)], abs=1e-9)
    assert heat[0] == 0
    assert (np.diff(heat) > 0).all() or steepness == 100
