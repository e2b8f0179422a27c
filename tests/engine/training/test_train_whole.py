"""A training as a whole: on a build of sixty films, through the function and through the shell."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import duckdb
import numpy as np
import pytest

from engine.builds import runs
from engine.builds.opened import Build
from engine.data import tables
from engine.errors import TriescopeError
from engine.evaluation import evaluate
from engine.paths import ROOT
from engine.training.source import open_source
from engine.training.spec import TrainSpec, complete
from engine.training.train import train

# A sixty-film catalogue has no train split: titles and sentences, and the dev split to watch.
SPEC = TrainSpec(steps=12, evaluate_every=6, batch=32, beams=20, average=0)


@pytest.fixture
def folder(small_build, tmp_path):
    """A build of its own for each test."""
    return shutil.copytree(small_build, tmp_path / "sixty")


@pytest.fixture(scope="module")
def trained(small_build, tmp_path_factory, home):
    """A build with one run; not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(home))
        copy = shutil.copytree(small_build, tmp_path_factory.mktemp("trained") / "sixty")
        return copy, train(copy, SPEC)


def tensors(folder, name="node"):
    from safetensors.numpy import load_file

    return load_file(runs.folder_of(folder, name) / runs.read(folder, name).weights)


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


def without_split(folder, split):
    """Take a split's judgements, and the queries that only it has, out of a build's files."""
    corpus = tables.read_corpus(folder, "sixty", [])
    gone = corpus.qrels.pop(split)
    kept = {query for asked in corpus.qrels.values() for query in asked}
    queries = {query: text for query, text in corpus.queries.items() if query in kept}
    assert len(queries) < len(corpus.queries)
    assert gone
    tables.write_corpus(corpus._replace(queries=queries), folder)


class TestIsolation:
    def test_training_is_the_same_where_test_queries_and_judgements_are_missing(self, trained, folder):
        without_split(folder, "test")
        with duckdb.connect() as con:
            assert con.execute(
                "SELECT count(*) FROM read_parquet(?) WHERE split = 'test'", [str(folder / "qrels.parquet")]
            ).fetchone() == (0,)
        again = train(folder, SPEC)
        assert same(tensors(folder), tensors(trained[0]))
        assert again.dev == trained[1].dev

    @pytest.mark.parametrize("fields", [{"train": "test"}, {"dev": "test"}])
    def test_the_test_split_is_refused_by_name(self, folder, fields):
        with pytest.raises(TriescopeError, match="training never reads the test split"):
            train(folder, SPEC.model_copy(update=fields))

    def test_what_training_opens_has_no_judgements_but_those_it_names(self, folder, monkeypatch):
        monkeypatch.setattr(tables, "read_queries", None)
        source = open_source(folder)
        assert len(source.documents) == len(source.row_of) == len(source.leaf_of) == 60
        assert not hasattr(source, "corpus")
        dev = source.judged("dev")
        assert set(dev.qrels) == set(dev.queries)
        assert len(dev.queries) == 6

    def test_a_split_that_is_not_there_is_said(self, folder):
        with pytest.raises(TriescopeError, match="no judged queries in split 'extra'; it has dev"):
            open_source(folder).judged("extra")


