"""A command of the shell as a job: a process with a session of its own, a progress file and a log that others read."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from engine import files, paths
from engine.builds import layout
from engine.errors import TriescopeError
from engine.jobs import record
from engine.jobs.log import tail
from engine.jobs.record import signal_group

PROGRAM = (sys.executable, "-m", "engine")
# Between asking a job to end and ending it.
GRACE_S = 5.0
# Tells a job whose it is: judgements are their own.
OWNER = "TRIESCOPE_OWNER"

State = Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]


@dataclass(frozen=True)
class Told:
    """How far a job is; ``message`` says why one failed. ``seconds_left`` is for the stage it is in."""

    state: State = "running"
    stage: str = "start"
    done: int = 0
    total: int = 0
    stages_done: int = 0
    stages: int = 1
    seconds_left: float | None = None
    message: str = ""

    @property
    def over(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.state not in ("waiting", "running")

    @property
    def share(self) -> float:
        """How much of the whole is done, from 0 to 1; a stage that counts nothing is not begun.

        >>> Told(done=1, total=4, stages_done=1, stages=2).share, Told(stages=0).share
        (0.625, 0.0)
        """
        within = self.done / self.total if self.total else 0.0
        return min((self.stages_done + within) / self.stages, 1.0) if self.stages else 0.0


class Job:
    """One running command of the shell, which must know ``--progress`` and ``--json``.

    Parameters
    ----------
    name : str
        Name of the job and, hidden, of its progress file and its log; no part of it comes from a person.
    arguments : sequence of str
        What follows ``python -m engine``.
    undo : callable, optional
        Removes what a job that was cancelled had begun; a command that writes everything at its end leaves nothing.
    label : str
        What it makes, in a word.
    units : mapping of str to str
        What a stage counts, to be said behind the figures, where its name does not say it.
    launch : bool
        Whether it is started at once; else it waits for :meth:`launch`.
    owner : str
        Whose it is, where several share a server; the process is told by ``TRIESCOPE_OWNER``.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        undo: Callable[[], None] = lambda: None,
        label: str = "",
        units: Mapping[str, str] | None = None,
        launch: bool = True,
        owner: str = "",
    ):
        self.name, self.label, self.units, self.owner = name, label, units or {}, owner
        folder = paths.builds()
        folder.mkdir(parents=True, exist_ok=True)
        self.progress, self.log = layout.progress_of(folder, name), layout.log_of(folder, name)
        self.progress.unlink(missing_ok=True)
        self._undo, self._cancelled, self._stopping = undo, False, False
        self._end: Told | None = None
        self._one_at_a_time = threading.Lock()
        self._written = (folder, name, tuple(arguments), label, self.units, owner)
        record.write(*self._written, pid=None)
        self._command = [*PROGRAM, *arguments, "--progress", str(self.progress), "--json"]
        self._process: subprocess.Popen | None = None
        self._began = 0.0
        if launch:
            self.launch()

    @property
    def process(self) -> subprocess.Popen:
        """The process of a job that was started."""
        assert self._process is not None, "the job waits"
        return self._process

    def launch(self) -> None:
        """Start it; one that has been started, or cancelled before that, stays as it is. What cannot be started has failed."""
        with self._one_at_a_time:
            if self._process is not None or self._end is not None:
                return
            self._began = time.monotonic()
            try:
                # To a file: a pipe that nobody reads is full after 64 kB, and the job then waits for ever.
                with open(self.log, "wb") as said:
                    self._process = subprocess.Popen(
                        self._command,
                        stdout=subprocess.DEVNULL,
                        stderr=said,
                        cwd=paths.ROOT,
                        start_new_session=True,
                        env=os.environ | {OWNER: self.owner},
                    )
                record.write(*self._written, pid=self._process.pid)
            except OSError as error:
                record.remove(*self._written[:2])
                self._end = Told(state="failed", message=f"{error.filename or self.log}: {error.strerror or error}")

    def told(self) -> Told:
        """How far it is; once it has ended, always the same."""
        with self._one_at_a_time:
            if self._process is None:
                return self._end or Told(state="waiting")
            if self._end is None and not self._stopping and self._left():
                self._finish()
            return self._end or read_progress(self.progress)

    def running(self) -> bool:
        """Whether it is at work, or waits for that."""
        return not self.told().over

    def seconds(self) -> float:
        """For how long it has been at work; 0 while it waits."""
        return time.monotonic() - self._began if self._began else 0.0

    def memory_mb(self) -> float:
        """Megabytes that its process holds; 0 while it waits, and after its end."""
        return record.memory_mb(self._process.pid) if self._process and self.running() else 0.0

    def cancel(self) -> None:
        """End the job with every process that it started, and undo what it had begun; nothing where it has ended.

        They are asked first; what is still there after :data:`GRACE_S` is ended.
        """
        with self._one_at_a_time:
            if self._process is None:
                record.remove(*self._written[:2])
                self._end = self._end or Told(state="cancelled")
            if self._end is not None or self._stopping or self._left():
                return
            self._cancelled = self._stopping = True
        signal_group(self.process.pid, signal.SIGTERM)
        until = time.monotonic() + GRACE_S
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE_S)
        # The job itself is gone; what it started may still be tidying up.
        while time.monotonic() < until and signal_group(self.process.pid, 0):
            time.sleep(0.02)
        with self._one_at_a_time:
            self._stopping = False
            self._finish()

    def _left(self) -> bool:
        """Whether the process has ended. It is not reaped yet, so that no other can have taken its number."""
        try:
            return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # reaped by someone's wait
            return True

    def _finish(self) -> None:
        """Take note of the end: nothing that the job started outlives it."""
        signal_group(self.process.pid, signal.SIGKILL)
        code = self.process.wait()
        told = read_progress(self.progress)
        if code == 0:
            self._end = replace(told, state="done")
        elif self._cancelled:
            self._end = replace(told, state="cancelled")
            try:
                self._undo()
            except TriescopeError as error:
                self._end = replace(told, state="failed", message=str(error))
        else:
            last = tail(self.log, 1)
            self._end = replace(told, state="failed", message=told.message or (last[0] if last else f"exit code {code}"))
        self.progress.unlink(missing_ok=True)
        record.remove(*self._written[:2])


def read_progress(progress: Path, ended: bool = False) -> Told:
    """Progress as the child wrote it; as at the start where it has not written yet. One that has ``ended`` is done or failed if
    it wrote so, else it was interrupted."""
    known = files.read_json(progress)
    known = known if isinstance(known, dict) else {}
    told = Told(**{name: known[name] for name in Told.__dataclass_fields__ if name in known and name != "state"})
    if not ended:
        return told
    return replace(told, state=known["state"] if known.get("state") in ("done", "failed") else "interrupted")
