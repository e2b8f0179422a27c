"""The image runs without what it was built with, as nobody in particular, and what it is told to run exists."""

import re
import shlex
from fnmatch import fnmatch

import yaml

from engine.paths import ROOT
from engine.serve.settings import LEAST_TOKEN

STAGES = (ROOT / "Dockerfile").read_text("utf-8").split("\nFROM ")[1:]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def lines(stage, word):
    """Instructions of a stage, continued lines joined."""
    text = re.sub(r"\\\n", " ", stage)
    return [line.removeprefix(f"{word} ").strip() for line in text.splitlines() if line.startswith(f"{word} ")]


def test_the_last_stage_installs_nothing_and_runs_as_a_person_without_rights():
    build, runtime = STAGES
    assert "pip install" in build
    assert not re.search(r"\b(pip|apt-get|curl|gcc)\b", runtime)
    assert lines(runtime, "USER") == ["triescope"]
    assert runtime.index("\nUSER") < runtime.index("\nCMD")
    assert lines(runtime, "VOLUME") == ["/data"]
    assert "TRIESCOPE_HOME=/data" in runtime
    assert len(lines(runtime, "HEALTHCHECK")) == 1


def test_what_is_copied_is_there_and_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    sources = [source for line in lines(STAGES[0], "COPY") for source in shlex.split(line)[:-1]]
    assert {"engine", "app", "pages", "data", ".streamlit"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists()
        assert not any(fnmatch(source, pattern) for pattern in ignored), source


def test_window_and_service_share_a_workspace_and_may_write_nowhere_else():
    assert set(COMPOSE["services"]) == {"app", "service"}
    for service in COMPOSE["services"].values():
        assert (service["read_only"], service["tmpfs"], service["cap_drop"]) == (True, ["/tmp"], ["ALL"])
        assert service["volumes"] == ["workspace:/data"]
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    told = COMPOSE["services"]["service"]
    assert f"a token of {LEAST_TOKEN} letters" in told["environment"]["TRIESCOPE_TOKEN"]
    assert "8600/health" in told["healthcheck"]["test"][-1]


def test_the_service_s_command_is_one_that_the_shell_knows(shell_flags):
    command = COMPOSE["services"]["service"]["command"]
    assert command[:4] == ["python", "-m", "engine", "serve"]
    assert {word for word in command if word.startswith("--")} <= shell_flags("serve")
