"""Runs of other systems: kept by catalogue and name, as deep as a measure looks, and put beside ours."""

import pytest

from engine import workspace
from engine.errors import TriescopeError
from engine.workspace import runs, store


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))


def test_a_run_is_there_again_until_it_is_forgotten():
    assert runs.listed("c") == {}
    with pytest.raises(TriescopeError, match="no run is kept as 'theirs'; there are none"):
        runs.read("c", "theirs")
    assert not store.place().exists()  # looking makes no file
    runs.keep("c", "theirs", {"q": [str(number) for number in range(300)], "é": ["d"]})
    runs.keep("other", "theirs", {"q": ["x"]})
    assert runs.listed("c") == {"theirs": 2}
    assert runs.read("c", "theirs") == {"q": [str(number) for number in range(runs.DEPTH)], "é": ["d"]}
    runs.keep("c", "theirs", {"q": ["y"]})
    assert runs.read("c", "theirs") == {"q": ["y"]}
    runs.remove("c", "theirs")
    assert (runs.listed("c"), runs.listed("other")) == ({}, {"theirs": 1})


@pytest.mark.parametrize(("name", "run", "why"), [("../x", {"q": ["d"]}, "a name has 1 to 40"), ("x", {}, "the run is empty")])
def test_what_cannot_be_kept_is_said(name, run, why):
    with pytest.raises(TriescopeError, match=why):
        runs.keep("c", name, run)
    assert workspace.runs.listed("c") == {}


def test_the_shell_keeps_it_and_evaluates_it_by_its_name(told, shell, small_build, opened, tmp_path):
    judged = opened.corpus.qrels["dev"]
    lines = [f"{query} Q0 {document} 1 1 t" for query, grades in judged.items() for document in grades]
    (tmp_path / "run.txt").write_text("\n".join(lines))
    assert told("runs", small_build, "theirs", tmp_path / "run.txt") == {"theirs": len(judged)}
    found = told("evaluate", small_build, "--split", "dev", "-r", "bm25", "--run", "theirs", "--run", tmp_path / "run.txt")
    assert [found["retrievers"][name]["Hit@1"]["mean"] for name in ("theirs", "run")] == [1.0, 1.0]
    assert "give the file too" in shell("runs", small_build, "other")[2]
    assert shell("runs", small_build, "theirs", "--forget")[1].strip() == ""
    assert "nosuch" in shell("evaluate", small_build, "--split", "dev", "-r", "bm25", "--run", "nosuch")[2]
