"""The jobs of a server by name. Many sessions start, watch and cancel them at once."""

import threading
from collections.abc import Callable

from engine.jobs.process import Job


class Registry:
    """Jobs by name, each until another of its name is started: how one ended is said to whoever waited for it."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._one_at_a_time = threading.Lock()

    def start(self, name: str, make: Callable[[], Job]) -> Job:
        """Start a job by calling ``make``, unless one of that name is running; returns the one that runs."""
        with self._one_at_a_time:
            job = self._jobs.get(name)
            if job is None or not job.running():
                job = self._jobs[name] = make()
            return job

    def get(self, name: str) -> Job | None:
        """The job of a name that was started last."""
        return self._jobs.get(name)

    def running(self, name: str) -> bool:
        """Whether a job of that name is at work."""
        job = self.get(name)
        return job is not None and job.running()

    def at_work(self) -> bool:
        """Whether any job is."""
        return any(job.running() for job in self.all())

    def all(self) -> list[Job]:
        """All jobs, as they are now: others start more meanwhile."""
        with self._one_at_a_time:
            return list(self._jobs.values())

    def forget(self) -> None:
        """Cancel all jobs and know none of them any more."""
        for job in self.all():
            job.cancel()
        with self._one_at_a_time:
            self._jobs.clear()
