"""Which queries a training chooses and judges by, and when its scorer becomes the default by itself."""

import json
import shutil

import numpy as np
import pytest

from engine.builds import runs
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.builds.trained import head_start, rests_on, verdict
from engine.data.corpus import Corpus, Document
from engine.data.halves import FEWEST, halves
from engine.errors import TriescopeError
from engine.evaluation import evaluate
from engine.training import dev, dev_queries
from engine.training import train as training
from engine.training.material import choose
from engine.training.source import open_source
from engine.training.spec import TrainSpec, complete
from engine.training.train import train

SPEC = TrainSpec(steps=4, evaluate_every=2, batch=16, beams=5, average=0, losses={"soft": 0.0, "next_code": 1.0})
FIGURE = {"mean": 0.1, "low": 0.05, "high": 0.15}
SURE = {"mean": 0.1, "low": 0.05, "high": 0.15, "p": 0.001, "holm": 0.001}


@pytest.fixture(scope="module")
def watched_training(small_corpus, tmp_path_factory, home):
    """Sixty films, each asked for by its first words, 20 in train and 40 in dev; a training on them, and the ids that were judged
    at each look and tuned on. Not to be changed."""
    queries = {f"q{row}": " ".join(document.text.split()[:8]) for row, document in enumerate(small_corpus.documents)}
    ids = [document.id for document in small_corpus.documents]
    split = {"train": range(20), "dev": range(20, 60)}
    qrels = {name: {f"q{row}": {ids[row]: 1} for row in rows} for name, rows in split.items()}
    looked, tuned = [], []
    judge, tuning = dev.judge, training._tuning
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(home))
        patch.setattr(dev, "judge", lambda source, asked, rows: looked.append(asked.ids) or judge(source, asked, rows))
        patch.setattr(training, "_tuning", lambda source, made, by: tuned.append(made.dev.ids) or tuning(source, made, by))
        corpus = Corpus("asked", small_corpus.documents, queries, qrels, [])
        folder = make(corpus, BuildSpec(settings={"codes": 4}), tmp_path_factory.mktemp("asked") / "asked")
        return folder, train(folder, SPEC), looked, tuned


@pytest.fixture
def folder(watched_training, tmp_path):
    """The trained build, the test's own to change."""
    return shutil.copytree(watched_training[0], tmp_path / "asked")


def change(folder, labelled=True, **dev_changes):
    """Let the stored run be better on average, with some changes to its figures."""
    path = runs.folder_of(folder, "node") / "run.json"
    run = json.loads(path.read_text("utf-8"))
    changed = {"labelled": labelled, "beats_centroid": True, "dev": run["dev"] | {"difference": SURE} | dev_changes}
    path.write_text(json.dumps(run | changed), "utf-8")


def test_the_judging_half_is_looked_at_once_at_the_end_and_chosen_on_by_nothing(watched_training):
    folder, run, looked, tuned = watched_training
    half = halves(f"q{row}" for row in range(20, 60))
    assert (len(half.choosing), len(half.judging)) == (20, 20)
    # What stands beside it (the centroid scorer, keyword and vector search, moved documents), three evaluations; then, once, all.
    assert looked == [half.choosing] * 7 + [half.judging] * 5
    assert tuned == [half.choosing]
    assert run.tuning.chosen_on.startswith("20 development queries")
    assert (run.dev.queries, run.dev.chosen_on, run.dev.apart, run.labelled) == (20, 20, True, True)
    assert not {entry.query for entry in run.history[0].watched} & {Build(folder).corpus.queries[i] for i in half.judging}


def test_the_stored_figures_are_those_of_the_judging_half_with_the_interval_of_the_difference(watched_training):
    folder, run, _, _ = watched_training
    opened = Build(folder)
    judging = halves(opened.corpus.qrels["dev"]).judging
    opened.corpus.qrels["judging"] = {query: opened.corpus.qrels["dev"][query] for query in judging}
    found = evaluate(opened, "judging", ["generative:centroid", "generative:node", "bm25", "dense", "moved"], beams=SPEC.beams)
    stored_of = {"generative:node": run.dev.trained, "generative:centroid": run.dev.centroid} | run.dev.beside
    assert set(stored_of) == set(found.retrievers)
    for name, stored in stored_of.items():
        for measure, expected in found.retrievers[name].measures.items():
            assert stored[measure] == pytest.approx(expected, abs=1e-6)
    # There the p of three comparisons is corrected, here that of one.
    assert run.dev.difference[:4] == pytest.approx(found.differences["generative:node"]["nDCG@10"][:4], abs=1e-6)
    assert run.dev.p == run.dev.difference.p == run.dev.difference.holm
    assert run.beats_centroid == (run.dev.difference.mean > 0)


