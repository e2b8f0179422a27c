"""How far a build is, told to a person on stderr and to the app through a file."""

import sys
import time
from pathlib import Path

from engine.errors import TriescopeError
from engine.files import replace_json, writing

# A stage shorter than this is over before its estimate means anything.
ESTIMATE_AFTER_S = 1.0


class Progress:
    """Callable ``(stage, done, total)`` for :func:`engine.builds.make.make`; as a context it writes how the work ended.

    Parameters
    ----------
    file : Path, optional
        Receives ``{"stage", "done", "total", "stages_done", "stages", "seconds_left", "state", "message"}``, replaced
        as a whole, at most five times a second.
    quiet : bool
        Write nothing on stderr.

    Raises
    ------
    TriescopeError
        The file's folder does not exist.
    """

    def __init__(self, file: Path | None = None, quiet: bool = False):
        if file and not file.parent.is_dir():
            raise TriescopeError(f"{file}: there is no folder {file.parent} for the progress file")
        self.file, self.quiet = file, quiet
        self.state = {"stage": "start", "done": 0, "total": 0, "stages_done": 0, "stages": 1, "seconds_left": None}
        self.started = self.written = 0.0
        self.done_at_start = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note of ``done`` of ``total`` in a stage; the stage ``build`` counts whole stages."""
        now = time.monotonic()
        if stage == "build":
            self.state |= {"stages_done": done, "stages": total}
        else:
            if stage != self.state["stage"] or total == 0:
                self.started, self.done_at_start = now, done
            elif self.started and self.state["total"] == 0:
                self.started, self.done_at_start = now, done  # counting begins now: loading the model was no part of it
            self.state |= {"stage": stage, "done": done, "total": total, "seconds_left": self._left(now, done, total)}
        last = stage == "build" or done == total
        if last or now - self.written > 0.2:
            self.written = now
            self._show(stage)
            self.write("running")

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        # What is no TriescopeError is a fault of ours: the file stays as it is, and the exit code and stderr tell it.
        if kind is None:
            self.write("done")
        elif isinstance(error, TriescopeError):
            self.write("failed", str(error))

    def write(self, state: str, message: str = "") -> None:
        """Put the state into the file: running, done or failed (with a message)."""
        if self.file:
            with writing(self.file):
                replace_json(self.file, self.state | {"state": state, "message": message})

    def _left(self, now: float, done: int, total: int) -> float | None:
        progressed, seconds = done - self.done_at_start, now - self.started
        if progressed <= 0 or seconds < ESTIMATE_AFTER_S:
            return None
        return round(seconds / progressed * (total - done), 1)

    def _show(self, stage: str) -> None:
        if self.quiet or stage == "build":
            return
        left = self.state["seconds_left"]
        counted = f" {self.state['done']:,} of {self.state['total']:,}" if self.state["total"] else ""
        line = f"{stage}{counted}" + (f", about {left:.0f} s left" if left else "")
        print(f"\r\033[K{line}" if sys.stderr.isatty() else line, end="" if sys.stderr.isatty() else "\n", file=sys.stderr)
