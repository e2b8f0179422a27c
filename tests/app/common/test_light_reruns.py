"""A rerun does no work that nobody asked for: no forced collection of garbage, no file for a button that was not pressed."""

import gc
import json
import re
import shlex
import sys
import types
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit import config

from app.charts import curves
from app.common import heap, resources
from app.decode import sharing
from app.map import maps
from engine import evaluation, paths
from engine.builds.opened import Build
from engine.health import cohesion
from engine.verdict import kept, measure
from engine.workspace import evaluations
from tests.app.at import table, visit
from tests.app.browser import driving


def test_streamlit_collects_no_garbage_after_a_run(monkeypatch):
    """Read as a server that starts at the root of the project reads it."""
    assert paths.ROOT.joinpath(".streamlit", "config.toml").is_file()
    monkeypatch.chdir(paths.ROOT)
    assert config.get_config_options(force_reparse=True)["runner.postScriptGC"].value is False


@pytest.mark.parametrize("how", ["make", "docker", "tests"])
def test_every_way_to_start_the_app_reads_that_file_and_overrules_nothing_of_it(how, monkeypatch, tmp_path):
    """The file is found from the folder that holds app/main.py, so the module is named from there."""
    command = {"make": of_make, "docker": of_docker, "tests": lambda: of_tests(monkeypatch, tmp_path)}[how]()
    assert command[command.index("-m") + 1] == "app.serve"
    assert not [word for word in command if "runner" in word or "config" in word]


def of_make() -> list[str]:
    return shlex.split(re.search(r"^\t(.*-m app.serve.*)$", paths.ROOT.joinpath("Makefile").read_text(), re.M)[1])


def of_docker() -> list[str]:
    text = paths.ROOT.joinpath("Dockerfile").read_text()
    assert re.search(r"^COPY \.streamlit \.streamlit$", text, re.M), "the image holds the settings"
    assert re.search(r"^COPY --from=build /app /app$", text, re.M), "beside the app, in the folder where it starts"
    assert ".streamlit" not in paths.ROOT.joinpath(".dockerignore").read_text().split()
    assert "STREAMLIT" not in text
    return json.loads(re.search(r"^CMD (.*app.serve.*)$", text, re.M)[1])


def of_tests(monkeypatch, tmp_path) -> list[str]:
    started = []

    def popen(command, cwd, **_):
        assert cwd == paths.ROOT
        started.append(command)
        return types.SimpleNamespace(terminate=lambda: None, wait=lambda _: None)

    monkeypatch.setattr(driving.subprocess, "Popen", popen)
    monkeypatch.setattr(driving, "wait_until_healthy", lambda *_: None)
    with driving.serving(tmp_path, tmp_path / "log"):
        return [*started[0]]


class TestSettle:
    @pytest.fixture(autouse=True)
    def thawed(self, monkeypatch):
        monkeypatch.setattr(heap, "_modules", 0)
        yield
        gc.unfreeze()

    def test_what_lives_is_set_aside_once_and_again_only_after_an_import(self, monkeypatch):
        assert heap.settle()
        assert gc.get_freeze_count() > 10_000
        assert not heap.settle()
        monkeypatch.setitem(sys.modules, "loaded_later", types.ModuleType("loaded_later"))
        assert heap.settle()

    def test_garbage_is_not_set_aside(self):
        class Loop:
            alive = 0

            def __init__(self):
                self.self = self
                Loop.alive += 1

            def __del__(self):
                Loop.alive -= 1

        Loop()
        heap.settle()
        assert Loop.alive == 0


# What a page needs in its address to have something to offer.
ASKED = {
    "decode": {"query": "robots"},
    "compare": {"query": "robots"},
    "train": {"build": "sixty"},
    "evaluate": {"build": "sixty"},
    "verdict": {"build": "sixty"},
    "sessions": {"history": "seven-samurai-1954"},
}


@pytest.mark.parametrize("page", sorted(path.stem for path in (paths.ROOT / "pages").glob("*.py")))
def test_no_file_is_made_before_its_button_is_pressed(page, studied_home, trained_home, empty_home, monkeypatch):
    (empty_home / "builds").mkdir()
    for name in ("films", ".studies", ".maps"):
        (empty_home / "builds" / name).symlink_to(studied_home / "builds" / name)
    (empty_home / "builds" / "sixty").symlink_to(trained_home / "builds" / "sixty")
    (empty_home / "cache").symlink_to(studied_home / "cache")
    sixty = Build(empty_home / "builds" / "sixty")
    found = evaluation.evaluate(sixty, "dev", ["bm25", "dense"])
    spec = {"split": "dev", "retrievers": ["bm25", "dense"]}
    evaluations.keep(sixty.manifest.corpus.sha256, "sixty", spec, found.as_json() | found.by_query())
    kept.keep(sixty, measure.verdict(sixty, only=("cold",)))
    made, offered = [], {}

    def counted(owner, name):
        original = getattr(owner, name)

        def call(*given, **more):
            caller = Path(sys._getframe(1).f_code.co_filename).resolve()
            if any(caller.is_relative_to(paths.ROOT / folder) for folder in ("app", "pages")):  # Streamlit and the engine may
                made.append(name)
            return original(*given, **more)

        monkeypatch.setattr(owner, name, call)

    for owner, name in ((pd.DataFrame, "to_csv"), (pd.DataFrame, "to_json"), (json, "dumps")):
        counted(owner, name)
    for owner, name in ((sharing, "page"), (sharing, "svg"), (curves, "page"), (maps, "export")):
        counted(owner, name)
    button = st.download_button
    monkeypatch.setattr(
        st,
        "download_button",
        lambda label, data, *rest, **more: offered.update({label: data}) or button(label, data, *rest, **more),
    )
    visit(page, **ASKED.get(page, {}))
    assert made == []
    assert offered, "the page offers files"
    for label, content in offered.items():
        assert content(), f"{label} is made when it is asked for"


def test_how_alike_documents_are_is_counted_once_a_build(with_films, monkeypatch):
    counted = []
    monkeypatch.setattr(resources, "pair_cosines", lambda *given: counted.append(given) or cohesion.pair_cosines(*given))
    resources._cohesion.clear()
    for _ in range(2):
        assert table(visit("trie"), "Shared codes", "Mean cosine")["Shared codes"].tolist() == [0, 1, 2, 3]
    assert len(counted) == 1
