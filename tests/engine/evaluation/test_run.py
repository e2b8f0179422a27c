"""Retrievers on judged queries: what they are measured on, and how they are compared."""

import json

import pytest

from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.errors import TriescopeError
from engine.evaluation import difference, evaluate, holm, measure, run
from engine.retrievers import RETRIEVERS
from engine.text import embed


def test_retrievers_are_evaluated_on_the_queries_of_a_split(opened):
    result = evaluate(opened, "test", ["bm25", "dense", "generative", "hybrid"])
    judged = opened.corpus.qrels["test"]
    assert (result.split, result.queries, result.corpus) == ("test", len(judged), "sixty")
    for name, row in result.retrievers.items():
        run = {query: [hit.id for hit in opened.search(opened.corpus.queries[query], name, 100)[0]] for query in judged}
        for measured, values in measure(judged, run).items():
            assert row.measures[measured].mean == pytest.approx(values.mean())
            assert row.measures[measured].low <= row.measures[measured].mean <= row.measures[measured].high
        assert 0 < row.latency_ms.p50 <= row.latency_ms.p95


def test_keyword_search_is_evaluated_without_encoding_a_query(opened):
    assert evaluate(opened, "dev", ["bm25"]).encoding_ms == (0, 0)


def test_latency_is_measured_on_a_sample_that_goes_from_the_first_query_to_the_last(opened, monkeypatch):
    assert (evaluate(opened, "test", ["bm25"]).timed, run.spread_over(1), run.spread_over(100)) == (6, [0], list(range(100)))
    assert (len(run.spread_over(12_345)), run.spread_over(12_345)[0], run.spread_over(12_345)[-1]) == (run.TIMED, 0, 12_344)
    asked = []
    monkeypatch.setattr(run, "TIMED", 2)
    monkeypatch.setattr(embed, "query_way", lambda model: asked.append)
    found = evaluate(opened, "test", ["dense"])
    texts = [opened.corpus.queries[query] for query in opened.corpus.qrels["test"]]
    assert (found.timed, asked) == (2, [[texts[0]], [texts[0]], [texts[-1]]])  # the first warms
    assert found.queries == len(texts)


@pytest.mark.parametrize("scores", [1, 120, 1 << 25])
def test_however_many_queries_a_batch_has_the_figures_are_the_same(opened, monkeypatch, scores):
    whole = evaluate(opened, "test", ["dense", "generative"]).retrievers
    monkeypatch.setattr(run, "SCORES", scores)
    found = evaluate(opened, "test", ["dense", "generative"]).retrievers
    assert {name: row.measures for name, row in found.items()} == {name: row.measures for name, row in whole.items()}


def test_an_unknown_split_is_said_with_those_that_are_there(opened):
    with pytest.raises(TriescopeError, match="sixty has no judged queries in split 'train'; it has dev, test"):
        evaluate(opened, "train", ["bm25"])


def test_an_unknown_retriever_is_said_with_those_that_are_there(opened):
    with pytest.raises(TriescopeError, match=f"unknown retriever 'tfi'; there are {', '.join(RETRIEVERS)}"):
        evaluate(opened, "test", ["tfi"])


def values_of(opened, split, name, beams):
    judged = opened.corpus.qrels[split]
    run = {query: [hit.id for hit in opened.search(opened.corpus.queries[query], name, 100, beams)[0]] for query in judged}
    return measure(judged, run)


def test_every_other_is_compared_with_one_query_by_query(opened):
    names = ["bm25", "generative", "dense"]
    found = evaluate(opened, "dev", names, beams=2, against="dense")
    assert (list(found.retrievers), list(found.differences)) == (names, ["bm25", "generative"])
    values = {name: values_of(opened, "dev", name, 2) for name in names}
    for one in ("nDCG@10", "Hit@1"):
        expected = {name: difference(values[name][one], values["dense"][one]) for name in found.differences}
        corrected = holm([of.p for of in expected.values()])
        for (name, of), p in zip(expected.items(), corrected, strict=True):
            assert found.differences[name][one] == of._replace(holm=p)


