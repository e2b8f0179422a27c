"""Builds by name: what is listed, what is not and why, and where a name leads."""

import os
import shutil

import pytest

import engine
from engine import paths
from engine.builds import names
from engine.builds.sources import source_of

LISTED = ["Amazon-Beauty", "amazon_beauty", "données", "shop.v2", "two words", "烤鸭", "!x :red[y]"]


@pytest.fixture
def builds(tmp_path, monkeypatch):
    """A home whose folders look like builds at a glance."""
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    for name in [*LISTED, ".films.partial", "a\nb", "back\\slash", " blank", "x" * 151, os.fsdecode(b"\xff")]:
        (tmp_path / "builds" / name).mkdir(parents=True)
        (tmp_path / "builds" / name / "manifest.json").touch()
    (tmp_path / "builds" / "begun").mkdir()
    (tmp_path / "builds" / "notes.txt").touch()
    return tmp_path / "builds"


def test_every_name_that_can_be_shown_is_listed(builds):
    assert names.names() == sorted(LISTED)


def test_what_is_not_listed_is_named_with_the_reason(builds):
    assert names.unlisted() == {
        "'\\udcff'": "its name holds characters that cannot be shown",
        "'a\\nb'": "its name holds characters that cannot be shown",
        " blank": "its name begins or ends with a blank",
        "back\\slash": "its name holds a slash",
        "begun": "it is no finished build",
        "x" * 151: "its name is longer than 150 bytes",
    }


@pytest.mark.parametrize("name", LISTED)
def test_a_name_leads_to_its_build(builds, name):
    assert names.find(name) == builds / name


@pytest.mark.parametrize(
    "name", ["..", "../builds/shop.v2", "shop.v2/../shop.v2", ".films.partial", "begun", "nothing", "", "a\nb"]
)
def test_what_is_not_listed_leads_nowhere_else(builds, name, monkeypatch):
    monkeypatch.chdir(builds.parent)
    assert names.find(name) == type(builds)(name)


def test_a_build_where_one_stands_comes_before_one_under_the_home(builds, tmp_path, monkeypatch):
    here = tmp_path / "here"
    (here / "shop.v2").mkdir(parents=True)
    monkeypatch.chdir(here)
    assert names.find("shop.v2") == builds / "shop.v2", "a folder that is no build"
    (here / "shop.v2" / "manifest.json").touch()
    assert names.find("shop.v2") == type(here)("shop.v2")


def test_there_are_no_names_without_a_home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "none"))
    assert (names.names(), names.unlisted(), names.find("x").name) == ([], {}, "x")


def test_shell_notebook_and_sources_know_a_build_by_its_name(small_build, tmp_path, monkeypatch, told, shell):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    monkeypatch.chdir("/")
    shutil.copytree(small_build, tmp_path / "builds" / "My_Films")
    assert told("search", "My_Films", "war", "-r", "bm25")["hits"]
    assert told("scorers", "My_Films")["default"] == "centroid"
    assert engine.open("My_Films").folder == tmp_path / "builds" / "My_Films"
    assert len(source_of("My_Films").corpus.documents) == 60
    assert "not a build" in shell("search", "my_films", "war")[2]


def test_a_build_that_the_app_will_not_list_says_so(tmp_path, monkeypatch, shell):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    (tmp_path / "shop.csv").write_text("id,title\n1,Blue cup\n2,Rake\n")
    for name, said in ((".shop", True), ("amazon_beauty", False)):
        out = shell("build", tmp_path / "shop.csv", "--out", paths.builds() / name, "--ids", "atomic")[1]
        assert ("the app does not list it: its name begins with a dot" in out) == said
    assert "does not list" not in shell("build", tmp_path / "shop.csv", "--out", tmp_path / ".shop", "--ids", "atomic")[1]
    assert names.names() == ["amazon_beauty"]
