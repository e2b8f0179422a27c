"""One home, wherever a process stands and however the variable is spelled."""

import os
import subprocess
import sys

import pytest

from engine import paths

ASK = "import os; from engine import paths; print(paths.home()); print(os.environ.get('TRIESCOPE_HOME'))"


def homes(told, tmp_path, code=ASK):
    env = os.environ | {"TRIESCOPE_HOME": told, "HOME": str(tmp_path / "me"), "PYTHONPATH": str(paths.ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(("told", "home"), [("~/ts", "me/ts"), ("relhome", "relhome"), ("./a/../b/", "b")])
def test_the_home_is_absolute(tmp_path, told, home):
    assert homes(told, tmp_path) == [str(tmp_path / home)] * 2


def test_a_job_that_runs_in_another_folder_has_the_same_home(tmp_path):
    code = f"import subprocess, sys; from engine import paths; subprocess.run([sys.executable, '-c', {ASK!r}], cwd=paths.ROOT)"
    assert homes("relhome", tmp_path, code) == [str(tmp_path / "relhome")] * 2


def test_without_the_variable_it_lies_beside_the_code(monkeypatch):
    monkeypatch.delenv("TRIESCOPE_HOME")
    assert paths.home() == paths.ROOT / ".triescope"
