"""Kinds of queries: what each is like, how they are shared out, and what each retriever reaches on them."""

from collections import Counter
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation import evaluate
from engine.evaluation.groups import KINDS, MOST, buckets, features, groups, named
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
    dev = opened.corpus.qrels["dev"]
    texts = dict(opened.corpus.queries) | {"log-7": "zzz the of qqq", "log-8": "a war"}
    qrels = dict(dev) | {"log-7": {"a": 1, "b": 0}, "log-8": {"a": 2}}
    found = features(opened, texts, qrels)
    documents = [set(stems([document.searched_text()])[0]) for document in opened.documents]
    having = Counter(stem for one in documents for stem in one)
    of_queries = [stems([texts[query]])[0] for query in qrels]
    assert found["rarest"] == [min((having[stem] for stem in of if stem in having), default=0) for of in of_queries]
    assert found["unknown"] == [sum(stem not in having for stem in of) for of in of_queries]
    assert found["length"][-2:] == [4, 2]
    assert found["unknown"][-2:] == [2, 0]
    assert found["relevant"][-2:] == [1, 1]
    assert "cold" not in found  # this build has no train split
    assert found["source"][-2:] == ["log-", "log-"]


def test_what_is_cold_is_what_no_train_query_finds(opened):
    corpus = opened.corpus._replace(qrels={"train": {"t1": {"a": 1, "b": 0}, "t2": {"c": 1}}, "test": {}})
    build = SimpleNamespace(corpus=corpus, retriever=opened.retriever)
    asked = {"q1": {"a": 1, "c": 2, "d": 1}, "q2": {"b": 1}, "odd": {"a": 0, "c": 1}}
    found = features(build, dict.fromkeys(asked, "a film"), asked)
    assert found["cold"] == [1, 1, 0]
    assert "source" not in found  # one id has no number
    assert "cold" not in features(build, {"t1": "a film"}, {"t1": {"a": 1}})  # train is asked itself


@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=40), st.integers(1, 4))
def test_the_most_frequent_sources_stand_by_themselves_and_the_rest_together(of, most):
    found = named(of, most)
    assert sorted(place for _, places in found for place in places) == list(range(len(of)))
    alone = [name for name, _ in found if name != "other"]
    assert len(alone) == min(most, len(set(of)))
    assert all({of[place] for place in places} == {name} for name, places in found if name != "other")
    left = set(of) - set(alone)
    assert max((of.count(name) for name in left), default=0) <= min(of.count(name) for name in alone)


def test_an_evaluation_knows_its_queries_and_how_much_is_judged(opened):
    found = evaluate(opened, "dev", ["bm25", "dense"], runs={"other": {}})
    told = found.by_query()
    assert {len(of) for of in told["features"].values()} == {found.queries}
    assert set(told["features"]) <= set(KINDS)
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
