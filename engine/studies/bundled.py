"""What takes minutes to find out about the bundled catalogue and comes with it: a trained scorer, a map, a study, an evaluation.

It lies in ``data/films/found``, where :mod:`engine.studies.bundle` puts it, with a manifest that has the hash of each file and
of the build that they belong to. :func:`install` puts it where the app looks for such things, beside a build of the same corpus
and spec and no other. (The vectors of texts and example queries lie with the catalogue too: :mod:`engine.builds.packaged`.)
"""

import shutil
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine import paths
from engine.builds import layout, runs
from engine.builds import map as stored_map
from engine.builds.manifest import KnownFile
from engine.builds.names import BUNDLED
from engine.builds.opened import Build
from engine.data.figures import Stored
from engine.errors import TriescopeError
from engine.files import read_json, replace_json, sha256, writing
from engine.studies import schemes

FORMAT, MANIFEST = 1, "manifest.json"
RUN = "node"
# Each in a folder of its own, under the name by which people are told of it.
KINDS = {
    "trained": f"the trained scorer {RUN}",
    "map": "the map",
    "study": "the study of identifiers",
    "evaluation": "the evaluation",
}


class Found(Stored):
    """The manifest: what was found about the build of ``corpus`` by ``spec`` (hashes), where and when."""

    format: int
    corpus: str
    spec: str
    made: str
    device: str
    files: dict[str, KnownFile]


def folder() -> Path:
    """Where they lie in the repository."""
    return paths.bundled() / BUNDLED / "found"


def read() -> Found | None:
    """Their manifest; None where none came along.

    Raises
    ------
    TriescopeError
        It is damaged, or of another format.
    """
    path = folder() / MANIFEST
    try:
        found = Found.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise TriescopeError(f"{path}: it is damaged") from error
    if found.format != FORMAT:
        raise TriescopeError(f"{path}: it is of format {found.format}, and {FORMAT} is read")
    return found


def install(build: Path) -> list[str]:
    """Put what came along beside a build, where it belongs to this very build and nothing of its kind is there.

    Asked again it does nothing: what a person deletes of it stays deleted as long as the build stays.

    Returns
    -------
    list of str
        What was done, and what was left aside and why, in sentences; empty where there was nothing to do.
    """
    opened = Build(build)
    try:
        found = read()
    except TriescopeError as error:
        return [f"What came with the catalogue is left aside: {error}."]
    if found is None or opened.manifest.corpus.sha256 != found.corpus:
        return []
    if opened.manifest.spec_sha256 != found.spec:
        return ["The trained scorer, map and study that came with the catalogue are of its default settings: left aside."]
    with writing(build):
        said = [_install(opened, found, kind) for kind in KINDS]
    done = [KINDS[kind] for kind, (placed, _) in zip(KINDS, said, strict=True) if placed]
    told = (
        f"Put beside the build, as they came with the catalogue (made on {found.device}, {found.made[:10]}): {', '.join(done)}."
    )
    return [*([told] if done else []), *(fault for _, fault in said if fault)]


def came_along(opened: Build, kind: str, name: str = "") -> str:
    """That what a build has of a kind (of :data:`KINDS`) came with the catalogue, in a sentence; empty where it was made here.

    ``name`` is that of a trained scorer.
    """
    try:
        found = read()
    except TriescopeError:
        return ""
    if found is None or (opened.manifest.corpus.sha256, opened.manifest.spec_sha256) != (found.corpus, found.spec):
        return ""
    told = f"It came with the catalogue: made on {found.device}, {found.made[:10]}."
    if kind == "trained":
        ours = name == RUN and name in runs.names(opened.folder)
        return told if ours and f"trained/{runs.stamp(opened.folder, name)}" in found.files else ""
    places = {"map": layout.POINTS, "study": layout.STUDY, "evaluation": layout.EVALUATION}
    here = place_of(opened, kind) / places[kind]
    return told if here.is_file() and sha256(here) == found.files[f"{kind}/{places[kind]}"].sha256 else ""


def evaluated(opened: Build) -> dict[str, Any] | None:
    """The evaluation of a build that came along, with the keys of ``engine evaluate --json``; None without one."""
    if not came_along(opened, "evaluation"):
        return None
    return read_json(place_of(opened, "evaluation") / layout.EVALUATION)


def place_of(opened: Build, kind: str) -> Path:
    """The folder in which the app looks for a kind."""
    if kind == "trained":
        return runs.folder_of(opened.folder, RUN)
    if kind == "map":
        return stored_map.map_folder(opened)
    if kind == "study":
        return schemes.study_folder(opened)
    return layout.evaluation_of(opened.folder, opened.manifest.spec_sha256, opened.manifest.corpus.sha256)


def _install(opened: Build, found: Found, kind: str) -> tuple[bool, str]:
    """Whether the files of a kind were put in their place, and what is wrong with them."""
    place, marker = place_of(opened, kind), opened.folder / layout.TRAINED / layout.CAME
    files = {name: known for name, known in found.files.items() if name.startswith(f"{kind}/")}
    if place.exists() or (kind == "trained" and marker.is_file()):
        return False, ""
    for name, known in files.items():
        path = folder() / name
        if Path(name).parent.as_posix() != kind or not path.is_file() or sha256(path) != known.sha256:
            return False, f"{KINDS[kind].capitalize()} that came with the catalogue is left aside: {path} is not what was made."
    partial = layout.partial_of(place)
    shutil.rmtree(partial, ignore_errors=True)  # of one that was killed
    partial.mkdir(parents=True)
    for name in files:
        shutil.copyfile(folder() / name, partial / Path(name).name)
    partial.rename(place)
    if kind == "trained":
        replace_json(marker, {"run": RUN})
        runs.settle(opened.folder, RUN)
    return True, ""