def test_it_is_compared_with_the_first_unless_told_and_with_one_that_is_not_shown(opened):
    assert evaluate(opened, "dev", ["dense", "bm25"]).against == "dense"
    found = evaluate(opened, "dev", ["bm25"], against="dense", measures=["Hit@3"])
    assert (list(found.retrievers), list(found.retrievers["bm25"].measures)) == (["bm25"], ["Hit@3"])
    assert list(found.differences) == ["bm25"]
    assert evaluate(opened, "dev", ["bm25"]).differences == {}


def test_as_plain_values_it_has_the_keys_that_scripts_read(opened):
    found = json.loads(json.dumps(evaluate(opened, "dev", ["bm25", "dense"]).as_json(), allow_nan=False))
    assert set(found["retrievers"]["dense"]) == {"nDCG@10", "Recall@10", "Recall@100", "MRR@10", "Hit@1", "latency_ms"}
    assert set(found["retrievers"]["dense"]["nDCG@10"]) == {"mean", "low", "high"}
    assert set(found["differences"]["dense"]["nDCG@10"]) == {"mean", "low", "high", "p", "holm"}
    assert set(found["encoding_ms"]) == {"p50", "p95"}
    assert found["coverage"] == {"judged": 6, "missing": 0, "queries": 6, "unanswerable": 0}


TOPICS = ("school uniforms", "nuclear power", "zoos", "homework", "space travel", "electric cars")


def counter_arguments(tmp_path):
    """ArguAna's shape: every query is a document, under the same id, and is answered by another one."""
    documents, queries, judged = [], {}, {}
    for number, topic in enumerate(TOPICS):
        queries[f"a{number}"] = f"{topic.capitalize()} deserve support because they help most people and cost little."
        documents.append(Document(f"a{number}", topic, queries[f"a{number}"], {}))
        documents.append(Document(f"b{number}", topic, f"Critics answer that {topic} cost more than they give back.", {}))
        judged[f"a{number}"] = {f"b{number}": 1}
    return Build(make(Corpus("counter", documents, queries, {"test": judged}, []), BuildSpec(scheme="atomic"), tmp_path / "out"))


def test_a_query_that_is_a_document_does_not_find_itself(tmp_path):
    found = evaluate(counter_arguments(tmp_path), "test", ["dense"])
    assert found.left_out == len(TOPICS)
    assert found.retrievers["dense"].measures["Hit@1"].mean == 1
    assert found.retrievers["dense"].measures["MRR@10"].mean == 1


def test_judgements_of_documents_that_are_not_there_are_counted_and_said(tmp_path, shell, told):
    documents = [Document(f"d{number}-0", topic, topic, {}) for number, topic in enumerate(TOPICS)]
    corpus = Corpus(
        "chunks", documents, {"q": "a school", "r": "a zoo"}, {"test": {"q": {"d0": 1}, "r": {"d2": 1, "d2-0": 0}}}, []
    )
    folder = make(corpus, BuildSpec(scheme="atomic"), tmp_path / "out")
    amiss = "2 of 3 judged documents are not in the corpus; 2 of 2 queries have no relevant document in it and count as 0"
    assert amiss in shell("evaluate", folder, "-r", "dense")[1]
    assert told("evaluate", folder, "-r", "dense")["coverage"]["unanswerable"] == 2


def test_the_shell_shows_differences_with_the_correction(opened, shell):
    code, out, _ = shell(
        "evaluate", opened.folder, "--split", "dev", "-r", "bm25", "-r", "dense", "-r", "generative", "--beams", 2, "-m", "MRR@5"
    )
    assert code == 0
    assert "MRR@5, differences, 95% interval, paired test; p corrected for 3 comparisons (Holm)" in out
    assert "bm25 less generative: " in out
    assert shell("evaluate", opened.folder, "-r", "dense", "-m", "luck@5")[0] == 2
