"""A sharded tree as a retriever: a process a shard, asked together, a process that ended started again."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine import paths
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.retrievers.ranking import Queries, Ranking, vectors_of
from engine.scale import wire
from engine.scale.merging import search
from engine.scale.part import Found, Offered
from engine.scale.split import ABOUT, read_adapter
from engine.scale.worker import FAILED
from engine.scorers.centroid import SCALE
from engine.stored import values

# Queries that go down together; beams of all of them are held at once, in every shard.
TOGETHER = 256


class EndedError(Exception):
    """The process of a shard has ended."""


class Remote:
    """A shard in a process of its own; fulfils :class:`engine.scale.merging.Searching`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "engine.scale.worker", str(folder.resolve())],
            cwd=paths.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.nodes = int(self._answer()[0])

    def start(self, vectors: np.ndarray) -> None:
        """See :meth:`engine.scale.part.Part.start`."""
        self._ask("start", vectors)

    def keep(self, sizes: np.ndarray) -> None:
        """See :meth:`engine.scale.part.Part.keep`."""
        self._ask("keep", sizes)

    def expand(self, beams: int) -> Callable[[], Offered]:
        """See :meth:`engine.scale.part.Part.expand`."""
        waiting = self._ask("expand", beams)
        return lambda: Offered(*waiting())

    def documents(self, k: int) -> Callable[[], Found]:
        """See :meth:`engine.scale.part.Part.documents`."""
        waiting = self._ask("documents", k)
        return lambda: Found(*waiting())

    def close(self) -> None:
        """End the process."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with suppress(OSError):  # it has ended, and what was not read of it is lost
                    stream.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _ask(self, name: str, *given: Any) -> Callable[[], list[Any]]:
        assert self.process.stdin is not None
        try:
            wire.send(self.process.stdin, name, *given)
        except OSError as error:
            raise EndedError(self.folder.name) from error
        return self._answer

    def _answer(self) -> list[Any]:
        assert self.process.stdout is not None
        try:
            name, given = wire.receive(self.process.stdout)
        except (EOFError, OSError) as error:
            raise EndedError(self.folder.name) from error
        if name == FAILED:
            raise TriescopeError(f"shard {self.folder.name}: {given[0]}")
        return given


class About(NamedTuple):
    """How many shards there are, levels of their tree, and what they were made of (:func:`engine.scale.split.split` was told)."""

    shards: int
    levels: int
    made: str


def about_of(folder: Path) -> About:
    """What is known of shards before one is opened.

    Raises
    ------
    TriescopeError
        It is no folder of shards.
    """
    about = values.read(folder / ABOUT)
    try:
        return About(int(about["shards"]), int(about["levels"]), str(about.get("made", "")))
    except (TypeError, KeyError, ValueError) as error:
        raise TriescopeError(f"{folder}: not a folder of shards") from error


class ShardedRetriever:
    """Generative search over shards that :func:`engine.scale.split.split` wrote; a context that ends their processes.

    Parameters
    ----------
    folder : Path
        The shards.
    beams : int
        Hypotheses kept after each level, of all shards together.

    Raises
    ------
    TriescopeError
        It is no folder of shards, or one cannot be opened.
    """

    name = "generative"
    needs_vectors = True

    def __init__(self, folder: Path, beams: int = DEFAULT_BEAMS):
        about = about_of(folder)
        shards, self.levels = about.shards, about.levels
        self.beams, self.adapter = beams, read_adapter(folder)
        self.folders = [folder / f"{place:02}" for place in range(shards)]
        self.parts: list[Remote] = []
        try:
            for one in self.folders:
                self.parts.append(Remote(one))
        except EndedError as error:
            self.close()
            raise TriescopeError(f"shard {error} of {folder} cannot be opened; its process said why") from error

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; there are no filters over shards.

        A process that was killed is started again, and the search with it: no state of one search is needed by the next.
        """
        if allowed is not None:
            raise TriescopeError("a sharded tree is searched without a filter")
        taken = np.asarray(vectors_of(self.name, queries), np.float32)
        taken = np.stack([self.adapter(query) for query in taken]) if self.adapter else taken
        scaled = (np.float32(SCALE) * taken).astype(np.float32)
        found = [self._search(scaled[start : start + TOGETHER], k) for start in range(0, len(scaled), TOGETHER)]
        return Ranking(np.concatenate([one.rows for one in found]), np.concatenate([one.scores for one in found]), [])

    def _search(self, vectors: np.ndarray, k: int) -> Ranking:
        for last in (False, True):
            try:
                return search(self.parts, self.levels, vectors, self.beams, k)
            except EndedError as error:
                if last:
                    raise TriescopeError(f"the process of shard {error} ended twice during one search") from error
                # All anew: the others may be about to answer what nobody waits for any more.
                self.close()
                self.parts = [Remote(one) for one in self.folders]
        raise AssertionError

    def close(self) -> None:
        """End the processes."""
        for part in self.parts:
            part.close()
        self.parts = []

    def __enter__(self) -> "ShardedRetriever":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
