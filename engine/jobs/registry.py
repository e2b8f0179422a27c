"""The jobs of a server by name, one at work at a time. Many sessions start, watch and cancel them at once."""

import os
import threading
import time
from collections.abc import Callable, Sequence

from engine import paths
from engine.jobs.found import FoundJob
from engine.jobs.process import Job
from engine.jobs.record import read_all

AnyJob = Job | FoundJob

# How soon after the end of a job the next one starts, seconds.
LOOK_S = 0.2


class Registry:
    """Jobs by name, each until another of its name is started: how one ended is said to whoever waited for it.

    A job takes all cores, and a training's budget is counted by the clock, so the others wait in line.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, AnyJob] = {}
        self._line: list[AnyJob] = []  # the first is at work
        self._one_at_a_time = threading.RLock()

    def recover(self, undo_of: Callable[[Sequence[str]], Callable[[], None]]) -> None:
        """Know what a server before this one had begun, and what another one runs beside it; ``undo_of`` gives, for a command,
        what removes the beginnings of it. What waits in another server's line is that one's own."""
        with self._one_at_a_time:
            for known in read_all(paths.builds()):
                elsewhere = known.server.pid != os.getpid() and known.server.alive()
                if known.name in self._jobs or (elsewhere and known.process is None):
                    continue
                job = self._jobs[known.name] = FoundJob(known, undo_of(known.arguments))
                if job.running():
                    self._line.append(job)
                    threading.Thread(target=self._watch, args=(job,), daemon=True, name="jobs-found").start()

    def start(self, name: str, make: Callable[[], Job]) -> AnyJob:
        """Put a job that ``make`` gives, not started, at the end of the line, unless one of that name is there already; returns
        the one that is."""
        with self._one_at_a_time:
            job = self._jobs.get(name)
            if job is None or not job.running():
                job = self._jobs[name] = make()
                self._line.append(job)
                self._go_on()
            return job

    def get(self, name: str) -> AnyJob | None:
        """The job of a name that was started last."""
        return self._jobs.get(name)

    def running(self, name: str) -> bool:
        """Whether a job of that name is at work or waits."""
        job = self.get(name)
        return job is not None and job.running()

    def at_work(self) -> bool:
        """Whether any job is."""
        return any(job.running() for job in self.all())

    def all(self) -> list[AnyJob]:
        """All jobs, as they are now: others start more meanwhile."""
        with self._one_at_a_time:
            return list(self._jobs.values())

    def before(self, job: AnyJob) -> list[AnyJob]:
        """The jobs that a waiting one waits for, the one at work first."""
        with self._one_at_a_time:
            line = [one for one in self._line if one.running()]
            return line[: line.index(job)] if job in line else []

    def forget(self) -> None:
        """Cancel all jobs and know none of them any more."""
        with self._one_at_a_time:
            self._line.clear()
        for job in self.all():
            job.cancel()
        with self._one_at_a_time:
            self._jobs.clear()

    def _go_on(self) -> None:
        """Start the first of the line, unless it is at work."""
        with self._one_at_a_time:
            self._line = [job for job in self._line if job.running()]
            if self._line and self._line[0].told().state == "waiting":
                self._line[0].launch()
                threading.Thread(target=self._watch, args=(self._line[0],), daemon=True, name="jobs-line").start()

    def _watch(self, job: AnyJob) -> None:
        while job.running():
            time.sleep(LOOK_S)
        self._go_on()
