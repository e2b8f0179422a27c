"""A job that another server began: still at work, ended while nobody looked, or interrupted, and then to be gone on with."""

import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from engine import paths
from engine.builds import layout
from engine.errors import TriescopeError
from engine.jobs import record
from engine.jobs.process import GRACE_S, Told, read_progress
from engine.jobs.record import Record

LOOK_S = 0.02


class FoundJob:
    """A job as it was written down; it is asked as :class:`engine.jobs.process.Job` is.

    Parameters
    ----------
    known : Record
        What was written down.
    undo : callable
        Removes what one that is cancelled, or given up, had begun.
    """

    def __init__(self, known: Record, undo: Callable[[], None] = lambda: None):
        self.known, self._undo = known, undo
        self.name, self.label, self.units, self.owner = known.name, known.label, known.units, known.owner
        self._folder = paths.builds()
        self.progress, self.log = layout.progress_of(self._folder, known.name), layout.log_of(self._folder, known.name)
        self._since, self._end = time.monotonic(), None if self._alive() else self._ended()
        # Whoever waits for it looks while somebody else cancels it: what it came to is said by the one who ended it.
        self._one_at_a_time, self._stopping = threading.Lock(), False

    def launch(self) -> None:
        """It was started before."""

    def told(self) -> Told:
        """How far it is; once it has ended, always the same."""
        with self._one_at_a_time:
            if self._end is None and not self._stopping and not self._alive():
                self._end = self._ended()
            return self._end or read_progress(self.progress)

    def running(self) -> bool:
        """Whether it is at work."""
        return not self.told().over

    def seconds(self) -> float:
        """For how long this server knows of it."""
        return time.monotonic() - self._since

    def memory_mb(self) -> float:
        """Megabytes that its process holds; 0 after its end."""
        return record.memory_mb(self.known.process.pid) if self.known.process and self._alive() else 0.0

    def cancel(self) -> None:
        """End it, and undo what it had begun; nothing where it has ended."""
        with self._one_at_a_time:
            if self._end is not None or self._stopping or self.known.process is None:
                return
            self._stopping = True
        self.known.process.signal(signal.SIGTERM)
        until = time.monotonic() + GRACE_S
        while time.monotonic() < until and self._alive():
            time.sleep(LOOK_S)
        self.known.process.signal(signal.SIGKILL)
        while self._alive():
            time.sleep(LOOK_S)
        self.give_up("cancelled")

    def give_up(self, state: str = "cancelled") -> None:
        """Go on with it no more: what it had begun is removed, and it is forgotten."""
        told = replace(read_progress(self.progress), state=state)  # type: ignore[arg-type]
        try:
            self._undo()
        except TriescopeError as error:
            told = replace(told, state="failed", message=str(error))
        with self._one_at_a_time:
            self._end = told
            self._forget()

    def _alive(self) -> bool:
        return self.known.process is not None and self.known.process.alive()

    def _ended(self) -> Told:
        """How it ended, by what it wrote last; one that wrote no end was interrupted, and stays written down."""
        told = read_progress(self.progress, ended=True)
        if told.state in ("done", "failed"):
            self._forget()
        return told

    def _forget(self) -> None:
        record.remove(self._folder, self.name)
        with suppress(OSError):
            self.progress.unlink(missing_ok=True)
