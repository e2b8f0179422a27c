import math

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TriescopeError
from engine.evaluation import MEASURES, Interval, evaluate, interval, measure

QRELS = """\
q1 0 a 2
q1 0 b 1
q1 0 c 0
q2 0 d 1
q3 0 a 1
q3 0 e 3
q4 0 b 1
"""
RUN = """\
q1 Q0 x 1 9.0 tag
q1 Q0 a 2 8.0 tag
q1 Q0 c 3 7.0 tag
q1 Q0 b 4 6.0 tag
q3 Q0 e 1 5.0 tag
q3 Q0 y 2 4.0 tag
q4 Q0 x 1 3.0 tag
"""


def fixture():
    """The TREC files above as the engine has them: qrels, and ids best first; q2 has no results."""
    qrels, run = {}, {}
    for query, _, document, grade in map(str.split, QRELS.splitlines()):
        qrels.setdefault(query, {})[document] = int(grade)
    for query, _, document, *_ in map(str.split, RUN.splitlines()):
        run.setdefault(query, []).append(document)
    return qrels, run


def test_every_measure_is_what_ir_measures_says_of_the_trec_files():
    values = measure(*fixture())
    parsed = [list(ir_measures.read_trec_qrels(QRELS)), list(ir_measures.read_trec_run(RUN))]
    for name, known in MEASURES.items():
        by_query = {metric.query_id: metric.value for metric in ir_measures.iter_calc([known], *parsed)}
        assert values[name].tolist() == pytest.approx([by_query.get(query, 0) for query in ("q1", "q2", "q3", "q4")])
        assert values[name].mean() == pytest.approx(ir_measures.calc_aggregate([known], *parsed)[known])


def test_the_measures_of_a_query_worked_out_by_hand():
    values = measure({"q": {"a": 2, "b": 1}}, {"q": ["x", "a", "c", "b"]})
    gained, ideal = 2 / math.log2(3) + 1 / math.log2(5), 2 / math.log2(2) + 1 / math.log2(3)
    assert {name: of_queries[0] for name, of_queries in values.items()} == pytest.approx(
        {"nDCG@10": gained / ideal, "Recall@10": 1, "Recall@100": 1, "MRR@10": 1 / 2, "Hit@1": 0}
    )


def test_measures_look_no_deeper_than_they_say():
    ranked = [f"x{place}" for place in range(10)] + ["a"]
    values = measure({"q": {"a": 1}}, {"q": ranked})
    assert {name: of_queries[0] for name, of_queries in values.items()} == pytest.approx(
        {"nDCG@10": 0, "Recall@10": 0, "Recall@100": 1, "MRR@10": 0, "Hit@1": 0}
    )


def test_a_query_without_results_counts_as_zero():
    values = measure({"q": {"a": 1}, "r": {"a": 1}, "s": {"a": 1}}, {"q": ["a"], "r": []})
    assert all(of_queries.tolist() == [1, 0, 0] for of_queries in values.values())
    assert all(of_queries.tolist() == [0] for of_queries in measure({"q": {"a": 1}}, {}).values())


def test_a_query_judged_without_anything_relevant_counts_as_zero():
    assert all(
        of_queries.tolist() == [0, 1] for of_queries in measure({"q": {"a": 0}, "r": {"a": 1}}, {"q": "a", "r": "a"}).values()
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


def test_retrievers_are_evaluated_on_the_queries_of_a_split(opened):
    result = evaluate(opened, "test", ["bm25", "dense", "generative", "hybrid"])
    judged = opened.corpus.qrels["test"]
    assert (result["split"], result["queries"], result["corpus"]) == ("test", len(judged), "sixty")
    for name, row in result["retrievers"].items():
        run = {query: [hit.id for hit in opened.search(opened.corpus.queries[query], name, 100)[0]] for query in judged}
        for measured, values in measure(judged, run).items():
            assert row[measured]["mean"] == pytest.approx(values.mean())
            assert row[measured]["low"] <= row[measured]["mean"] <= row[measured]["high"]
        assert 0 < row["latency_ms"]["p50"] <= row["latency_ms"]["p95"]


def test_keyword_search_is_evaluated_without_encoding_a_query(opened):
    assert evaluate(opened, "dev", ["bm25"])["encoding_ms"] == {"p50": 0, "p95": 0}


def test_an_unknown_split_is_said_with_those_that_are_there(opened):
    with pytest.raises(TriescopeError, match="sixty has no judged queries in split 'train'; it has dev, test"):
        evaluate(opened, "train", ["bm25"])


def test_an_unknown_retriever_is_said_with_those_that_are_there(opened):
    with pytest.raises(TriescopeError, match="unknown retriever 'tfidf'; there are bm25, dense, dense-hnsw, generative, hybrid"):
        evaluate(opened, "test", ["tfidf"])
