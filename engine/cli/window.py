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
    known = {"HF_HUB_OFFLINE": "1"} | os.environ | {"TRIESCOPE_HOME": str(paths.home())}
    done = subprocess.run([sys.executable, "-m", "app.prepare"], cwd=paths.ROOT, env=known, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)
    # In this process's place: whoever ends it ends the window, and nothing stays behind.
    os.chdir(paths.ROOT)
    os.execve(sys.executable, [sys.executable, "-m", "streamlit", "run", "app/main.py", f"--server.port={port}"], known)
