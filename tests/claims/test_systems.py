"""What the list of systems points at is there: files, folders, results, and commands of the shell."""

import re

import pytest
import typer

from engine import paths
from engine.cli.main import app
from engine.retrievers import RETRIEVERS

TEXT = (paths.ROOT / "docs" / "systems.md").read_text("utf-8")
COMMANDS = sorted(set(re.findall(r"`python -m engine ([^`]+)`", TEXT)))


def test_files_and_results_are_there():
    named = set(re.findall(r"`((?:engine|app|benchmarks)/[\w/.-]+)`", TEXT))
    assert len(named) > 40
    assert [name for name in sorted(named) if not (paths.ROOT / name).exists()] == []
    linked = set(re.findall(r"\]\(\.\./([\w/.-]+)\)", TEXT))
    assert [name for name in sorted(linked) if not (paths.ROOT / name).is_file()] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_of_the_shell(command):
    """Each is known, has the flags that it is given, and names retrievers that there are."""
    known = typer.main.get_command(app).commands
    name, *rest = command.split()
    flags = {flag for option in known[name].params for flag in option.opts}
    assert {word for word in rest if word.startswith("-") and not re.match(r"-\d", word)} <= flags
    for retriever in re.findall(r"-r (\S+)", command):
        members = re.split(r"[~+]", retriever)
        assert all(member.split(":")[0] in RETRIEVERS or member.split(":")[0] in ("lm", "lm-list", "cross") for member in members)
