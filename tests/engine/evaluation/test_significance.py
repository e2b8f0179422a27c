"""How sure a figure is: intervals, paired tests, the correction for several, and the rule that says "better"."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation import (
    CERTAIN,
    FLOOR,
    Difference,
    Interval,
    better,
    difference,
    holm,
    interval,
    paired_p,
    significance,
    together,
    told_p,
)

grades = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.sampled_from([0.0, 0.25, 0.5, 1.0])), min_size=1, max_size=9
)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_an_interval_contains_its_mean_and_is_always_the_same(values):
    found = interval(np.array(values))
    assert found.mean == pytest.approx(np.mean(values))
    assert min(values) - 1e-9 <= found.low <= found.mean + 1e-9
    assert found.mean - 1e-9 <= found.high <= max(values) + 1e-9
    assert found == interval(np.array(values))


def test_an_interval_is_about_two_standard_errors_wide_on_each_side():
    values = np.random.default_rng(0).normal(0.5, 0.1, 400)
    found, error = interval(values), values.std() / math.sqrt(400)
    assert found.low == pytest.approx(found.mean - 1.96 * error, abs=error / 4)
    assert found.high == pytest.approx(found.mean + 1.96 * error, abs=error / 4)


def test_an_interval_of_equal_values_is_a_point():
    assert interval(np.full(5, 0.25)) == Interval(0.25, 0.25, 0.25)


def test_an_interval_of_one_value_or_none_makes_no_fuss():
    assert interval(np.array([0.5])) == Interval(0.5, 0.5, 0.5)
    assert math.isnan(interval(np.zeros(0)).mean)


@given(grades)
def test_the_paired_p_is_the_share_of_all_ways_to_exchange_the_two_that_come_as_far_apart(pairs):
    ours, theirs = np.array(pairs).T
    ways = product((1, -1), repeat=len(pairs))
    apart = [abs(sum(sign * (a - b) for sign, (a, b) in zip(signs, pairs, strict=True))) for signs in ways]
    seen = abs(sum(a - b for a, b in pairs))
    assert paired_p(ours, theirs) == pytest.approx(np.mean([one >= seen - 1e-9 for one in apart]))


def test_the_paired_p_of_many_queries_is_near_that_of_the_normal_law_and_the_same_both_ways():
    rng = np.random.default_rng(3)
    ours, theirs = rng.random(400), rng.random(400)
    theirs += 0.02
    z = abs((ours - theirs).mean()) / ((ours - theirs).std() / math.sqrt(400))
    expected = math.erfc(z / math.sqrt(2))
    assert 0.05 < expected < 0.9
    assert paired_p(ours, theirs) == pytest.approx(expected, abs=0.02)
    assert paired_p(theirs, ours) == pytest.approx(expected, abs=0.02)
    assert paired_p(ours, theirs) == paired_p(ours, theirs)


def test_the_smallest_p_that_it_finds_is_said_to_be_at_most_that():
    far = difference(np.ones(50), np.zeros(50))
    assert far.p == FLOOR == 1e-4
    assert told_p(far) == "at most .0001"
    assert told_p(together([far, difference(np.zeros(5), np.zeros(5))])[0]) == "at most .0002"
    assert "at most" not in told_p(far._replace(p=0.0002, holm=0.0002))


def test_the_interval_of_a_difference_is_of_the_pairs_and_not_of_the_two_apart():
    rng = np.random.default_rng(1)
    theirs = rng.random(200)
    ours = theirs + 0.01
    found = difference(ours, theirs)
    assert found[:3] == pytest.approx((0.01, 0.01, 0.01))
    assert interval(ours).low < interval(theirs).high  # apart they overlap
    assert difference(theirs, ours)[:3] == pytest.approx((-0.01, -0.01, -0.01))


def slow_holm(ps):
    """Step down: the smallest times their number, the next times one less; no value may fall below one before it."""
    left, found, reached = list(range(len(ps))), [None] * len(ps), 0.0
    while left:
        smallest = min(left, key=lambda place: ps[place])
        reached = max(reached, ps[smallest] * len(left))
        found[smallest] = min(1.0, reached)
        left.remove(smallest)
    return found


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_is_its_step_down(ps):
    assert holm(ps) == slow_holm(ps)


def test_the_comparisons_of_a_table_keep_their_own_p_and_get_a_corrected_one():
    some = [Difference(0.1, 0.0, 0.2, p=p, holm=p) for p in (0.04, 0.2, 0.6)]
    assert [(one.p, one.holm) for one in together(some)] == [(0.04, pytest.approx(0.12)), (0.2, 0.4), (0.6, 0.6)]


def looks_and_judgement(rng, queries, looks):
    """What a training without an effect shows: so many looks at the queries, each with noise of its own beside what it shares
    with the look before, and the floor that they are compared with. Float64 ``(looks, queries)`` and ``(queries,)``."""
    floor = rng.random(queries) * (rng.random(queries) < 0.6)
    moved = rng.random((looks, queries)) < 0.3
    drift = np.cumsum(rng.normal(0, 0.05, (looks, queries)), axis=0) + rng.normal(0, 0.2, (looks, queries))
    return floor + moved * drift, floor


def test_under_the_null_the_rule_fires_about_as_often_as_it_may_and_the_best_of_many_looks_far_more_often(monkeypatch):
    """A fault that stood here: the best of 17 looks was compared on the very queries that it was the best on."""
    monkeypatch.setattr(significance, "FLIPS", 499)  # enough for a p near .05, and twenty times as fast
    rng, trials, queries = np.random.default_rng(0), 400, 80
    now = before = 0
    for _ in range(trials):
        looks, floor = looks_and_judgement(rng, queries, 17)
        choosing, judging = np.arange(0, queries, 2), np.arange(1, queries, 2)
        best = looks[looks[:, choosing].mean(axis=1).argmax()]
        now += better(difference(best[judging], floor[judging]))
        all_seen = looks[looks.mean(axis=1).argmax()]
        before += all_seen.mean() > floor.mean() and paired_p(all_seen, floor) < CERTAIN
    allowed = 0.025 * trials + 3 * math.sqrt(0.025 * 0.975 * trials)  # three standard errors of a binomial
    assert now <= allowed
    assert before > 2 * allowed


def test_the_rule_needs_the_paired_test_where_few_queries_differ():
    """Four that differ, all one way: their bootstrap interval excludes zero, and a coin does that once in sixteen."""
    ours, theirs = np.repeat([1.0, 0.5], [4, 60]), np.full(64, 0.5)
    found = difference(ours, theirs)
    assert found.low > 0
    assert found.p == 2 / 2**4
    assert not better(found)
    assert better(difference(np.repeat([1.0, 0.5], [12, 52]), theirs))
    assert not better(difference(theirs, np.repeat([1.0, 0.5], [12, 52])))


def test_the_rule_needs_the_interval_as_well():
    assert not better(Difference(0.1, -0.001, 0.2, p=0.001, holm=0.001))
    assert not better(Difference(0.1, 0.001, 0.2, p=0.05, holm=0.05))
    assert better(Difference(0.1, 0.001, 0.2, p=0.049, holm=0.5))
