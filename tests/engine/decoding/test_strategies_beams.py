"""The strategies that keep a beam, each against the same written out with dictionaries."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.decoding.test_strategies import Case, cases, widths
from tests.engine.oracles import slow_beam_search


def steps_of(case, trace):
    return [(case.prefixes(trace, step.kept), case.prefixes(trace, step.pruned)) for step in trace.steps]


@given(cases(), widths)
def test_beam_and_greedy_are_a_slow_beam_search(case, beams):
    # The slow search numbers the nodes that it is given; those of a restricted trie keep their order.
    log_probs = [case.log_prob[prefix] for prefix in case.legal.nodes]
    levels = case.built.levels
    for name, width in (("beam", beams), ("greedy", 1)):
        expected = slow_beam_search(case.legal, log_probs, width)
        found = steps_of(case, case.decode(name, beams))
        assert found[: len(expected)] == expected
        assert len(found) == levels


def children_or_self(case, prefix):
    return case.legal.children(prefix) or [prefix]


@given(cases(), widths, st.sampled_from([0.0, 0.25, 0.6, 1.0, 2.0]))
def test_length_normalised_ranks_by_log_probability_over_length(case, beams, alpha):
    def rank(prefix):
        return (-(case.total(prefix) / len(prefix) ** alpha), case.number[prefix])

    kept = [()]
    trace = case.decode("length-normalised", beams, {"alpha": alpha})
    for step in trace.steps:
        found = sorted((child for prefix in kept for child in children_or_self(case, prefix)), key=rank)
        kept, pruned = found[:beams], found[beams:]
        for part, expected in ((step.kept, kept), (step.pruned, pruned)):
            assert [prefix for prefix, _ in case.prefixes(trace, part)] == expected
            assert part.total.tolist() == pytest.approx([-rank(prefix)[0] for prefix in expected])


def test_a_longer_identifier_is_not_at_a_disadvantage():
    case = Case([(0,), (1, 0, 0)], seed=0)
    case.scorer.log_probs[:] = [0, -1, -0.5, -0.5, -0.5]
    assert case.prefixes(case.decode("length-normalised", 1, {"alpha": 0.0}), None) == [((1, 0, 0), -1.5)]
    short, long = case.prefixes(case.decode("beam", 2), None)
    assert [short[0], long[0]] == [(0,), (1, 0, 0)]
    assert [leaf for leaf, _ in case.prefixes(case.decode("length-normalised", 2, {"alpha": 1.0}), None)] == [(1, 0, 0), (0,)]


def slow_diverse(case, beams, groups, penalty):
    """Kept prefixes of each level, in order of total."""
    groups = min(groups, beams)
    sizes = [len(range(group, beams, groups)) for group in range(groups)]
    owned = [[()] for _ in range(groups)]
    steps = []
    for level in range(1, case.built.levels + 1):
        times = {}
        new = [[] for _ in range(groups)]

        def grows(prefix, level=level):
            return len(prefix) == level

        def choose(group, candidates, new=new, times=times, grows=grows):
            kept_already = {prefix for members in new for prefix in members}
            free = sizes[group] - len(new[group])

            def rank(prefix):
                return (-(case.total(prefix) - penalty * (times.get(prefix[-1], 0) if grows(prefix) else 0)), case.number[prefix])

            chosen = sorted(set(candidates) - kept_already, key=rank)[:free]
            for prefix in filter(grows, chosen):
                times[prefix[-1]] = times.get(prefix[-1], 0) + 1
            new[group] += chosen

        candidates = [[child for prefix in members for child in children_or_self(case, prefix)] for members in owned]
        for group in range(groups):
            choose(group, candidates[group])
        for group in range(groups):
            choose(group, chain(*candidates))
        owned = new
        steps.append(case.ranked([prefix for members in new for prefix in members]))
    return steps


@given(cases(), widths, st.integers(1, 6), st.sampled_from([0.0, 0.25, 0.5, 2.0, 100.0]))
def test_diverse_groups_choose_one_after_another(case, beams, groups, penalty):
    trace = case.decode("diverse", beams, {"groups": groups, "penalty": penalty})
    found = [[prefix for prefix, _ in case.prefixes(trace, step.kept)] for step in trace.steps]
    assert found == slow_diverse(case, beams, groups, penalty)
    assert case.prefixes(trace, None) == [(leaf, case.total(leaf)) for leaf in found[-1]]


@given(cases(), widths, st.sampled_from([0.0, 1.0]))
def test_one_group_is_plain_beam_search(case, beams, penalty):
    trace = case.decode("diverse", beams, {"groups": 1, "penalty": penalty})
    assert steps_of(case, trace) == steps_of(case, case.decode("beam", beams))


def test_a_penalty_spreads_the_beams():
    case = Case([(a, b) for a in range(3) for b in range(3)], seed=0)
    case.scorer.log_probs[:] = [0, -0.5, -1, -1.5, *[-0.5, -1, -1.5] * 3]
    alike, apart = (case.decode("diverse", 3, {"groups": 3, "penalty": penalty}) for penalty in (0.0, 10.0))
    assert sorted({leaf[1] for leaf, _ in case.prefixes(alike, None)}) == [0]
    assert sorted({leaf[1] for leaf, _ in case.prefixes(apart, None)}) == [0, 1, 2]
