"""What is measured: values a query each, and the run that they are of."""

import math

import ir_measures
import numpy as np
import pytest

from engine.errors import TriescopeError
from engine.evaluation import DEPTH, MEASURES, depth_for, measure, parse, run_of

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
    for name in MEASURES:
        known = parse(name)
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


def test_the_usual_measures_are_those_that_everybody_means():
    usual = {"nDCG@10": ir_measures.nDCG @ 10, "Recall@10": ir_measures.R @ 10, "Recall@100": ir_measures.R @ 100}
    usual |= {"MRR@10": ir_measures.RR @ 10, "Hit@1": ir_measures.Success @ 1}
    assert {name: parse(name) for name in MEASURES} == usual


def test_a_measure_is_named_as_it_was_written_and_two_names_of_one_are_both_there():
    values = measure({"q": {"a": 1}}, {"q": ["x", "a"]}, ["Success@2", " Hit@2", "MRR(rel=2)@3"])
    assert list(values) == ["Success@2", " Hit@2", "MRR(rel=2)@3"]
    assert values["Success@2"].tolist() == values[" Hit@2"].tolist() == [1]
    assert values["MRR(rel=2)@3"].tolist() == [0]


@pytest.mark.parametrize("text", ["", "nDCG", "nDCG@0", "nDCG@101", "nDCG@ten", "luck@10", "__import__('os')@10", "MAP", "@10"])
def test_what_is_no_measure_is_refused_in_a_line(text):
    with pytest.raises(TriescopeError, match=r"measure; write one like|name a cut-off from 1 to 100"):
        parse(text)


def test_a_run_holds_the_documents_in_order_and_never_the_querys_own():
    ids = [f"d{row}" for row in range(DEPTH + 2)]
    rows = np.arange(DEPTH + 2)
    run = run_of(["d1", "q", "r"], [rows[: depth_for(["d1", "q", "r"], ids)], rows, np.array([-1, 5, -1])], ids)
    assert run["d1"] == [ids[0], *ids[2 : DEPTH + 1]]
    assert run["q"] == ids[:DEPTH]
    assert run["r"] == ["d5"]
    assert len(run["d1"]) == DEPTH
    assert depth_for(["q"], ids) == DEPTH


def test_all_documents_of_a_shared_identifier_take_their_own_ranks():
    """A hit on an identifier that three documents share is no hit for all of them at its rank."""
    values = measure({"q": {"c": 1}}, run_of(["q"], [np.array([0, 1, 2])], ["a", "b", "c"]))
    assert values["Hit@1"][0] == 0
    assert values["MRR@10"][0] == pytest.approx(1 / 3)
