"""A build that is removed or replaced while something works on it: a line, and nothing in its place."""

import shutil
from pathlib import Path

import pytest

from engine.builds import runs
from engine.builds.in_use import in_use
from engine.builds.make import remove
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.evaluation.run import evaluate
from engine.training import train as training
from engine.training.spec import TrainSpec
from tests.engine.stored_runs import stored_run

STORED = Path(__file__).parent / "format_2" / "thirteen"
GONE = "this build was removed, or another put in its place, while it was used"


@pytest.fixture
def build(tmp_path):
    folder = shutil.copytree(STORED, tmp_path / "thirteen")
    Build(folder)  # of format 3 from now on
    return folder


def work(folder, happen):
    with in_use(folder):
        happen(folder)
        (folder / "trie" / "nowhere.npy").read_bytes()


def replace(folder):
    other = shutil.copytree(folder, folder.with_name("other"))
    remove(folder)
    other.rename(folder)


@pytest.mark.parametrize("happen", [remove, replace])
def test_whatever_fails_because_of_it_says_so(build, happen):
    with pytest.raises(TriescopeError) as caught:
        work(build, happen)
    assert str(caught.value) == f"{build}: {GONE}"


def test_what_fails_for_another_reason_stays_what_it_is(build):
    with pytest.raises(KeyError), in_use(build):
        raise KeyError("x")


def test_one_that_is_not_there_is_not_begun_with(build):
    remove(build)
    with pytest.raises(TriescopeError, match=GONE), in_use(build):
        pytest.fail("begun all the same")


@pytest.mark.parametrize("happen", [remove, replace])
def test_a_training_ends_with_a_line_and_stores_nothing(build, happen, monkeypatch):
    def interrupted(source, spec, name, work, tell):
        happen(build)
        return stored_run(name=name), {}

    monkeypatch.setattr(training, "_train", interrupted)
    with pytest.raises(TriescopeError, match=GONE):
        training.train(build, TrainSpec(minutes=1), "mine")
    assert build.exists() == (happen is replace)
    assert not (build / "trained" / "mine").exists()


def test_an_evaluation_ends_with_a_line(build):
    opened = Build(build)
    assert opened.corpus.qrels
    remove(build)
    with pytest.raises(TriescopeError, match=GONE):
        evaluate(opened, "dev", ["bm25"])


def test_no_default_is_written_where_a_build_was(build):
    remove(build)
    with pytest.raises(TriescopeError, match="this build is not there any more"):
        runs.choose(build, runs.CENTROID)
    assert not build.exists()
