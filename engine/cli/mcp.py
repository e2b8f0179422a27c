"""The command that gives builds to agents as tools."""

from pathlib import Path
from typing import Annotated

import typer

from engine.builds.names import find
from engine.cli.shell import app
from engine.errors import TriescopeError


@app.command("mcp")
def offer_tools(
    builds: Annotated[list[Path], typer.Argument(metavar="BUILD...", help="Folders or names; the first is the default.")],
) -> None:
    """Offer search, decode and why to an agent, over stdin and stdout (Model Context Protocol)."""
    try:
        from engine.serve.tools import tools
    except ImportError as error:
        raise TriescopeError(f"{error.name} is missing; this needs the extra: pip install 'triescope[mcp]'") from error
    from engine.serve.shelf import Shelf

    tools(Shelf([find(folder) for folder in builds])).run("stdio")
