"""The study: every scheme measured on one build, kept beside it, and read back."""

import json
import shutil

import numpy as np
import pytest

from engine import evaluation, identifiers, trie
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.errors import TriescopeError
from engine.retrievers import Queries
from engine.studies import schemes as study
from engine.studies.found import Study, told
from engine.text import embed

NAMES = ("rq-kmeans", "category", "random", "url")


@pytest.fixture(scope="module")
def copied(small_corpus, tmp_path_factory) -> Build:
    """A build by the defaults, which are the study's."""
    return Build(make(small_corpus, BuildSpec(), tmp_path_factory.mktemp("studied") / "builds" / "sixty"))


@pytest.fixture(scope="module")
def found(copied) -> Study:
    return study.run(copied, NAMES)


def test_every_scheme_asked_for_is_there_or_says_why_not(found):
    assert tuple(found.schemes) == NAMES
    assert "no URL or path column" in found.schemes["url"].error
    assert all(row.report for name, row in found.schemes.items() if name != "url")


def test_it_is_kept_beside_the_build_which_does_not_change(copied, found):
    assert study.read(Build(copied.folder)) == found
    assert study.study_folder(copied).parent == copied.folder.parent / ".studies"
    assert not list(copied.folder.glob("stud*"))


def test_identifiers_are_those_that_a_build_would_get(copied, found):
    fitted = study.read_identifiers(copied, "rq-kmeans")
    again = identifiers.fit("rq-kmeans", np.asarray(copied.embeddings), {}, 0, copied.corpus.documents)
    assert (fitted.codes == again.codes).all()
    assert found.schemes["rq-kmeans"].vocabulary == list(again.vocabulary)
    assert found.schemes["rq-kmeans"].trie_nodes == len(trie.build(again.codes).code)


@pytest.mark.parametrize("beams", [1, 2, 100])
def test_quality_is_that_of_generative_search_over_such_a_build(small_corpus, tmp_path, monkeypatch, beams):
    """On random identifiers, where a narrow beam makes mistakes even on sixty films."""
    monkeypatch.setattr(study, "NARROW", beams)
    dealt = Build(make(small_corpus, BuildSpec(scheme="random"), tmp_path / "dealt"))
    qrels = dealt.corpus.qrels["test"]
    texts = [dealt.corpus.queries[query] for query in qrels]
    rows = (
        dealt.retriever("generative", beams)
        .search(Queries(texts, embed.embed(texts, dealt.model, role="query")), evaluation.DEPTH)
        .rows
    )
    ids = [document.id for document in dealt.corpus.documents]
    run = {query: [ids[place] for place in places if place >= 0] for query, places in zip(qrels, rows, strict=True)}
    values = evaluation.measure(qrels, run)
    quality = study.run(dealt, ["random"], split="test").schemes["random"].quality
    if beams == study.BEAMS:
        assert {name: row.mean for name, row in quality.items()} == {
            name: pytest.approx(float(np.mean(values[name]))) for name in study.MEASURES
        }
    else:
        assert quality[f"nDCG@10, beam {beams}"].mean == pytest.approx(float(np.mean(values["nDCG@10"])))
        assert np.mean(values["nDCG@10"]) < quality["nDCG@10"].mean


def test_agreement_is_given_once_a_pair(found):
    assert {(pair.a, pair.b) for pair in found.nmi} == {
        ("rq-kmeans", "category"),
        ("rq-kmeans", "random"),
        ("category", "random"),
    }


def test_without_judged_queries_quality_is_left_out(copied):
    told = []
    again = study.run(copied, ["random"], split="nosuch", report_progress=lambda *given: told.append(given))
    assert again.queries == 0
    assert again.schemes["random"].quality == {}
    assert again.best is None
    assert told == [("random", 0, 1), ("done", 1, 1)]
    study.run(copied, NAMES)  # what the other tests read


def test_what_is_wrong_is_said(copied, found):
    with pytest.raises(TriescopeError, match="unknown identifier scheme"):
        study.run(copied, ["nosuch"])
    with pytest.raises(TriescopeError, match="no identifiers by"):
        study.read_identifiers(copied, "../../etc/passwd")
    with pytest.raises(TriescopeError, match="no identifiers by"):
        study.read_identifiers(copied, "url")


def test_a_damaged_study_is_said(copied, found, tmp_path):
    other = Build(shutil.copytree(copied.folder, tmp_path / "builds" / "sixty"))
    assert study.read(other) is None
    folder = study.study_folder(other)
    folder.mkdir(parents=True)
    kept = found.as_json()
    random = kept["schemes"]["random"]
    no_verdict = random | {"report": {key: value for key, value in random["report"].items() if key != "verdict"}}
    neither = {key: value for key, value in random.items() if key != "report"}
    damaged = [json.dumps(kept | {"schemes": {"random": row}}) for row in (no_verdict, neither)]
    for content in ("{", *damaged):
        (folder / "study.json").write_text(content, "utf-8")
        with pytest.raises(TriescopeError, match="the study is damaged; run it again"):
            study.read(other)


def test_the_best_is_chosen_on_dev_and_only_judged_on_test(copied, found):
    quality = {name: row.quality[study.narrow()].mean for name, row in found.schemes.items() if row.quality}
    best = max((name for name in quality if name not in study.CONTROLS), key=lambda name: quality[name])
    assert (found.split, found.queries) == ("dev", len(copied.corpus.qrels["dev"]))
    assert (found.best.scheme, found.best.split, found.best.queries) == (best, "test", len(copied.corpus.qrels["test"]))
    assert "which chose nothing" in told(found.best)
    # Where test queries ask for what nobody finds, nothing that is chosen changes.
    other = Build(copied.folder)
    other.corpus.qrels["test"] = {query: {"gone": 1} for query in other.corpus.qrels["test"]}
    again = study.run(other, NAMES)
    assert {name: row.quality for name, row in again.schemes.items()} == {n: row.quality for n, row in found.schemes.items()}
    assert again.best.scheme == best
    assert {of.mean for of in again.best.quality.values()} == {0.0}
    assert {of.mean for of in found.best.quality.values()} != {0.0}


def test_what_is_chosen_on_the_test_split_has_nothing_left_to_judge_it(copied):
    on_test = study.run(copied, NAMES, split="test")
    assert (on_test.best.split, on_test.best.quality) == ("", {})
    assert "flatters it" in told(on_test.best)
    study.run(copied, NAMES)  # what the other tests read


def test_every_other_scheme_has_its_difference_to_the_best(found):
    others = {name: row for name, row in found.schemes.items() if row.quality and name != found.best.scheme}
    best = found.schemes[found.best.scheme]
    assert best.behind is None
    for row in others.values():
        assert row.behind.mean == pytest.approx(row.quality[study.narrow()].mean - best.quality[study.narrow()].mean)
        assert row.behind.low <= row.behind.mean <= row.behind.high
        assert row.behind.p <= row.behind.holm


def test_a_control_is_never_the_best(copied):
    alone = study.run(copied, ["random"])
    assert alone.best is None
    assert alone.schemes["random"].quality
    study.run(copied, NAMES)  # what the other tests read


def test_as_plain_values_it_has_the_keys_that_scripts_read(found):
    told = found.as_json()
    assert set(told["schemes"]["url"]) == {"error"}
    assert {"vocabulary", "fit_seconds", "trie_bytes", "trie_nodes", "report", "quality"} <= set(told["schemes"]["random"])
    assert set(told["schemes"]["random"]["quality"]["nDCG@10"]) == {"mean", "low", "high"}
    assert set(told["nmi"][0]) == {"a", "b", "nmi"}
