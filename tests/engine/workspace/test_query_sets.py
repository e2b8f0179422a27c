"""Judged queries that people bring along: kept by catalogue and name, evaluated as a split, forgotten; from the shell too."""

import pytest

from engine import workspace
from engine.errors import TriescopeError
from engine.workspace import query_sets, store
from engine.workspace.judgements import Judged

MINE = Judged({"q": "kites é", "r": "nests"}, {"q": {"d": 2}, "r": {"d": 0, "e": 1}})


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))


def test_a_set_is_there_again_by_catalogue_and_name_until_it_is_forgotten():
    assert (query_sets.listed("c"), query_sets.read("c", "mine")) == ({}, None)
    assert not store.place().exists()  # looking makes no file
    query_sets.keep("c", "mine", MINE, ["test"])
    query_sets.keep("c", "b", Judged({"q": "x"}, {"q": {"d": 1}}), [])
    query_sets.keep("other", "mine", Judged({}, {}), [])
    assert query_sets.listed("c") == {"b": 1, "mine": 2}
    assert query_sets.read("c", "mine") == MINE == workspace.of_split("c", "mine")
    query_sets.keep("c", "mine", Judged({"q": "y"}, {"q": {"d": 1}}), [])
    assert query_sets.read("c", "mine").queries == {"q": "y"}
    query_sets.remove("c", "mine")
    assert (query_sets.listed("c"), query_sets.listed("other")) == ({"b": 1}, {"mine": 0})
    assert workspace.of_split("c", "mine") is None


@pytest.mark.parametrize("name", ["", "-x", "a/b", "../x", "x" * 41, "a b", "é", "--split"])
def test_a_name_that_could_be_mistaken_for_something_else_is_refused(name):
    with pytest.raises(TriescopeError, match="a name has 1 to 40"):
        query_sets.keep("c", name, MINE, [])
    assert query_sets.listed("c") == {}


@pytest.mark.parametrize("name", ["test", "judged"])
def test_a_name_that_a_split_has_is_refused(name):
    with pytest.raises(TriescopeError, match="is a split of the catalogue"):
        query_sets.keep("c", name, MINE, ["test"])


def test_the_shell_keeps_evaluates_and_forgets_them(told, shell, small_build, opened, tmp_path):
    document = opened.documents[5]
    (tmp_path / "q.csv").write_text(f"id,text\n1,{' '.join(document.text.split()[:9]).replace(',', ' ')}\n2,nobody judged this\n")
    (tmp_path / "r.txt").write_text(f"1 0 {document.id} 1\n")
    value = told("queries", small_build, "mine", "--queries", tmp_path / "q.csv", "--qrels", tmp_path / "r.txt")
    assert value == {"sets": {"mine": 1}, "notes": ["1 queries have no judgement, and are left out"]}
    found = told("evaluate", small_build, "--split", "mine", "-r", "bm25")
    assert (found["split"], found["queries"], found["retrievers"]["bm25"]["Recall@10"]["mean"]) == ("mine", 1, 1.0)
    own = next(iter(opened.corpus.qrels["dev"]))
    (tmp_path / "own.txt").write_text(f"{own} 0 {document.id} 1\n")
    assert told("queries", small_build, "again", "--qrels", tmp_path / "own.txt")["sets"] == {"again": 1, "mine": 1}
    assert "give the judgements too" in shell("queries", small_build, "third")[2]
    assert "is a split of the catalogue" in shell("queries", small_build, "dev", "--qrels", tmp_path / "own.txt")[2]
    assert shell("queries", small_build, "mine", "--forget")[1] == "again  1 judged queries\n"
    assert "has no judged queries in split 'mine'" in shell("evaluate", small_build, "--split", "mine")[2]
