"""The command that opens the window. It starts it as a program of its own: the engine imports nothing of it."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from engine import paths
from engine.cli.shell import app


@app.command("app")
def open_window(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it listens, on this machine alone.")] = 8501,
) -> None:
    """Open the app; before that, build the bundled films once and export the encoder for queries."""
    here = {"cwd": paths.ROOT, "env": {"HF_HUB_OFFLINE": "1"} | os.environ | {"TRIESCOPE_HOME": str(paths.home())}}
    for command in (["app.prepare"], ["streamlit", "run", "app/main.py", f"--server.port={port}"]):
        done = subprocess.run([sys.executable, "-m", *command], check=False, **here)  # type: ignore[call-overload]
        if done.returncode:
            raise SystemExit(done.returncode)
