"""Ranks and measures as ir-measures has them, ties broken the same way for all, and hybrids weighed on development alone."""

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.histories import Held, Histories
from engine.errors import TriescopeError
from engine.recommending import evaluated, hybrid
from engine.recommending.base import Ranked
from engine.recommending.judging import judge, measured, ranks
from engine.recommending.matrix import Recency
from engine.recommending.plain import Popularity, Semantic
from tests.engine.recommending.baskets import ITEMS, material


class Fixed:
    """Scores that are the same whoever asks."""

    name = "fixed"

    def __init__(self, table):
        self.table = np.asarray(table, np.float32)

    def scores(self, histories):
        return self.table[: histories.people]


@given(st.lists(st.tuples(st.lists(st.integers(0, 3), min_size=12, max_size=12), st.integers(0, 11)), min_size=1, max_size=5))
def test_measures_are_those_of_ir_measures(cases):
    table, targets = np.array([scores for scores, _ in cases]), np.array([target for _, target in cases], np.int32)
    held = Held(np.arange(len(cases), dtype=np.int32), Histories.of([[]] * len(cases)), targets)
    found = judge(Ranked(Fixed(table)), held).values
    qrels = {str(place): {str(target): 1} for place, target in enumerate(targets)}
    run = {}
    for place, scores in enumerate(table):
        order = np.lexsort((np.arange(12), -scores))
        run[str(place)] = {str(item): -float(rank) for rank, item in enumerate(order)}
    theirs = {"R@5": "R@5", "R@10": "R@10", "NDCG@5": "nDCG@5", "NDCG@10": "nDCG@10", "MRR": "RR@100"}
    for ours, name in theirs.items():
        for metric in ir_measures.iter_calc([ir_measures.parse_measure(name)], qrels, run):
            assert np.isclose(found[ours][int(metric.query_id)], metric.value), ours


def test_what_was_seen_takes_no_place_unless_it_may_come_again():
    held = Held(np.zeros(1, np.int32), Histories.of([[0, 1]]), np.array([2], np.int32))
    table = [[9.0, 8.0, 7.0, 1.0]]
    assert judge(Ranked(Fixed(table)), held).values["MRR"].tolist() == [1.0]
    assert judge(Ranked(Fixed(table)), held, seen=True).values["MRR"].tolist() == [1 / 3]


def test_an_item_that_is_not_in_the_list_counts_as_missed():
    assert measured(ranks(np.array([[4, -1]]), np.array([5])))["MRR"].tolist() == [0.0]


def test_a_hybrid_is_weighed_on_development_and_takes_the_better_member():
    of = material(200)
    members = [Popularity(np.arange(ITEMS)[::-1].astype(float)), Semantic(of.embeddings, Recency())]
    found = hybrid.weigh(members, of.split.dev)
    reached = {}
    for tenth in range(1, 10):
        fused = hybrid.Fused(members, (tenth / 10, 1 - tenth / 10))
        reached[tenth] = judge(Ranked(fused), of.split.dev).values["NDCG@10"].mean()
    assert found.questions == len(of.split.dev.targets)
    assert found.weights[0] == max(reached, key=reached.get) / 10
    assert np.isclose(found.reached, max(reached.values()))
    with pytest.raises(TriescopeError, match="2 to 3 members"):
        hybrid.weigh(members[:1], of.split.dev)
    with pytest.raises(TriescopeError, match="chooses its weights on development"):
        hybrid.weigh(members, of.split.dev.pick(slice(0, 0)))


def test_several_are_judged_on_the_same_questions():
    of = material(200)
    popularity = np.bincount(of.split.train.items, minlength=ITEMS)
    both = {"popularity": Ranked(Popularity(popularity)), "knn": Ranked(Semantic(of.embeddings, Recency()))}
    found = evaluated.evaluate(both, of.split.test, popularity, of.embeddings)
    assert [one.name for one in found] == ["popularity", "knn"]
    assert found[0].ahead is None
    assert found[1].ahead.mean == pytest.approx(found[1].means["NDCG@10"].mean - found[0].means["NDCG@10"].mean)
    for one in found:
        assert sum(group.questions for group in one.groups) == len(of.split.test.targets)
        weighed = sum(group.questions * group.values["R@10"] for group in one.groups) / len(of.split.test.targets)
        assert weighed == pytest.approx(one.means["R@10"].mean)
    assert found[0].shown.popularity > found[1].shown.popularity
    gain = judge(both[found[1].name], of.split.test).values["NDCG@10"]
    taken = [popularity[target] for target in of.split.test.targets]
    weighed = sum(one / (times + 1) ** 0.5 for one, times in zip(gain, taken, strict=True))
    fair = found[1].fair
    assert fair.mean == pytest.approx(weighed / sum(1 / (times + 1) ** 0.5 for times in taken))
    assert fair.low < fair.mean < fair.high
    assert found[1].as_json()["fair"] == fair.mean
    lines = evaluated.lines(found)
    assert [line.split()[0] for line in lines] == ["popularity", "knn", "R@10", "popularity", "knn"]