@pytest.mark.parametrize(
    ("changes", "certain", "words"),
    [
        ({}, True, "paired p .001."),
        ({"difference": SURE | {"low": -0.01}}, False, "within what chance does"),
        ({"difference": SURE | {"p": 0.06}}, False, "within what chance does"),
        ({"labelled": False}, False, "pseudo-queries, made of the documents"),
        ({"labelled": False, "from": "10% of the pseudo-queries, held out"}, False, "on 20 made-up queries (10%"),
        ({"difference": SURE | {"low": -0.01}}, False, "node is on average above the centroid scorer on 20 development queries"),
        (
            {"beside": {"bm25": {"nDCG@10": FIGURE}, "dense": {"nDCG@10": FIGURE}}},
            True,
            "There, BM25 reaches 0.100 and exact dense",
        ),
        ({"apart": False}, False, f"fewer than {FEWEST} development queries it is judged on those that it was chosen on"),
        ({"apart": False, "difference": None}, False, "an older version judged it on the queries that it was chosen on"),
    ],
)
def test_the_default_changes_by_itself_only_where_judged_queries_apart_are_certain(folder, shell, changes, certain, words):
    runs.choose(folder, "centroid")
    change(folder, **changes)
    run = runs.settle(folder, "node")
    assert run.certain == certain
    assert runs.default(folder) == ("node" if certain else "centroid")
    assert words in verdict(run)
    assert ("not made the build's default by itself" in verdict(run)) == (not certain)
    # A person's press does it, and is told on what it rests.
    _, out, _ = shell("use", folder, "node")
    assert runs.default(folder) == "node"
    assert rests_on(run) in out
    assert bool(rests_on(run)) == (not certain)


def test_beats_is_said_only_where_the_interval_excludes_zero(folder):
    said = {}
    for low, mean in ((0.05, True), (-0.01, True), (-0.01, False)):
        change(folder, difference=SURE | {"low": low})
        path = runs.folder_of(folder, "node") / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"beats_centroid": mean}))
        said[low, mean] = verdict(runs.read(folder, "node")).split(" the centroid scorer")[0]
    assert list(said.values()) == ["node beats", "node is on average above", "node does not beat"]


@pytest.mark.parametrize(
    ("centroid", "start", "kept", "words"),
    [
        (
            0.261,
            0.325,
            0.339,
            "Most of the gain was there before the first step: nDCG@10 0.261 with the centroid scorer, 0.325 at",
        ),
        (0.261, 0.339, 0.339, "All of the gain"),
        (0.261, 0.3, 0.339, ""),  # exactly half
        (0.261, 0.25, 0.339, ""),
        (0.261, 0.27, 0.25, ""),
    ],
)
def test_where_most_of_a_gain_was_there_before_the_first_step_it_is_said(watched_training, centroid, start, kept, words):
    run = watched_training[1]
    first, last = (
        entry.model_copy(update={"dev": {"nDCG@10": value}}) for entry, value in zip(run.history[:2], (start, kept), strict=True)
    )
    first = first.model_copy(update={"centroid": {"nDCG@10": centroid}})
    told = head_start(run.model_copy(update={"history": (first, last), "best_step": last.step}))
    assert told.startswith(words) if words else not told
    assert head_start(run.model_copy(update={"history": (last,), "best_step": last.step})) == ""
    old = first.model_copy(update={"centroid": {}})
    assert head_start(run.model_copy(update={"history": (old, last), "best_step": last.step})) == ""


