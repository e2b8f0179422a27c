"""Kinds of queries: what each is like, how they are shared out, and what each retriever reaches on them."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation import evaluate
from engine.evaluation.groups import KINDS, MOST, buckets, features, groups
from engine.evaluation.measures import judged_share
from engine.evaluation.significance import interval
from engine.text.matched import stems

values = st.lists(st.integers(0, 12), min_size=1, max_size=40)


@given(values)
def test_every_query_is_in_one_group_and_no_value_in_two(of):
    found = buckets(of)
    assert sorted(np.concatenate([one.places for one in found]).tolist()) == list(range(len(of)))
    for one in found:
        inside = [of[place] for place in one.places]
        assert (min(inside), max(inside)) == (one.low, one.high)
    assert all(before.high < after.low for before, after in pairwise(found))
    assert len(found) <= MOST + (0 in of)
    assert all(one.high == 0 for one in found if one.low == 0)


@given(st.lists(st.integers(1, 1000), min_size=8, max_size=60, unique=True))
def test_groups_of_different_values_are_as_large_as_each_other_and_zeros_stand_apart(of):
    apart, *sizes = [len(one.places) for one in buckets([*of, *[0] * len(of)])]
    assert (apart, len(sizes)) == (len(of), MOST)
    assert max(sizes) - min(sizes) <= 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), min_size=2, max_size=30))
def test_the_mean_of_a_group_is_that_of_its_queries(both):
    of, worth = zip(*both, strict=True)
    found = groups({"length": of}, {"bm25": np.array(worth) / 4})
    assert bool(found) == (len(buckets(of)) > 1)
    for group, one in zip(found, buckets(of) if found else (), strict=True):
        inside = [value / 4 for length, value in both if one.low <= length <= one.high]
        assert group.queries == len(inside)
        assert group.means["bm25"] == interval(np.array(inside))
    assert sum(group.queries for group in found) in (0, len(both))


def test_what_a_query_is_like_is_counted_by_hand(opened):
    texts = [*opened.corpus.queries.values(), "zzz the of", "a war"]
    found = features(opened, texts, range(len(texts)))
    documents = [set(stems([document.searched_text()])[0]) for document in opened.documents]
    having = Counter(stem for one in documents for stem in one)
    assert list(found) == list(KINDS)
    assert found["rarest"] == [min((having[stem] for stem in stems([text])[0] if stem in having), default=0) for text in texts]
    assert found["length"][-2:] == [3, 2]
    assert found["relevant"] == list(range(len(texts)))


def test_an_evaluation_knows_its_queries_and_how_much_is_judged(opened):
    found = evaluate(opened, "dev", ["bm25", "dense"], runs={"other": {}})
    told = found.by_query()
    assert [len(of) for of in told["features"].values()] == [found.queries] * len(KINDS)
    assert told["features"]["relevant"] == [1] * found.queries
    for name in ("bm25", "dense"):
        shown = [(query, document) for query, of in found.runs[name].items() for document in of[:10]]
        judged = sum(document in found.qrels[query] for query, document in shown)
        assert found.judged[name] == pytest.approx(judged / len(shown))
    assert found.judged["other"] is None
    assert found.encode == ["dense"]
    assert "features" not in found.as_json()


def test_a_grade_of_zero_is_a_judgement():
    assert judged_share({"q": {"a": 0}}, {"q": ["a", "b"], "not asked": ["a"]}) == 0.5


def test_the_shell_tells_them(told, shell, small_build):
    value = told("evaluate", small_build, "--split", "dev", "-r", "bm25", "-r", "dense", "--groups")
    assert {group["kind"] for group in value["groups"]} <= set(KINDS)
    assert value["groups"]
    out = shell("evaluate", small_build, "--split", "dev", "-r", "bm25", "--groups")[1]
    assert "nDCG@10 by kind of query" in out
    assert f"{value['groups'][0]['label']:40} n {value['groups'][0]['queries']}" in out
    assert "Judged of the first ten: bm25 " in out
