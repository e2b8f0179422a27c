"""Long work in a process of its own, so that it can be watched and cancelled and cannot take the server down.

Streamlit cannot cancel a script and a spawned child would import the page again, so a job is ``python -m engine
build`` with a progress file that this side reads.
"""

import json
import subprocess
import sys
import time
from typing import Any

import streamlit as st

from engine import paths
from engine.build import discard


class Job:
    """One running build."""

    def __init__(self, corpus: str, name: str):
        self.name = name
        self.out = paths.builds() / name
        self.out.parent.mkdir(parents=True, exist_ok=True)
        self.file = self.out.parent / f".{name}.progress.json"
        self.file.unlink(missing_ok=True)
        self.started = time.monotonic()
        self.cancelled = False
        command = [
            sys.executable,
            "-m",
            "engine",
            "build",
            corpus,
            "--out",
            str(self.out),
            "--progress",
            str(self.file),
            "--json",
        ]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=paths.ROOT, start_new_session=True
        )

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
            said = (self.process.stderr.read() if self.process.stderr else "").strip().splitlines()
            told |= {"state": "failed", "message": told.get("message") or (said[-1] if said else f"exit code {code}")}
        return told

    def cancel(self) -> None:
        """Stop the child and remove what it had begun."""
        self.cancelled = True
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
        discard(self.out)
        self.file.unlink(missing_ok=True)


@st.cache_resource
def registry() -> dict[str, Job]:
    """Jobs of this server by name: a reloaded browser finds its job again."""
    return {}


def start(corpus: str, name: str) -> None:
    """Start a build unless one of that name is running."""
    job = registry().get(name)
    if job is None or job.state()["state"] != "running":
        registry()[name] = Job(corpus, name)


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
        counted = f": {told['done']:,} of {told['total']:,}" if told["total"] else ""
        st.progress(min((told["stages_done"] + within) / told["stages"], 1.0), f"{told['stage']}{counted}{left}")
        st.button("Cancel", icon=":material/cancel:", on_click=job.cancel, key=f"cancel-{name}")
        return
    registry().pop(name, None)
    job.file.unlink(missing_ok=True)
    st.session_state["job_ended"] = (told["state"], told.get("message", ""))
    st.rerun()