def test_a_default_that_was_pressed_is_not_taken_away(folder):
    change(folder)
    path = shutil.copytree(folder / "trained" / "node", folder / "trained" / "other") / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"name": "other"}), "utf-8")
    runs.choose(folder, "node")
    runs.settle(folder, "other")
    assert runs.default(folder) == "node"


def test_the_shell_says_when_the_default_changes(folder, monkeypatch, shell):
    runs.choose(folder, "centroid")
    change(folder)
    monkeypatch.setattr(training, "train", lambda *given: runs.settle(folder, "node"))
    _, out, _ = shell("train", folder)
    assert "it is the default now" in out
    assert "difference +0.100 [+0.050, +0.150], paired p .001" in out


def test_a_run_of_an_older_version_is_read(folder):
    path = runs.folder_of(folder, "node") / "run.json"
    old = json.loads(path.read_text("utf-8"))
    del old["labelled"]
    for key in ("difference", "apart", "chosen_on", "beside"):
        del old["dev"][key]
    path.write_text(json.dumps(old))
    run = runs.read(folder, "node")
    assert (run.certain, run.dev.difference, run.dev.p, run.dev.beside) == (False, None, old["dev"]["p"], {})
    # It does not say whether people had judged the queries, but where they came from.
    assert run.asked == "development queries"


def few(tmp_path, count, splits):
    """A build of so many one-line documents and their queries."""
    things = ("cup", "rake", "lamp", "blanket", "kettle", "hammer", "basket", "mirror", "ladder", "candle")[:count]
    documents = [Document(f"d{row}", f"The {thing}", f"A {thing} of good make", {}) for row, thing in enumerate(things)]
    queries = {f"q{row}": f"some {thing}" for row, thing in enumerate(things)}
    return make(Corpus("few", documents, queries if splits else {}, splits, []), BuildSpec(scheme="atomic"), tmp_path / "few")


def test_of_few_training_queries_one_is_held_out(tmp_path):
    folder = few(tmp_path, 5, {"train": {f"q{row}": {f"d{row}": 1} for row in range(5)}})
    source = open_source(folder)
    pairs, asked = choose(source, complete(TrainSpec(), labelled=True), lambda *given: None)
    assert len(asked.ids) == 1
    assert asked.ids[0].startswith("q")
    assert asked.texts[0] not in pairs.texts
    assert json.dumps(train(folder, SPEC).as_json(), allow_nan=False)


def test_two_documents_without_queries_are_trained_on_and_one_title_alone_is_too_few(tmp_path):
    folder = few(tmp_path, 2, {})
    spec = SPEC.model_copy(update={"train": "", "dev": "", "mix": {"title": 1.0}})
    run = train(folder, spec)
    assert (run.dev.queries, run.labelled, run.dev.apart, run.asked) == (1, False, False, "made-up queries")
    assert runs.default(folder) == "centroid"
    alone = few(tmp_path / "alone", 1, {})
    with pytest.raises(TriescopeError, match="too few pseudo-queries to hold one out and learn from the others: 1"):
        train(alone, spec)


def test_a_development_split_without_a_relevant_document_is_said(tmp_path):
    judged = {"train": {f"q{row}": {f"d{row}": 1} for row in range(5)}, "dev": {"q5": {"d5": 0}, "q6": {"gone": 1}}}
    folder = few(tmp_path, 8, judged)
    with pytest.raises(TriescopeError, match="none of the 2 queries of split 'dev' has a relevant document in the catalogue"):
        train(folder, SPEC)
    assert runs.names(folder) == []


def test_of_many_development_queries_as_many_of_either_half_are_searched():
    ids = [f"q{number}" for number in range(1001)]
    judging = set(halves(ids).judging)
    asked = dev_queries.Asked(ids, ids, [{"d": 1}] * 1001, "split dev", True, np.array([i in judging for i in ids]))
    some = dev_queries._at_most(asked, seed=3)
    assert (len(some.ids), int(some.judging.sum())) == (dev_queries.MOST, dev_queries.MOST // 2)
    assert some.ids == some.texts == sorted(some.ids, key=ids.index)
    assert [i in judging for i in some.ids] == some.judging.tolist()
    assert some.told == "split dev, 400 of them"
    assert dev_queries._at_most(asked, seed=4).ids != some.ids
