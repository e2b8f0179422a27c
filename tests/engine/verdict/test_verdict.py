"""A verdict of the sixty films from the shell: every part, the file, what is kept, and what is said when it has aged."""

import json
import shutil
from types import SimpleNamespace

import pytest

from engine import workspace
from engine.builds import runs
from engine.builds.opened import Build
from engine.builds.trained import Cold
from engine.data.figures import Interval
from engine.pictures.labels import escaped
from engine.verdict import facts, kept, measure, page, scale
from engine.verdict.rule import RULES


@pytest.fixture
def mine(small_build, tmp_path):
    """The build of sixty films, the test's own to judge."""
    return shutil.copytree(small_build, tmp_path / "builds" / "sixty")


def test_the_shell_gives_a_verdict_writes_a_file_and_keeps_it(told, mine, tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "TIMES", (2,))
    value = told("verdict", mine, "--out", tmp_path / "verdict.html", "--beams", 5, "--sample", 20, "--budget-ms", 1000)
    keys = [section["key"] for section in value["sections"]]
    assert keys == ["differences", "quality", "health", "reachability", "unreached", "cold", "speed", "memory", "sizes"]
    assert value["answer"]["word"] in ("yes", "only as hybrid", "cannot tell", "no")
    assert (value["build"], value["documents"], value["scorer"], value["made_up"]) == ("sixty", 60, "centroid", False)
    assert [one["theirs"] for one in value["compared"]] == ["bm25", "dense", "hybrid:centroid"]
    for section in value["sections"]:
        assert section["says"].endswith(".")
        assert section["command"].startswith("python -m engine ")
        assert all(len(row) == len(section["columns"]) for row in section["rows"])
    # What it says of quality is what an evaluation says.
    means = {row[1]: row[2] for row in value["sections"][1]["rows"]}
    evaluated = told("evaluate", mine, "--beams", 5, "-r", "bm25", "-r", "generative:centroid")["retrievers"]
    assert means["bm25"] == pytest.approx(evaluated["bm25"]["nDCG@10"]["mean"], abs=1e-4)
    assert means["generative:centroid"] == pytest.approx(evaluated["generative:centroid"]["nDCG@10"]["mean"], abs=1e-4)
    opened = Build(mine)
    found = kept.read(opened)
    assert json.loads(found.model_dump_json()) == value
    assert (tmp_path / "verdict.html").read_text("utf-8") == page.html(found)
    assert all(escaped(one) in page.html(found) for one in RULES)
    assert measure.stale(opened, found) == ""
    kept.keep(opened, found.model_copy(update={"manifest": "0"}))
    assert "made anew" in measure.stale(opened, kept.read(opened))


def test_a_part_alone_is_shown_and_not_kept(shell, mine):
    code, out, err = shell("verdict", mine, "--only", "health", "--only", "cold")
    assert (code, err.count("Traceback")) == (0, 0)
    assert "Health of the identifiers: The identifiers are" in out
    assert "no run of this build kept any out" in out
    assert kept.read(Build(mine)) is None
    assert shell("verdict", mine, "--only", "luck")[0] == 2


def test_queries_that_were_judged_here_judge_where_they_are_asked_for(told, mine, home, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(mine.parent.parent))
    (mine.parent.parent / "cache").symlink_to(home / "cache")
    opened = Build(mine)
    for query, grades in opened.corpus.qrels["dev"].items():
        for document, grade in grades.items():
            workspace.judge(opened.manifest.corpus.sha256, opened.corpus.queries[query], document, grade)
    value = told("verdict", mine, "--only", "quality", "--split", "judged", "--beams", 5)
    assert value["judged_by"].startswith("6 judged queries that people judged")
    assert "--split judged" in value["sections"][0]["command"]


def test_it_says_when_the_default_scorer_is_another_one(mine, monkeypatch):
    opened = Build(mine)
    found = measure.verdict(opened, only=("cold",))
    monkeypatch.setattr(runs, "stamp", lambda build, name: "other weights")
    assert "was trained anew since" in measure.stale(opened, found)
    monkeypatch.setattr(runs, "default", lambda build: "node")
    assert measure.stale(opened, found) == "The default scorer is node now: this verdict is of centroid."


def test_a_busy_machine_is_said(monkeypatch):
    monkeypatch.setattr(measure.os, "getloadavg", lambda: (9.04, 1, 1))
    monkeypatch.setattr(measure.os, "cpu_count", lambda: 2)
    assert measure.busy().startswith("Others worked on this machine when it began (load 9.0 on 2 cores)")
    monkeypatch.setattr(measure.os, "getloadavg", lambda: (2.0, 9, 9))
    assert measure.busy() == ""


def test_a_damaged_one_is_said(mine):
    opened = Build(mine)
    kept.place(opened).parent.mkdir(parents=True)
    kept.place(opened).write_text('{"build": 3}', "utf-8")
    with pytest.raises(Exception, match="the verdict is damaged; ask for it again"):
        kept.read(opened)


def test_cold_documents_are_those_that_a_run_kept_out(small_build, monkeypatch):
    kept_out = Cold(
        documents=12,
        queries=40,
        centroid={"nDCG@10": Interval(0.2, 0.1, 0.3), "MRR@10": Interval(0, 0, 0)},
        trained={"nDCG@10": Interval(0.1, 0.0, 0.2), "MRR@10": Interval(0, 0, 0)},
    )
    monkeypatch.setattr(runs, "names", lambda build: ["all", "some"])
    monkeypatch.setattr(runs, "read", lambda build, name: SimpleNamespace(cold=kept_out if name == "some" else None))
    found = facts.cold_section(Build(small_build), "sixty")
    assert found.rows == (
        ("some", "nDCG@10", "centroid", 0.2, 0.1, 0.3, 12, 40),
        ("some", "nDCG@10", "some", 0.1, 0.0, 0.2, 12, 40),
    )
    assert "on the 40 queries that ask for these alone it has 0.100 nDCG@10" in found.says
    assert "tell little" not in found.says
