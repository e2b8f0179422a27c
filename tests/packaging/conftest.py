"""What the tests of what is handed on share."""

import pytest
import typer

from engine.cli.main import app


@pytest.fixture
def shell_flags():
    """Flags of a command of the shell."""
    commands = typer.main.get_command(app).commands
    return lambda name: {flag for parameter in commands[name].params for flag in parameter.opts}
