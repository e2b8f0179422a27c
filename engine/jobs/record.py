"""A job written down, so that a server that is started anew finds what the one before had begun.

    .catalogue shop.job.json      the command, who had it run, and the process that it became

The file is there from the moment when a job is put in line until its end was seen. A process is known by its number and by when
it began: the number alone may be another's by now.
"""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from engine import files
from engine.builds.layout import progress_of
from engine.data.figures import Stored

ENDING = ".job.json"


class Process(Stored):
    """A process: its number, and when it began in ticks of the system, where that is known."""

    pid: int = Field(gt=1)
    began: int | None = None

    @classmethod
    def of(cls, pid: int) -> "Process":
        """The process of that number, as it is now."""
        return cls(pid=pid, began=_began(pid))

    def alive(self) -> bool:
        """Whether it runs; one that has ended and that nobody has reaped does not."""
        if self.began is not None:
            return _began(self.pid) == self.began
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def signal(self, number: int) -> bool:
        """Send a signal to all processes of its session; whether there is any. One that is not alive is left alone."""
        return self.alive() and signal_group(self.pid, number)


class Record(Stored):
    """A job: its name, what follows ``python -m engine``, its label and units, whose it is (empty: everybody's), the server that
    it waits in, and the process that it became."""

    name: str
    arguments: tuple[str, ...]
    label: str = ""
    units: dict[str, str] = Field(default_factory=dict)
    owner: str = ""
    server: Process
    process: Process | None = None


def path_of(builds: Path, name: str) -> Path:
    """Where a job is written down."""
    return progress_of(builds, name).with_name(f".{name}{ENDING}")


def write(
    builds: Path, name: str, arguments: Sequence[str], label: str, units: Mapping[str, str], owner: str, pid: int | None
) -> None:
    """Write it down; a disk that takes nothing will refuse the job itself, and say so."""
    record = Record(
        name=name,
        arguments=tuple(arguments),
        label=label,
        units=dict(units),
        owner=owner,
        server=Process.of(os.getpid()),
        process=Process.of(pid) if pid else None,
    )
    try:
        files.replace_json(path_of(builds, name), record.model_dump())
    except OSError:
        return


def remove(builds: Path, name: str) -> None:
    """Its end was seen."""
    try:
        path_of(builds, name).unlink(missing_ok=True)
    except OSError:
        return  # of a disk that takes nothing any more


def read_all(builds: Path) -> list[Record]:
    """All that are written down, in the order of their names; what cannot be read is none."""
    found = []
    for path in sorted(builds.glob(f".*{ENDING}")) if builds.is_dir() else []:
        value: Any = files.read_json(path)
        try:
            record = Record.model_validate(value)
        except ValidationError:
            continue
        if path_of(builds, record.name) == path:
            found.append(record)
    return found


def signal_group(group: int, number: int) -> bool:
    """Send a signal to every process of a group; whether there is any."""
    try:
        os.killpg(group, signal.Signals(number) if number else 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def memory_mb(pid: int) -> float:
    """Megabytes that a process holds for itself and of files that it has mapped; 0 where it does not run, or nobody tells."""
    try:
        with open(f"/proc/{pid}/statm", encoding="utf-8") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError, IndexError):
        return 0.0


def _began(pid: int) -> int | None:
    """When a process began, in ticks since the machine did; None where it does not run, or nobody tells."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            told = file.read().rpartition(")")[2].split()
        return None if told[0] == "Z" else int(told[19])
    except (OSError, ValueError, IndexError):
        return None
