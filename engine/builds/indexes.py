"""Make the vector indexes that no stage of a build makes, for those who want to compare them."""

import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from engine.builds import layout
from engine.builds.opened import Build
from engine.files import alone, writing
from engine.retrievers import ivf_pq, lance_table, made_index, usearch_graph
from engine.retrievers.made_index import About

KINDS = {of.name: of for of in (ivf_pq.SQUEEZED, usearch_graph.SQUEEZED, lance_table.SQUEEZED)}
Tell = Callable[[str, int, int], None]


def usual() -> list[str]:
    """Those that are made where nobody says which: all whose packages are there."""
    return [name for name in KINDS if name != lance_table.NAME or lance_table.is_installed()]


def make(folder: Path, names: Sequence[str] | None = None, tell: Tell | None = None) -> dict[str, About]:
    """Make indexes of a build's vectors, the usual ones unless named, each in the place of the one before, and measure what they
    find.

    Raises
    ------
    TriescopeError
        Nothing can be written, or another process makes the same one.
    """
    tell, build, found = tell or (lambda stage, done, total: None), Build(folder), {}
    whole, names = build.base or build, usual() if names is None else names
    for place, name in enumerate(names):
        tell("indexes", place, len(names))
        out, start = made_index.folder_of(folder, name), time.monotonic()
        work = layout.partial_of(out)
        with writing(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            with alone(work, f"{folder.name}: another process makes its {name}"):
                shutil.rmtree(work, ignore_errors=True)  # of one that was killed
                work.mkdir()
                found[name] = made_index.make(KINDS[name], whole.embeddings, work, partial(_since, start))
                shutil.rmtree(out, ignore_errors=True)
                work.rename(out)
        tell("indexes", place + 1, len(names))
    return found


def _since(start: float) -> float:
    return time.monotonic() - start
