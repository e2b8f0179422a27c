"""Widths for a recall, chosen for a build and kept in it (:mod:`engine.retrievers.recall`)."""

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.builds import runs
from engine.builds.in_use import in_use
from engine.builds.opened import Build
from engine.files import alone, writing
from engine.retrievers import recall

Tell = Callable[[str, int, int], None]


def make(folder: Path, targets: Sequence[float] = recall.TARGETS, tell: Tell | None = None) -> recall.Widths:
    """Choose widths for each target, on the documents that there are now, in the place of those chosen before.

    Raises
    ------
    TriescopeError
        A target is no share, nothing can be written, or another process is at it.
    """
    tell = tell or (lambda stage, done, total: None)
    build = Build(folder)
    with (
        in_use(folder) as still_there,
        writing(folder),
        alone(folder / recall.FILE, f"{folder.name}: another process chooses widths"),
    ):
        scorer = build.scorer(runs.CENTROID)
        known = recall.measure(build.trie, scorer, build.embeddings, targets, lambda done, total: tell("widths", done, total))
        still_there()
        recall.write(folder, known)
    return known
