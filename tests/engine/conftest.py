"""What the engine's tests share."""

import json
import sys

import pytest

from engine.cli import main as cli


@pytest.fixture(autouse=True)
def own_home(home, monkeypatch):
    """No test reads or writes the user's own home."""
    monkeypatch.setenv("TRIESCOPE_HOME", str(home))


@pytest.fixture
def shell(capfd, monkeypatch):
    """Run a command; gives (exit code, stdout, stderr)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["triescope", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capfd.readouterr()
        return left.value.code or 0, out, err

    return run


@pytest.fixture
def told(shell):
    """Run a command with --json; gives the value."""

    def run(*arguments):
        code, out, err = shell(*arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return run
