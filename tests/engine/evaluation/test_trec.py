"""Runs and judgements of TREC: read as ir-measures reads them, written so that it reads what we found."""

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TriescopeError
from engine.evaluation import MEASURES, evaluate, measure, parse
from engine.evaluation.trec import read_run, tag_of, write_qrels, write_run

names = st.sampled_from(["d1", "d2", "d10", "D", "é"])
# Different scores: of equal ones the parts of ir-measures put now the first and now the last in front.
scored = st.dictionaries(names, st.integers(-9, 9), min_size=1).filter(lambda of: len(set(of.values())) == len(of))
runs = st.dictionaries(st.sampled_from(["q1", "q2"]), scored, min_size=1)


@given(runs, st.dictionaries(names, st.integers(0, 2), min_size=1))
def test_a_run_of_another_system_gives_the_figures_that_ir_measures_gives(tmp_path_factory, run, grades):
    path = tmp_path_factory.mktemp("run") / "other.trec"
    lines = [f"{q} Q0 {d} {place} {score / 2} other\n" for q, of in run.items() for place, (d, score) in enumerate(of.items())]
    path.write_text("".join(lines), "utf-8")
    qrels = {"q1": grades, "q2": grades}
    found = measure(qrels, read_run(path), [*MEASURES, "AP@100", "Judged@10"])
    theirs = list(ir_measures.read_trec_run(str(path)))
    asked = [ir_measures.ScoredDoc(one.query_id, one.doc_id, one.score) for one in theirs]
    judged = [ir_measures.Qrel(q, d, grade) for q, of in qrels.items() for d, grade in of.items()]
    for name, of_queries in found.items():
        expected = {one.query_id: one.value for one in ir_measures.iter_calc([parse(name)], judged, asked)}
        assert of_queries.tolist() == pytest.approx([expected.get(query, 0.0) for query in qrels], abs=1e-6), name


def test_what_is_written_is_read_as_it_was(tmp_path):
    run = {"q1": ["b", "a", "c"], "q2": [], "q3": ["z"]}
    write_run(tmp_path / "a.trec", run, "generative:node")
    assert read_run(tmp_path / "a.trec") == {"q1": ["b", "a", "c"], "q3": ["z"]}
    write_qrels(tmp_path / "q.txt", {"q1": {"a": 2, "b": 0}})
    assert [tuple(one)[:3] for one in ir_measures.read_trec_qrels(str(tmp_path / "q.txt"))] == [("q1", "a", 2), ("q1", "b", 0)]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("q1 Q0 d1 1 2.0", "line 2: 5 columns"),
        ("q1 Q0 d1 1 two tag", "line 2: the score 'two' is no number"),
        ("q1 Q0 d1 1 nan tag", "line 2: the score 'nan' is no number"),
        ("q1 Q0 d0 1 2.0 tag", "line 2: document 'd0' stands twice in query 'q1'"),
    ],
)
def test_a_line_that_is_none_of_a_run_is_named(tmp_path, line, told):
    (tmp_path / "a.trec").write_text(f"q1 Q0 d0 1 3.0 tag\n{line}\n", "utf-8")
    with pytest.raises(TriescopeError, match=told):
        read_run(tmp_path / "a.trec")
    with pytest.raises(TriescopeError, match="No such file"):
        read_run(tmp_path / "none.trec")
    (tmp_path / "b.trec").write_bytes(b"\xff")
    with pytest.raises(TriescopeError, match="not UTF-8"):
        read_run(tmp_path / "b.trec")


def test_equal_scores_stand_as_trec_eval_puts_them(tmp_path):
    (tmp_path / "a.trec").write_text("".join(f"q Q0 {d} 1 {s} x\n" for d, s in (("b", 1), ("a", 2), ("c", 1))), "utf-8")
    assert read_run(tmp_path / "a.trec") == {"q": ["a", "c", "b"]}


def test_an_id_with_a_space_cannot_be_written(tmp_path):
    with pytest.raises(TriescopeError, match="has a space"):
        write_run(tmp_path / "a.trec", {"q 1": ["a"]}, "x")
    assert tag_of("../a b") == "..-a-b"