class TestRun:
    def test_it_is_stored_with_everything_that_made_it(self, trained):
        folder, run = trained
        assert (run.name, run.scorer, run.steps, run.seed) == ("node", "node", 12, 0)
        assert run.dev.source == "split dev"
        assert set(run.dev.trained) == set(run.dev.centroid) == {"nDCG@10", "Recall@10", "Recall@100", "MRR@10", "Hit@1"}
        assert run.beats_centroid == (run.dev.trained["nDCG@10"].mean > run.dev.centroid["nDCG@10"].mean)
        assert (run.dev.apart, run.certain, runs.default(folder)) == (False, False, "centroid")  # six queries are no two halves
        assert [evaluation.step for evaluation in run.history] == [0, 6, 12]
        assert run.tuning.chosen_on == "6 development queries, nDCG@10"
        assert set(run.tuning.weights) == {"bm25", "dense", "generative"}
        last = run.history[-1]
        assert set(last.losses) == {"soft"}
        assert last.centroid.keys() == last.dev.keys() == run.dev.centroid.keys()
        assert len(last.code_accuracy) == Build(folder).trie.levels
        written = run.as_json()["history"][-1]
        assert all(set(found) == {"name", "value", "verdict", "says"} for found in written["detectors"])
        assert len(last.watched) == 3
        for shown in last.watched:
            assert [level.level for level in shown.levels] == list(range(1, Build(folder).trie.levels + 1))
            assert len(shown.hits) == 5
        assert not runs.partial_of(folder, "node").exists()

    def test_the_scorer_that_is_opened_is_the_one_that_was_judged(self, trained):
        folder, run = trained
        found = evaluate(Build(folder), "dev", ["generative:node", "generative:centroid"], beams=20).retrievers
        for name, side in (("generative:node", "trained"), ("generative:centroid", "centroid")):
            for measure, value in getattr(run.dev, side).items():
                assert found[name].measures[measure].mean == pytest.approx(value.mean, abs=1e-6)

    def test_the_same_seed_gives_the_same_weights_and_another_seed_others(self, trained, folder):
        train(folder, SPEC)
        assert same(tensors(folder), tensors(trained[0]))
        train(folder, SPEC.model_copy(update={"seed": 1}), "other")
        assert not same(tensors(folder, "other"), tensors(folder))

    def test_cold_documents_are_in_no_pair_and_are_reported_apart(self, folder):
        run = train(folder, SPEC.model_copy(update={"cold": 0.5}))
        assert run.cold.documents == 30
        assert sum(run.pairs.values()) < sum(train(folder, SPEC, "warm").pairs.values())
        if run.cold.queries:
            assert run.cold.centroid.keys() == run.cold.trained.keys() == run.dev.trained.keys()

    def test_a_damaged_run_is_said_and_a_retrained_one_is_opened_anew(self, trained, folder):
        shutil.copytree(trained[0] / "trained", folder / "trained")
        opened = Build(folder)
        before = opened.scorer("node")
        assert opened.scorer("node") is before
        train(folder, SPEC.model_copy(update={"seed": 5}))
        assert opened.scorer("node") is not before
        weights = runs.folder_of(folder, "node") / runs.read(folder, "node").weights
        weights.write_bytes(weights.read_bytes()[:-1] + b"x")
        with pytest.raises(TriescopeError, match="have changed since they were saved"):
            Build(folder).scorer("node")

    def test_a_run_that_does_not_beat_the_centroid_scorer_is_not_made_the_default(self, trained, folder):
        shutil.copytree(trained[0] / "trained", folder / "trained")
        path = runs.folder_of(folder, "node") / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"beats_centroid": False}))
        runs.choose(folder, "centroid")
        with pytest.raises(TriescopeError, match="does not beat the centroid scorer"):
            runs.choose(folder, "node")
        assert runs.default(folder) == "centroid"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"beats_centroid": True}))
        runs.choose(folder, "node")
        assert Build(folder).default_scorer == "node"
        runs.remove(folder, "node")
        assert (Build(folder).default_scorer, runs.names(folder)) == ("centroid", [])


@pytest.mark.parametrize("name", ["../x", "Node", "", "a" * 41, "centroid", "a/b", "-a", "a."])
def test_names_that_are_no_names(name):
    with pytest.raises(TriescopeError, match="cannot name a trained scorer"):
        runs.check_name(name)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"scorer": "lstm"}, "unknown scorer 'lstm'"),
        ({"settings": {"depth": 3}}, "node has no option 'depth'"),
        ({"settings": {"hidden": 3}}, "hidden must lie between 16 and 4096"),
        ({"mix": {"rumours": 1.0}}, "unknown source"),
        ({"losses": {"luck": 1.0}}, "losses has no option 'luck'"),
    ],
)
def test_what_a_spec_cannot_ask_for(fields, words):
    with pytest.raises(TriescopeError, match=words):
        complete(TrainSpec(**fields), labelled=True)


def test_what_was_taken_together_is_a_label_that_is_learned():
    alone, told = (complete(TrainSpec(mix={"title": 1.0} | more), labelled=False).losses for more in ({}, {"together": 1.0}))
    assert (alone["next_code"], told["next_code"] > 0) == (0, True)


