"""Query logs: how often people asked, what they clicked, kept by catalogue and named as clicks wherever they count."""

import numpy as np
import pytest

from engine import evaluation, workspace
from engine.data import query_logs
from engine.errors import TriescopeError
from engine.workspace import logs, store

LINES = "A ship  at sea\ta\t3\na SHIP at sea\tb\t1\na ship at sea\tgone\t2\nnever here\tgone\t9\nplain\t4\nplain\n\n"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))


def written(tmp_path, content):
    (tmp_path / "log.tsv").write_text(content, "utf-8")
    return tmp_path / "log.tsv"


def test_a_log_counts_searches_and_clicks_of_every_spelling(tmp_path):
    found = query_logs.read(written(tmp_path, LINES))
    assert found.searches == {"A ship at sea": 6, "never here": 9, "plain": 5}
    assert found.clicks == {"A ship at sea": {"a": 3, "b": 1, "gone": 2}, "never here": {"gone": 9}}
    clicked = query_logs.clicked(found, {"a", "b", "c"})
    (name,) = clicked.queries
    assert (clicked.queries[name], clicked.qrels[name], clicked.absent) == ("A ship at sea", {"a": 1, "b": 1}, 2)
    assert query_logs.are_clicks(clicked.qrels)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("q\tmany\n", "line 1: expected how often it was asked"),
        ("q\td\t1\tx\n", "line 1: expected a query, a document and how often, found 4 cells"),
        ("q\t0\n", "no search is in it"),
        (f"ok\n{'x' * 2001}\n", "line 2: a query of 2,001 characters"),
    ],
)
def test_what_is_no_log_is_said_with_its_line(tmp_path, content, says):
    with pytest.raises(TriescopeError, match=says):
        query_logs.read(written(tmp_path, content))


def test_a_log_is_there_again_until_it_is_forgotten_and_its_clicks_are_a_query_set(tmp_path):
    assert logs.listed("c") == {}
    assert not store.place().exists()  # looking makes no file
    notes = workspace.bring_log("c", "mine", query_logs.read(written(tmp_path, LINES)), {"a": 0, "b": 1}, ["test"])
    assert notes == [
        f"mine: 1 queries by their {query_logs.CLICKS}",
        "2 clicked documents are not in the catalogue, and are left out",
    ]
    assert logs.listed("c") == {"mine": 20}
    assert logs.read("c", "mine")["plain"] == 5
    assert workspace.query_sets.listed("c") == {"mine": 1}
    with pytest.raises(TriescopeError, match="is a split of the catalogue"):
        workspace.bring_log("c", "test", query_logs.read(written(tmp_path, LINES)), {"a": 0}, ["test"])
    with pytest.raises(TriescopeError, match="nothing that was clicked"):
        workspace.bring_log("c", "other", query_logs.read(written(tmp_path, LINES)), {"z": 0}, [])
    assert logs.listed("c") == {"mine": 20}
    logs.remove("c", "mine")
    assert logs.listed("c") == {}
    with pytest.raises(TriescopeError, match="no query log is kept as 'mine'; there are none"):
        logs.read("c", "mine")


def test_the_shell_keeps_one_weighs_by_its_name_and_calls_clicks_clicks(small_build, opened, told, shell, tmp_path):
    queries, document = list(opened.corpus.qrels["dev"]), opened.documents[7]
    log = written(tmp_path, f"{opened.corpus.queries[queries[0]]}\t8\n{queries[1]}\t1\na winter tale\t{document.id}\t2\n")
    value = told("logs", small_build, "mine", log)
    assert value["logs"] == {"mine": 11}
    one = told("evaluate", small_build, "--split", "dev", "-r", "bm25", "--log", "mine")["by_log"]["bm25"]["mean"]
    values = evaluation.evaluate(opened, "dev", ["bm25"]).values["bm25"]["nDCG@10"]
    assert one == pytest.approx(np.average(values[:2], weights=[8, 1]))
    out = shell("evaluate", small_build, "--split", "mine", "-r", "bm25")[1]
    assert f"mine is {query_logs.CLICKS}." in out
    assert query_logs.CLICKS not in shell("evaluate", small_build, "--split", "dev", "-r", "bm25")[1]
