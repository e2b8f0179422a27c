"""A build made of another: its interactions say what is taken together, where identifiers ask for it, and go along with it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from engine.builds.given import Given, queries_of
from engine.builds.make import NOTHING, Report, make
from engine.builds.opened import Build
from engine.builds.opening import read_manifest
from engine.builds.sources import Source
from engine.builds.spec import BuildSpec
from engine.builds.stages import Stage
from engine.data.tables import read_documents
from engine.errors import TriescopeError
from engine.files import replace_json, writing
from engine.identifiers import SCHEMES, rq_behaviour
from engine.recommending import on_disk
from engine.recommending.factors import factors
from engine.stored import values
from engine.text.hub import NONE


def build(
    source: Source,
    spec: BuildSpec,
    out: Path,
    report: Report | None = None,
    given: Given = NOTHING,
    ways: Mapping[str, Stage] = MappingProxyType({}),
) -> list[str]:
    """:func:`engine.builds.make.make`, with all that interactions of the source have to do with it; what is to be said of them.
    Where the encoder is not here, the vectors of another build go along.

    Raises
    ------
    TriescopeError
        As there; or the interactions are of another catalogue.
    """
    given = given._replace(behaviour=behaviour_of(source.build, spec.scheme, dict(spec.settings), spec.seed))
    if source.build and spec.model == NONE and given.vectors is None:
        vectors = np.ascontiguousarray(source.build.embeddings)
        given = given._replace(vectors=vectors, queries=queries_of(source.build.folder))
    make(source.corpus, spec, out, report, given, ways)
    return carry(source.build, out) if source.build else []


def behaviour_of(of: Build | None, scheme: str, settings: dict, seed: int) -> np.ndarray | None:
    """What a scheme is told of who took what in a build, float32 ``(documents, 2 * factors)``; None where it does not ask for
    it, or nobody has taken anything.

    Raises
    ------
    TriescopeError
        The catalogue has changed since the interactions were joined.
    """
    wanted = scheme in SCHEMES and SCHEMES[scheme].behaviour(settings)
    if not wanted or of is None or not on_disk.is_there(of.folder):
        return None
    if of.base:
        raise TriescopeError(f"{of.name}: documents have come or gone since its interactions were joined; {AGAIN}")
    return factors(on_disk.Interactions(of).matrix.weights, settings.get("factors") or rq_behaviour.FACTORS, seed)


AGAIN = "fold them in and join the interactions again"


def carry(of: Build, out: Path) -> list[str]:
    """Take the interactions of a build along to one that was made of it, split and matrix as they are, where the documents and
    what is searched of them are the same; trained models stay behind, for some have learned the identifiers. What was done, or
    why not, in a sentence.

    Raises
    ------
    TriescopeError
        Nothing can be written.
    """
    if not on_disk.is_there(of.folder) or on_disk.is_there(out):
        return []
    made, whole = read_manifest(out), on_disk.as_made(of)
    same = made.spec.fields == whole.manifest.spec.fields and _said(out) == _said(whole.folder)
    if not same or on_disk.Interactions(whole).about.corpus != whole.manifest.corpus.sha256:
        return [f"the interactions of {of.folder.name} are of other documents or other fields: join them again"]
    source, target = whole.folder / on_disk.FOLDER, out / on_disk.FOLDER
    with writing(out):
        target.mkdir(exist_ok=True)
        for name in ("train.npz", "dev.npz", "test.npz", on_disk.USERS, on_disk.MATRIX):
            if (source / name).is_file():
                shutil.copyfile(source / name, target / name)
        known = values.read(source / on_disk.ABOUT) | {"corpus": made.corpus.sha256}
        replace_json(target / on_disk.ABOUT, known)  # last: what is half copied is not taken for whole
    return [f"the interactions of {of.folder.name} went along: {known['users']:,} people, {known['interactions']:,} interactions"]


def _said(folder: Path) -> list[tuple[str, str, str]]:
    return [(document.id, document.title, document.text) for document in read_documents(folder)]