def test_a_run_stands_beside_ours_and_what_it_lacks_counts_as_zero(opened):
    own = evaluate(opened, "test", ["dense"])
    half = dict(list(own.runs["dense"].items())[:3])
    found = evaluate(opened, "test", ["dense"], runs={"same": own.runs["dense"], "half": half, "none": {"elsewhere": ["x"]}})
    assert list(found.retrievers) == ["dense", "same", "half", "none"]
    assert found.retrievers["same"].measures == found.retrievers["dense"].measures
    assert found.retrievers["same"].latency_ms is None
    per_query = measure(opened.corpus.qrels["test"], half)["nDCG@10"]
    assert (per_query[3:] == 0).all()
    assert found.retrievers["half"].measures["nDCG@10"].mean == pytest.approx(per_query.mean())
    assert found.retrievers["none"].measures["nDCG@10"].mean == 0
    assert (found.retrievers["half"].shorter, found.retrievers["none"].shorter, found.retrievers["dense"].shorter) == (3, 6, 0)
    pair = next(pair for pair in found.pairs["nDCG@10"] if (pair.ours, pair.theirs) == ("dense", "none"))
    assert pair.wins == int((measure(opened.corpus.qrels["test"], own.runs["dense"])["nDCG@10"] > 0).sum())
    with pytest.raises(TriescopeError, match="dense: a run and a retriever of one name"):
        evaluate(opened, "test", ["dense"], runs={"dense": half})


def test_a_list_that_ends_before_the_deepest_measure_is_counted(opened):
    found = evaluate(opened, "test", ["generative", "bm25"], beams=5, measures=["nDCG@10", "Recall@50"])
    assert found.deepest == 50
    assert found.retrievers["generative"].shorter == 6
    assert found.as_json()["shorter"]["generative"] == 6


@pytest.mark.parametrize("p", [0.5, 0.8])
def test_rank_biased_precision_is_that_of_a_reader_who_goes_on(p):
    rng, ranked = np.random.default_rng(0), [f"d{place}" for place in range(20)]
    grades = {name: int(rng.integers(0, 3)) for name in ranked}
    found = measure({"q": grades, "r": grades}, {"q": ranked}, [f"RBP(p={p})", f"RBP(p={p},rel=2)", f"RBP(p={p})@5"])
    for name, least, cut in ((f"RBP(p={p})", 1, 20), (f"RBP(p={p},rel=2)", 2, 20), (f"RBP(p={p})@5", 1, 5)):
        by_hand = sum((1 - p) * p**place for place, name in enumerate(ranked[:cut]) if grades[name] >= least)
        assert found[name].tolist() == pytest.approx([by_hand, 0.0])


@pytest.mark.parametrize("text", ["RBP(p=0.99)", "alpha_nDCG@10", "RBP(p=1)"])
def test_what_needs_more_than_is_looked_at_or_another_package_is_refused(text):
    with pytest.raises(TriescopeError, match=r"cannot be computed here|name a cut-off|is not a measure"):
        parse(text)


def test_the_shell_saves_what_was_found_and_sets_it_beside_itself(opened, told, tmp_path):
    paths = {"--save-runs": tmp_path / "runs", "--latex": tmp_path / "t.tex", "--csv": tmp_path / "t.csv"}
    told("evaluate", opened.folder, "-r", "dense", "-r", "bm25+dense", *[part for pair in paths.items() for part in pair])
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"dense.trec", "bm25+dense.trec", "qrels-test.txt"}
    (tmp_path / "runs" / "dense.trec").rename(tmp_path / "theirs.trec")
    value = told("evaluate", opened.folder, "-r", "dense", "--run", tmp_path / "theirs.trec")
    figures = {name: {m: of for m, of in row.items() if m != "latency_ms"} for name, row in value["retrievers"].items()}
    assert figures["theirs"] == figures["dense"]
    (pair,) = value["pairs"]["nDCG@10"]
    assert (pair["ours"], pair["theirs"], pair["wins"], pair["losses"], pair["p"]) == ("dense", "theirs", 0, 0, 1)
    judged = {(q, d): g for q, of in opened.corpus.qrels["test"].items() for d, g in of.items()}
    saved = ir_measures.read_trec_qrels(str(tmp_path / "runs" / "qrels-test.txt"))
    assert {(one.query_id, one.doc_id): one.relevance for one in saved} == judged
    assert told("evaluate", opened.folder, "-r", "bm25", "--filter", "year > 1990", "--save-runs", tmp_path / "some")["filtered"]
    some = {(one.query_id, one.doc_id) for one in ir_measures.read_trec_qrels(str(tmp_path / "some" / "qrels-test.txt"))}
    passing = {document.id for document in opened.corpus.documents if document.metadata["year"] > 1990}
    assert some == {(q, d) for q, d in judged if d in passing}  # as they counted
    assert (tmp_path / "t.tex").read_text("utf-8").startswith(r"\begin{tabular}")
    assert (tmp_path / "t.csv").read_text("utf-8").count("\n") == 1 + 2 * 5 + 5
