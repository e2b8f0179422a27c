"""Whose something is: each person sees the own and everybody's, changes the own alone, and sees nothing of another's."""

import os

import pytest

from engine import workspace
from engine.errors import TriescopeError
from engine.jobs.process import OWNER
from engine.workspace.judgements import Judged

EVERYBODY, MINE, YOURS = (workspace.shelf("c", who) for who in ("", "me", "you"))
SET = Judged({"q": "cup"}, {"q": {"d": 1}})


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))


def test_evaluations_are_listed_to_their_own_person_and_everybodys_to_all():
    numbers = [workspace.evaluations.keep(one, "b", {}, {}) for one in (EVERYBODY, MINE, YOURS)]
    seen = {one: [kept.number for kept in workspace.evaluations.listed(one)] for one in (EVERYBODY, MINE, YOURS)}
    assert seen == {EVERYBODY: numbers[:1], MINE: [numbers[1], numbers[0]], YOURS: [numbers[2], numbers[0]]}
    assert [kept.shelf for kept in workspace.evaluations.listed(MINE)] == [MINE, EVERYBODY]
    for number in numbers:
        workspace.evaluations.remove(MINE, number)
    assert [len(workspace.evaluations.listed(one)) for one in (EVERYBODY, MINE, YOURS)] == [1, 1, 2]


@pytest.mark.parametrize(
    ("table", "keep", "held"),
    [
        (workspace.runs, lambda shelf, value: workspace.runs.keep(shelf, "x", {"q": [value]}), lambda found: found["q"][0]),
        (workspace.logs, lambda shelf, value: workspace.logs.keep(shelf, "x", {value: 1}), lambda found: next(iter(found))),
        (
            workspace.query_sets,
            lambda shelf, value: workspace.query_sets.keep(shelf, "x", Judged({"q": value}, {"q": {"d": 1}}), ()),
            lambda found: found.queries["q"],
        ),
    ],
)
def test_what_is_named_stands_before_everybodys_and_goes_alone(table, keep, held):
    keep(EVERYBODY, "ours")
    assert held(table.read(MINE, "x")) == "ours"
    assert (table.own(MINE), table.own(EVERYBODY)) == ([], ["x"])
    keep(MINE, "mine")
    assert [held(table.read(one, "x")) for one in (EVERYBODY, MINE, YOURS)] == ["ours", "mine", "ours"]
    table.remove(YOURS, "x")
    table.remove(MINE, "x")
    assert held(table.read(MINE, "x")) == "ours"
    keep(YOURS, "yours")
    assert list(table.listed(YOURS)) == ["x"]
    table.remove(EVERYBODY, "x")
    assert (dict(table.listed(MINE)), held(table.read(YOURS, "x"))) == ({}, "yours")


def test_what_is_private_for_everybody_is_so_for_each_and_looks_count_where_it_stands():
    workspace.query_sets.keep(EVERYBODY, "x", SET, ())
    workspace.private.mark(EVERYBODY, "x")
    with pytest.raises(TriescopeError, match="x is private"):
        workspace.private.check(MINE, "x")
    assert workspace.private.look(MINE, "x") == 1
    assert workspace.private.names(YOURS) == {"x": 1}
    workspace.private.mark(MINE, "own")
    assert workspace.private.look(MINE, "own") == 1
    assert "own" not in workspace.private.names(YOURS)


def test_a_job_keeps_its_evaluation_for_who_began_it(small_build, told, monkeypatch):
    monkeypatch.setenv(OWNER, "me")
    assert os.environ[OWNER] == "me"
    found = told("evaluate", small_build, "--split", "dev", "-r", "bm25", "-m", "Hit@1", "--keep")
    from engine.builds.opened import Build

    catalogue = Build(small_build).catalogue
    assert [kept.number for kept in workspace.evaluations.listed(workspace.shelf(catalogue, "me"))] == [found["kept"]]
    assert workspace.evaluations.listed(catalogue) == []
