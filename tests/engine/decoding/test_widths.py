"""Widths and thresholds for a recall: what a search by them keeps, and that they find what was asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import decoding, trie
from engine.decoding.plan import Plan
from engine.decoding.strategies import narrowed
from engine.decoding.widths import choose, cost, kept, passed, passed_all, sure
from engine.errors import TriescopeError
from engine.scorers.centroid import CentroidScorer, node_means
from tests.engine.decoding.test_strategies import QUERY, Case
from tests.engine.oracles import identifiers, unit

cases = st.builds(Case, identifiers(), st.integers(0, 1 << 30))
plans = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 8).map(lambda quarters: quarters / 4)), max_size=4)


def slow(case, plan, beams):
    """Prefixes kept after each level, best first: sorted, cut to the width, then to what is near the best."""
    beam, steps = [()], []
    for level in range(case.built.levels):
        pool = [child for prefix in beam for child in (case.legal.children(prefix) or [prefix])]
        pool.sort(key=lambda prefix: (-case.total(prefix), case.number[prefix]))
        width, below = plan[level] if level < len(plan) else (beams, np.inf)
        beam = [prefix for prefix in pool[:width] if case.total(prefix) >= case.total(pool[0]) - below]
        steps.append(beam)
    return steps


@given(cases, plans, st.integers(1, 8))
def test_each_level_keeps_its_width_and_nothing_further_below_the_best(case, plan, beams):
    settings = narrowed.written(Plan(tuple(w for w, _ in plan), tuple(b for _, b in plan)))
    trace = case.decode("narrowed", beams, settings)
    assert [[prefix for prefix, _ in case.prefixes(trace, step.kept)] for step in trace.steps] == slow(case, plan, beams)
    for step in trace.steps:
        assert not set(step.kept.node.tolist()) & set(step.pruned.node.tolist())
    (fast,) = decoding.decode(
        case.tree, case.scorer, [QUERY], beams, narrow=tuple(w for w, _ in plan), below=tuple(b for _, b in plan)
    )
    assert fast.leaves.tolist() == trace.leaves.tolist()


def world(seed=0, documents=600):
    """Documents in clusters, their tree of two levels and a number, and a scorer that selects."""
    rng = np.random.default_rng(seed)
    codes = np.column_stack([rng.integers(0, 12, documents), rng.integers(0, 6, documents), np.arange(documents)]).astype(
        np.int32
    )
    centres = rng.normal(size=(12, 16))[codes[:, 0]] + 0.7 * rng.normal(size=(12, 6, 16))[codes[:, 0], codes[:, 1]]
    vectors = unit(centres + 0.7 * rng.normal(size=(documents, 16))).astype(np.float32)
    tree = trie.build(codes)
    queries = unit(vectors[rng.integers(0, documents, 40)] + 0.1 * rng.normal(size=(40, 16))).astype(np.float32)
    return tree, CentroidScorer(tree, node_means(tree, vectors), []), queries, vectors


@pytest.mark.parametrize("plan", [Plan((3, 9), (4.0, 6.5)), Plan((), (0.0,)), Plan((1,), ())])
def test_many_queries_at_once_keep_what_one_alone_keeps(plan):
    tree, scorer, queries, _ = world()
    together = decoding.decode(tree, scorer, queries, 20, narrow=plan.widths, below=plan.below)
    for query, trace in zip(queries, together, strict=True):
        (alone,) = decoding.decode(tree, scorer, [query], 20, explain=True, narrow=plan.widths, below=plan.below)
        for ours, theirs in zip(trace.steps, alone.steps, strict=True):
            assert ours.kept.node.tolist() == theirs.kept.node.tolist()
            assert ours.kept.total.tolist() == theirs.kept.total.tolist()


@given(cases, st.integers(1, 5))
def test_where_paths_stand_is_where_a_sort_of_everything_puts_them(case, nearest):
    of, wanted = passed(case.tree, case.scorer, QUERY, nearest), case.ranked()[:nearest]
    assert of.leaves.tolist() == [case.number[leaf] for leaf in wanted]
    for level in range(1, case.built.levels):
        pool = [p for p in case.number if len(p) == level or (len(p) < level and p in case.legal.leaves)]
        totals = sorted((case.total(prefix) for prefix in pool), reverse=True)
        for place, leaf in enumerate(wanted):
            own = case.total(leaf[:level])
            assert of.rank[level - 1, place] == 1 + sum(total > own for total in totals)
            assert of.below[level - 1, place] == pytest.approx(totals[0] - own)
        assert of.gaps[level - 1].tolist() == pytest.approx([totals[0] - total for total in totals])


@pytest.mark.parametrize("recall", [0.5, 0.9, 0.99, 1.0])
def test_a_plan_finds_what_it_promises_and_scores_less_than_the_beam_that_does(recall):
    tree, scorer, queries, _ = world()
    seen = [passed(tree, scorer, query, 30) for query in queries]
    plan = choose(tree, seen, recall)
    traces = decoding.decode(tree, scorer, queries, 30, narrow=plan.widths, below=plan.below)
    found = [len(np.intersect1d(trace.leaves, of.leaves)) / 30 for trace, of in zip(traces, seen, strict=True)]
    assert np.mean(found) >= np.mean([kept(of, plan) for of in seen]) >= recall
    wide = next(
        beams
        for beams in range(30, 600)
        if np.mean(
            [
                len(np.intersect1d(t.leaves[:30], of.leaves)) / 30
                for t, of in zip(decoding.decode(tree, scorer, queries, beams), seen, strict=True)
            ]
        )
        >= recall
    )
    plain = decoding.decode(tree, scorer, queries, wide)
    assert np.mean([trace.scored for trace in traces]) < np.mean([trace.scored for trace in plain])
    looser = choose(tree, seen, recall - 0.3)
    each = [12.0, 6.0, 600 / 72]
    assert np.mean([cost(of, looser, each) for of in seen]) <= np.mean([cost(of, plan, each) for of in seen])


def test_many_queries_together_are_told_as_each_alone(monkeypatch):
    tree, scorer, queries, _ = world()
    monkeypatch.setattr("engine.decoding.widths.TOGETHER", 7 * len(tree.code))
    together = list(passed_all(tree, scorer, queries, 30))
    for query, of in zip(queries, together, strict=True):
        alone = passed(tree, scorer, query, 30)
        assert of.leaves.tolist() == alone.leaves.tolist()
        assert of.rank.tolist() == alone.rank.tolist()
        assert of.below == pytest.approx(alone.below, abs=1e-4)
    view = tree.restricted(np.arange(600) % 2 == 0)
    (of,) = passed_all(view, scorer, queries[:1], 5)
    assert of.leaves.tolist() == passed(view, scorer, queries[0], 5).leaves.tolist()


@pytest.mark.parametrize("recall", [0.95, 0.99, 0.999])
def test_of_plans_that_lose_a_little_too_much_one_in_twenty_is_taken_for_a_good_one(recall):
    """Losses of all or nothing at a rate just above what may be lost: the draws that four thousand queries take for sure."""
    rng, queries = np.random.default_rng(0), 4000

    def taken(rate: float, draws: int = 600) -> float:
        whole = rng.binomial(queries, rate, draws)
        return np.mean([sure((np.arange(queries) < lost).astype(float), recall) for lost in whole])

    assert taken(1.001 * (1 - recall)) < 0.06
    assert taken(0.5 * (1 - recall)) > (0.9 if recall < 0.995 else 0.1)


@pytest.mark.parametrize("recall", [0.7, 0.9, 0.97])
def test_a_plan_keeps_what_is_asked_of_queries_that_did_not_choose(recall):
    """A loss of all or nothing, one query in so many: too few queries are not taken for many."""
    tree, scorer, queries, _ = world()
    seen = [passed(tree, scorer, query, 30) for query in queries]
    for few in (seen[:10], seen):
        plan = choose(tree, few, recall)
        lost = np.array([1 - kept(of, plan) for of in few])
        assert sure(lost, recall - 1e-9) or not lost.any()
        looser = choose(tree, few * 100, recall)  # so many queries leave nearly no doubt
        assert np.mean([kept(of, looser) for of in few]) <= np.mean([kept(of, plan) for of in few])
        assert np.mean([kept(of, looser) for of in few]) >= recall


@pytest.mark.parametrize("recall", [0.0, 1.01, float("nan")])
def test_a_recall_that_is_no_share_is_refused(recall):
    tree, scorer, queries, _ = world(documents=30)
    with pytest.raises(TriescopeError, match="recall must be above 0"):
        choose(tree, [passed(tree, scorer, queries[0], 5)], recall)


def test_a_tree_of_one_level_has_nothing_to_narrow():
    tree, seen = trie.build(np.arange(5, dtype=np.int32)[:, None]), []
    scorer = CentroidScorer(tree, np.eye(6, dtype=np.float32), [])
    seen = [passed(tree, scorer, np.eye(6, dtype=np.float32)[2], 3)]
    assert choose(tree, seen, 0.9) == Plan()


@pytest.mark.parametrize("settings", [{"widths": "0"}, {"widths": "wide"}, {"below": "-1"}])
def test_what_is_no_plan_is_refused(settings):
    tree, scorer, queries, _ = world(documents=30)
    with pytest.raises(TriescopeError, match="narrowed: "):
        narrowed.run(narrowed.Search(tree, scorer, queries[0], 5, {"widths": "", "below": ""} | settings, 0, 1.0))
