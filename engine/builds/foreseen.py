"""What a build will take, from two seconds of this machine's own work: minutes, and megabytes of memory and disk."""

import shutil
import time
from collections.abc import Sequence
from typing import NamedTuple

from engine import paths
from engine.text import encoders

# Texts that are embedded at a time while the clock runs, and how long it runs, seconds.
BATCH, SAMPLE_S = 16, 2.0
# All stages after the embedding took so many seconds for a hundred thousand documents on two cores (WordNet, 3 x 256).
REST_S = 60 / 100_000
# Bytes a document beside its vector: trie, node means, indexes, and what Python holds of it while it is built.
DISK, MEMORY = 7_000, 12_000


class Foreseen(NamedTuple):
    """Seconds of embedding and of all the rest, megabytes of memory and disk, texts that were timed, and megabytes that the disk
    has left. Documents that were embedded before take no time of it."""

    embedding_s: float
    rest_s: float
    memory_mb: float
    disk_mb: float
    timed: int
    free_mb: float

    @property
    def seconds(self) -> float:
        """In all."""
        return self.embedding_s + self.rest_s


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
        memory_mb=(3 * vectors + documents * MEMORY) / 1e6,
        disk_mb=(3 * vectors + documents * DISK) / 1e6,
        timed=timed,
        free_mb=shutil.disk_usage(home if home.exists() else paths.ROOT).free / 1e6,
    )
