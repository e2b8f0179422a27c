"""One door to all forms: a folder that is made whole or not at all."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from engine.builds.in_use import in_use
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.export import graph, semantic_ids, tables, tensors
from engine.export.flat import Flat, flat
from engine.files import replace_json, writing

ABOUT = "about.json"


class Form(NamedTuple):
    """A form: what it is for, and what writes it."""

    summary: str
    write: Callable[[Build, Flat, Path], None]


FORMS = {
    "safetensors": Form("tree, scorer and identifiers as one file of tensors", tensors.write),
    "onnx": Form("the scorer as a graph (queries, nodes -> scores), the tree as tensors beside it", graph.write),
    "parquet": Form("documents, nodes, vectors and embeddings as tables", tables.write),
    "semantic-ids": Form("identifiers as JSON for LC-Rec and GRID", lambda build, _, folder: semantic_ids.write(build, folder)),
}


def write(build: Build, form: str, out: Path, scorer: str = "") -> list[str]:
    """Write a build in one of :data:`FORMS` into a new folder; gives the names of its files.

    Raises
    ------
    TriescopeError
        There is no such form, the folder is there already, the scorer cannot be exported, or nothing can be written.
    """
    if form not in FORMS:
        raise TriescopeError(f"unknown form {form!r}; there are {', '.join(FORMS)}")
    if out.exists():
        raise TriescopeError(f"{out}: it is there already")
    if not out.parent.is_dir():
        raise TriescopeError(f"{out}: there is no folder {out.parent}")
    beside = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    with in_use(build.folder) as look, writing(out):
        of = flat(build, scorer)
        try:
            beside.mkdir()
            FORMS[form].write(build, of, beside)
            tables.write_documents(build, beside)
            replace_json(beside / ABOUT, of.about(build))
            look()
            os.rename(beside, out)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return sorted(path.name for path in out.iterdir())
