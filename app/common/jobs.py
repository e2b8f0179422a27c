"""Long work in a process of its own, so that it can be watched and cancelled and cannot take the server down.

Streamlit cannot cancel a script and a spawned child would import the page again, so a job is a command of the shell
(``python -m engine ...``) with a progress file that this side reads.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from engine import paths
from engine.builds.layout import progress_of
from engine.builds.make import discard
from engine.health.remedies import Change


class Command:
    """One running command of the shell, which must know ``--progress`` and ``--json``.

    Parameters
    ----------
    name : str
        Name in the :func:`registry` and, hidden, of the progress file; no part of it comes from a person.
    arguments : sequence of str
        What follows ``python -m engine``.
    """

    def __init__(self, name: str, arguments: Sequence[str]):
        self.name = name
        folder = paths.builds()
        folder.mkdir(parents=True, exist_ok=True)
        self.file = progress_of(folder, name)
        self.file.unlink(missing_ok=True)
        self.started = time.monotonic()
        self.cancelled = False
        command = [sys.executable, "-m", "engine", *arguments, "--progress", str(self.file), "--json"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=paths.ROOT, start_new_session=True
        )
        self.said = ""

    def state(self) -> dict[str, Any]:
        """Progress as the child wrote it, with ``state``: running, done, failed or cancelled."""
        try:
            told = json.loads(self.file.read_text("utf-8"))
        except (OSError, ValueError):
            told = {"stage": "start", "done": 0, "total": 0, "stages_done": 0, "stages": 1, "seconds_left": None}
        code = self.process.poll()
        if self.cancelled:
            told["state"] = "cancelled"
        elif code is None:
            told["state"] = "running"
        elif code == 0:
            told["state"] = "done"
        else:
            # A pipe can be read once; two browsers may ask.
            self.said += self.process.stderr.read() if self.process.stderr else ""
            lines = self.said.strip().splitlines()
            told |= {"state": "failed", "message": told.get("message") or (lines[-1] if lines else f"exit code {code}")}
        return told

    def cancel(self) -> None:
        """Stop the child and remove what it had begun."""
        self.cancelled = True
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.undo()
        self.file.unlink(missing_ok=True)

    def unit(self, stage: str) -> str:
        """What a stage counts, to be said behind the figures; empty where its name says it."""
        return ""

    def undo(self) -> None:
        """Remove what the child had begun; a command that writes everything at its end leaves nothing."""


class Job(Command):
    """One running build of ``corpus``, as ``out`` beside the other builds; ``flags`` are more of those of ``build``."""

    def __init__(self, corpus: str, name: str, out: str = "", flags: Sequence[str] = ()):
        self.out = paths.builds() / (out or name)
        super().__init__(name, ["build", corpus, "--out", str(self.out), *flags])

    def undo(self) -> None:
        """Remove the unfinished build."""
        discard(self.out)


@st.cache_resource
def registry() -> dict[str, Command]:
    """Jobs of this server by name: a reloaded browser finds its job again."""
    return {}


def start(corpus: str, name: str) -> None:
    """Start a build unless a job of that name is running."""
    if not running(name):
        registry()[name] = Job(corpus, name)


def start_again(name: str, folder: Path, out: str, change: Change, seed: int) -> None:
    """Start building a build's catalogue with other identifiers, unless a job of that name is running."""
    if not running(name):
        given = [part for key, value in change.settings.items() for part in ("-o", f"{key}={value}")]
        resolver = ["--resolver", change.resolver] if change.resolver else []
        registry()[name] = Job(str(folder), name, out, ["--ids", change.scheme, *given, *resolver, "--seed", str(seed)])
        st.session_state[name] = out


def start_command(name: str, arguments: Sequence[str]) -> None:
    """Start another command of the shell unless a job of that name is running."""
    if not running(name):
        registry()[name] = Command(name, arguments)


def running(name: str) -> bool:
    """Whether a job of that name is at work."""
    job = registry().get(name)
    return job is not None and job.state()["state"] == "running"


def at_work() -> bool:
    """Whether any job is."""
    return any(running(name) for name in registry())


def panel(name: str) -> None:
    """Bar, stage, time left and Cancel for a job; reruns the app when it ends."""
    job = registry().get(name)
    if job is not None:
        _watch(name)


@st.fragment(run_every=0.5)
def _watch(name: str) -> None:
    job = registry().get(name)
    if job is None:
        return
    told = job.state()
    if told["state"] == "running":
        within = told["done"] / told["total"] if told["total"] else 0.0
        left = f", about {told['seconds_left']:.0f} s left in this stage" if told.get("seconds_left") else ""
        counted = f": {told['done']:,} of {told['total']:,}{job.unit(told['stage'])}" if told["total"] else ""
        st.progress(min((told["stages_done"] + within) / told["stages"], 1.0), f"{told['stage']}{counted}{left}")
        st.button("Cancel", icon=":material/cancel:", on_click=job.cancel, key=f"cancel-{name}")
        return
    registry().pop(name, None)
    job.file.unlink(missing_ok=True)
    st.session_state["job_ended"] = (told["state"], told.get("message", ""))
    st.rerun()
