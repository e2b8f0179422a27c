"""The map of a build: made once by :mod:`engine.builds.projection`, and kept beside the build.

:func:`make` is run by ``python -m engine map``, in a process of its own. What it writes never lies in the build, because a
finished build is not changed.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.builds import layout
from engine.builds.opened import Build
from engine.builds.projection import SAMPLE_LIMIT, STAGES, Facts, Projection, Report, project
from engine.errors import TriescopeError
from engine.files import replace_json, writing
from engine.stored import parquet, values

FORMAT = 1


class _File(Facts):
    """``map.json``: what :func:`facts` says, and its format."""

    format: int
    shown: int


def map_folder(build: Build) -> Path:
    """Folder of a build's map: beside the build, named by what was built, so that it cannot be taken for another's."""
    return layout.map_of(build.folder, build.manifest.spec_sha256, build.manifest.corpus.sha256)


def make(build: Build, report: Report | None = None) -> Projection:
    """The map of a build: read when it is there, else made and written."""
    folder = map_folder(build)
    try:
        if made := read(folder, len(build.codes)):
            return made
    except TriescopeError:
        with writing(folder):
            shutil.rmtree(folder)  # damaged: made anew
    begin(folder)  # before the work, which takes a minute, not after it
    made = project(build.embeddings, build.manifest.spec.seed, SAMPLE_LIMIT, build.codes[:, 0], report)
    write(made, folder)
    if report:
        report("build", len(STAGES), len(STAGES))
    return made


def begin(folder: Path) -> Path:
    """The empty hidden folder in which a map is made that will be called ``folder``.

    Raises
    ------
    TriescopeError
        Nothing can be written there.
    """
    partial = layout.partial_of(folder)
    with writing(folder):
        shutil.rmtree(partial, ignore_errors=True)  # of one that was killed while it wrote
        partial.mkdir(parents=True)
    return partial


def write(made: Projection, folder: Path) -> None:
    """Write a map as a whole: into a hidden sibling, which then takes the folder's name.

    Raises
    ------
    TriescopeError
        The disk refuses.
    """
    partial = begin(folder)
    try:
        with writing(folder):
            columns = {"row": made.rows, "x": made.xy[:, 0], "y": made.xy[:, 1]}
            pq.write_table(pa.table(columns), partial / layout.POINTS, compression="zstd")
            replace_json(partial / layout.FACTS, {"format": FORMAT} | facts(made))
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
    except OSError as error:
        raise TriescopeError(f"{error.filename or folder}: {error.strerror or error}") from error


def facts(made: Projection) -> dict[str, Any]:
    """What there is to say of a map, as JSON values; the key ``shown`` counts its points."""
    return {"shown": len(made.rows)} | made.facts.model_dump()


def read(folder: Path, documents: int) -> Projection | None:
    """The map of a build with so many ``documents``; None when there is none.

    Raises
    ------
    TriescopeError
        It is damaged, or of another format or build.
    """
    if not (folder / layout.FACTS).is_file():
        return None
    try:
        told = _File.model_validate(values.read(folder / layout.FACTS))
        if told.format != FORMAT or told.documents != documents or not 0 < told.shown <= documents:
            raise ValueError("not the map of this build")
        kinds = {"row": parquet.INT32, "x": parquet.FLOAT32, "y": parquet.FLOAT32}
        rows, x, y = (np.asarray(column) for column in parquet.read(folder / layout.POINTS, kinds, told.shown))
        if rows[0] < 0 or rows[-1] >= documents or (rows[1:] <= rows[:-1]).any():
            raise ValueError("not the map of this build")
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise ValueError("a point without a place")
        return Projection(rows, np.column_stack([x, y]), Facts(**told.model_dump(exclude={"format", "shown"})))
    except (ValueError, TriescopeError) as error:
        raise TriescopeError(f"{folder}: the map is damaged ({str(error).splitlines()[0]})") from error
