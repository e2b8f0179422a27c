"""What a build will take, from two seconds of this machine's own work: minutes, and megabytes of memory and disk."""

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from engine import paths
from engine.text import encoders

# Texts that are embedded at a time while the clock runs, and how long it runs, seconds.
BATCH, SAMPLE_S = 16, 2.0
# All stages after the embedding took so many seconds for a hundred thousand documents on two cores (WordNet, 3 x 256).
REST_S = 60 / 100_000
# Bytes a document beside its vector: trie, node means, indexes, and what Python holds of it while it is built; and megabytes that
# the process takes for itself, encoder and libraries, however few documents there are (thirty: 768 MB; WordNet: 1.9 GB).
DISK, MEMORY, PROCESS_MB = 7_000, 6_100, 750


class Foreseen(NamedTuple):
    """Seconds of embedding and of all the rest, megabytes of memory and disk, texts that were timed, and megabytes that the disk
    and the memory have left (None where nobody tells). Documents that were embedded before take no time of it."""

    embedding_s: float
    rest_s: float
    memory_mb: float
    disk_mb: float
    timed: int
    free_mb: float
    left_mb: float | None = None

    @property
    def seconds(self) -> float:
        """In all."""
        return self.embedding_s + self.rest_s

    def lacks(self) -> list[str]:
        """What of this machine it will not fit into, a sentence each.

        >>> told = Foreseen(1.0, 1.0, memory_mb=9_000, disk_mb=50, timed=16, free_mb=40.0, left_mb=8_000.0)
        >>> told.lacks(), told._replace(disk_mb=1.0, left_mb=None).lacks()
        (['The disk has 40 MB left.', 'Of memory some 8,000 MB are left.'], [])
        """
        full = [f"The disk has {self.free_mb:,.0f} MB left."] if self.disk_mb > self.free_mb else []
        tight = self.left_mb is not None and self.memory_mb > self.left_mb
        return full + ([f"Of memory some {self.left_mb:,.0f} MB are left."] if tight else [])


def foresee(texts: Sequence[str], documents: int, encoder: encoders.Encodes) -> Foreseen:
    """Embed some texts for two seconds, again and again where they are few, and go on from there.

    Parameters
    ----------
    texts : sequence of str
        What would be embedded of some documents; at least one.
    documents : int
        How many there are in all.
    encoder : Encodes
        What would embed them.
    """
    timed, begun = 0, time.perf_counter()
    while (spent := time.perf_counter() - begun) < SAMPLE_S:
        some = [texts[place % len(texts)] for place in range(timed, timed + BATCH)]
        encoder.encode(some)
        timed += len(some)
    vectors = documents * encoder.dimensions * 4
    home = paths.home()
    return Foreseen(
        embedding_s=spent / timed * documents,
        rest_s=documents * REST_S,
        # Vectors are held once, and once more in the graph; node means are about as many as documents.
        memory_mb=PROCESS_MB + (3 * vectors + documents * MEMORY) / 1e6,
        disk_mb=(3 * vectors + documents * DISK) / 1e6,
        timed=timed,
        free_mb=shutil.disk_usage(home if home.exists() else paths.ROOT).free / 1e6,
        left_mb=memory_left_mb(),
    )


def memory_left_mb(system: Path = Path("/")) -> float | None:
    """Megabytes that a new process may still take, of the machine and of the container that this one runs in; None where the
    system does not tell."""
    left, group = [], system / "sys/fs/cgroup"
    with suppress(OSError, ValueError, KeyError):
        told = dict(line.split(":") for line in (system / "proc/meminfo").read_text().splitlines())
        left.append(int(told["MemAvailable"].split()[0]) * 1024)
    with suppress(OSError, ValueError):  # "max" is none
        left.append(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return max(0, min(left)) / 1e6 if left else None
