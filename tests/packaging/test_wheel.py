"""The wheel holds what the app and the shell need, and nothing that they do not."""

import os
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import engine
from engine.paths import ROOT

CODE = {path.relative_to(ROOT) for room in ("engine", "app", "pages") for path in (ROOT / room).rglob("*.py")}


def test_it_carries_the_engine_the_window_its_pages_and_the_films():
    carried = set(runpy.run_path(str(ROOT / "setup.py"))["carried"]())
    assert carried >= CODE
    for needed in (
        ".streamlit/config.toml",
        "app/icon.svg",
        "app/page.css",
        "engine/pictures/player.js",
        "engine/verdict/page.css",
        "data/films/corpus.jsonl",
        "data/films/qrels/test.tsv",
        "data/films/found/manifest.json",
    ):
        assert Path(needed) in carried
    assert {path.parts[0] for path in carried} == {"engine", "app", "pages", "data", ".streamlit"}
    assert not [path for path in carried if "__pycache__" in path.parts or path.suffix == ".pyc"]
    assert sum((ROOT / path).stat().st_size for path in carried) < 20e6


def test_the_front_door_is_the_engine_s_wherever_one_stands(tmp_path):
    (tmp_path / "app.py").write_text("mine = True\n")
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "triescope").symlink_to(ROOT / "triescope")
    code = "import triescope, engine, app; print(triescope.open is engine.open, triescope.make is engine.make, app.mine)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "link")},
        capture_output=True,
        text=True,
    )
    assert (done.stdout.strip(), done.stderr) == ("True True True", "")


def test_another_engine_that_stands_before_it_is_told(tmp_path):
    (tmp_path / "engine.py").write_text("")
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "triescope").symlink_to(ROOT / "triescope")
    path = f"{tmp_path}{os.pathsep}{tmp_path / 'link'}"
    done = subprocess.run(
        [sys.executable, "-c", "import triescope"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert "another package called engine stands before Triescope's" in done.stderr


def test_what_is_installed_keeps_its_builds_in_a_folder_of_the_person(tmp_path, monkeypatch):
    from engine import paths

    monkeypatch.delenv("TRIESCOPE_HOME", raising=False)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    assert paths.home() == tmp_path / "person" / ".triescope"
    (tmp_path / "pyproject.toml").touch()
    assert paths.home() == tmp_path / ".triescope"


def test_version_and_title_are_the_same_everywhere():
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"version: {engine.__version__}\n" in citation
    assert f"\n## {engine.__version__}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.slow
def test_a_wheel_made_of_the_source_archive_builds_and_answers(tmp_path):
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path / "dist"), "."]
    # Of a copy: setuptools leaves folders beside what it builds.
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in files.stdout.splitlines():
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "source" / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(command, cwd=tmp_path / "source", check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
        assert {name.split("/")[0].split("-")[0] for name in archive.namelist()} == {"triescope"}
    home = tmp_path / "person"
    env = os.environ | {"PYTHONPATH": str(tmp_path / "site"), "HOME": str(home), "HF_HUB_OFFLINE": "1"}
    env.pop("TRIESCOPE_HOME", None)

    def triescope(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "triescope", *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout

    triescope("build", "films", "--out", "x")
    assert "Inception" in triescope("search", "x", "a heist inside dreams")