class TestShell:
    def test_train_use_scorers_and_evaluate(self, folder, told, shell):
        made = told(
            "train",
            folder,
            "--steps",
            12,
            "--every",
            6,
            "--batch",
            32,
            "--beams",
            20,
            "--seed",
            3,
            "-o",
            "hidden=32",
            "--loss",
            "soft=0.5",
        )
        assert set(made) == {"scorer", "steps", "seconds", "dev", "default"}
        assert (made["scorer"], made["steps"]) == ("node", 12)
        run = told("scorers", folder)["runs"][0]
        assert (run["seed"], run["settings"]["hidden"], run["spec"]["losses"]["soft"]) == (3, 32, 0.5)
        assert told("use", folder, "centroid") == {"default": "centroid"}
        found = told("evaluate", folder, "--split", "dev", "-r", "generative", "-r", "generative:centroid", "-r", "hybrid:node")
        assert found["retrievers"]["generative"]["nDCG@10"] == found["retrievers"]["generative:centroid"]["nDCG@10"]
        assert shell("search", folder, "a war", "-r", "generative:node")[0] == 0

    def test_estimate_says_what_it_would_take_and_trains_nothing(self, folder, told):
        found = told("train", folder, "--estimate", "--mix", "title=1", "--mix", "span=1")
        assert set(found["pairs"]) == {"title", "span"}
        assert found["dev"]["from"] == "split dev"
        assert runs.names(folder) == []

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--mix", "title"], "'title' is not a share"),
            (["--mix", "generated=1"], "generated queries need a query generator"),
            (["--dev", "test"], "training never reads the test split"),
            (["--name", "../x"], "cannot name a trained scorer"),
            (["--mix", "judged=1"], "no judged queries in split 'train'"),
        ],
    )
    def test_mistakes_are_a_line_and_exit_code_2(self, folder, shell, arguments, words):
        code, _, err = shell("train", folder, "--steps", 2, *arguments)
        assert code == 2
        assert words in err
        assert runs.names(folder) == []

    def test_a_training_that_is_killed_leaves_no_scorer_and_goes_on(self, folder, told):
        command = [
            sys.executable,
            "-m",
            "engine",
            "train",
            str(folder),
            "--steps",
            "100000",
            "--every",
            "5",
            "--batch",
            "32",
            "--patience",
            "100000",
            "--beams",
            "5",
            "--json",
        ]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 120
        while time.monotonic() < end and len(runs.history(folder, "node")) < 4:
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert runs.names(folder) == []
        assert runs.unfinished(folder) == ["node"]
        reached = json.loads((runs.partial_of(folder, "node") / "checkpoint.json").read_text())["step"]
        assert reached >= 5
        told("train", folder, "--steps", reached + 5, "--every", 5, "--batch", 32, "--patience", 100000, "--beams", 5)
        run = runs.read(folder, "node")
        assert [evaluation.step for evaluation in run.history] == list(range(0, reached + 6, 5))
        assert runs.unfinished(folder) == []


def test_a_second_stage_begins_with_what_the_first_learned(trained, folder):
    one = train(folder, SPEC)
    second = SPEC.model_copy(update={"begin": "node", "mix": {"sentence": 1.0}, "steps": 1, "evaluate_every": 1})
    two = train(folder, second, "two")
    # The evaluation before its first step is that of the weights that the first stage kept.
    kept = next(entry for entry in one.history if entry.step == one.best_step)
    assert two.history[0].dev == kept.dev
    with pytest.raises(TriescopeError, match="no trained scorer 'nobody'"):
        train(folder, SPEC.model_copy(update={"begin": "nobody"}), "three")
    with pytest.raises(TriescopeError, match="a training of kind one-pass cannot begin with it"):
        train(folder, SPEC.model_copy(update={"begin": "node", "scorer": "one-pass"}), "three")
    with pytest.raises(TriescopeError, match="do not fit: give it the settings that node has"):
        train(folder, second.model_copy(update={"settings": {"hidden": 32}}), "three")
