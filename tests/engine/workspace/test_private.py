"""Private query sets: no figure without being asked for it, every look counted, whichever way it goes."""

import pytest

from engine import workspace
from engine.builds.opened import Build


@pytest.fixture
def mine(small_build, tmp_path, monkeypatch, told):
    """A build, and judged queries of one's own that are private, in a workspace of their own."""
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    build = Build(small_build)
    queries, qrels = tmp_path / "queries.tsv", tmp_path / "qrels.tsv"
    queries.write_text("id\ttext\na\ta man at sea\nb\tlove in the city\n", "utf-8")
    qrels.write_text(f"a 0 {build.documents[3].id} 1\nb 0 {build.documents[9].id} 2\n", "utf-8")
    assert told("queries", small_build, "mine", "--queries", queries, "--qrels", qrels, "--private")["private"] == {"mine": 0}
    return build


def looks(build):
    return workspace.private.names(build.catalogue).get("mine")


def test_figures_are_shown_when_they_are_asked_for_and_each_look_is_counted(mine, shell, told, tmp_path):
    folder, asked = mine.folder, ("--split", "mine", "-r", "bm25", "-r", "tfidf")
    for more in ((), ("--keep", "--latex", tmp_path / "t.tex"), ("--save-runs", tmp_path / "runs")):
        code, out, err = shell("evaluate", folder, *asked, *more)
        assert (code, out) == (2, "")
        assert "mine is private: its figures are shown with --reveal" in err
    assert not list(tmp_path.glob("t.tex"))
    assert looks(mine) == 0
    kept = told("evaluate", folder, *asked, "--keep")
    assert kept == {"kept": 1, "private": "mine"}
    assert looks(mine) == 0
    assert told("evaluate", folder, *asked, "--keep", "--reveal")["retrievers"]
    assert looks(mine) == 1
    code, _, err = shell("evaluations", folder, 2, 1)
    assert code == 2
    assert "so far 1" in err
    assert told("evaluations", folder, 2, 1, "--reveal")["changes"]
    assert looks(mine) == 2
    assert len(told("evaluations", folder)) == 2  # which there are is no figure


def test_it_stays_private_when_it_is_forgotten_and_is_public_when_that_is_said(mine, shell, told):
    told("queries", mine.folder, "mine", "--forget")
    assert looks(mine) == 0
    assert shell("queries", mine.folder, "mine", "--public")[0] == 2
    workspace.private.mark(mine.catalogue, "mine", private=False)
    assert looks(mine) is None
    assert workspace.private.look(mine.catalogue, "mine") == 0
    code, _, err = shell("queries", mine.folder, "test", "--private")
    assert code == 2
    assert "splits of the catalogue cannot be private" in err
