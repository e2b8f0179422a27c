"""What changed in a build folded into it: a new build of the same name that holds it all, in the place of the old one.

Identifiers stay those that documents have: nothing is fitted. What is indexed of texts and vectors is made anew, what was trained
is carried over to the new tree (:mod:`engine.scorers.carried`). All of it happens in a hidden folder beside the build, which then
takes its place in one step (:func:`engine.files.exchange`), so a process that is killed leaves the old build with its changes, or
the new one.
"""

import shutil
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine import identifiers, trie
from engine.builds import layout, runs
from engine.builds.in_use import in_use
from engine.builds.living import Tell, drift_of, turn_of
from engine.builds.make import digest_of, manifest_of
from engine.builds.opened import Build
from engine.builds.stages import stages
from engine.data import tables
from engine.errors import TriescopeError
from engine.files import exchange, held, in_turn, replace_json, writing
from engine.live import journal
from engine.live.drift import Drift
from engine.retrievers import RETRIEVERS, recall
from engine.scorers import centroid
from engine.scorers.kinds import kind
from engine.stored import passages
from engine.text import query_vectors, tuned

# Written by the fold itself; the stages that stand between and behind them are run as in a build.
OURS = ("corpus", "embeddings", "identifiers", "trie", "scorer", "tuning")


class Folded(NamedTuple):
    """What was folded in: how many changes, documents there are now, trained scorers that came along, how far the catalogue has
    moved, and what else there is to say."""

    changes: int
    documents: int
    carried: list[str]
    drift: Drift
    notes: list[str]


def fold(folder: Path, tell: Tell | None = None) -> Folded | None:
    """Fold all changes in; None where there are none.

    Raises
    ------
    TriescopeError
        A scorer was trained that cannot follow, a process trains one, the build went away, or nothing can be written.
    """
    tell = tell or (lambda stage, done, total: None)
    folder = folder.resolve()  # of a link it is the build that changes
    with writing(folder), in_turn(turn_of(folder)), in_use(folder) as look:
        work = layout.folded_of(folder)
        shutil.rmtree(work, ignore_errors=True)  # of one that was killed, before or after the two changed places
        build = Build(folder)
        if not build.grown:
            return None
        _check(build)
        work.mkdir()
        try:
            found = _fold(build, work, tell)
            look()
            exchange(folder, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)  # the old build, or what was made before it failed
    return found


def discard(folder: Path) -> None:
    """Clear away what a fold that was killed had made."""
    with in_turn(turn_of(folder)):
        shutil.rmtree(layout.folded_of(folder), ignore_errors=True)


def _check(build: Build) -> None:
    trained = build.folder / layout.TRAINED
    if any(held(path) for path in trained.glob(".*.partial")) or held(build.folder / tuned.FOLDER):
        raise TriescopeError(f"{build.folder.name}: a process trains in it; fold in what changed afterwards")
    if stay := [name for name in runs.names(build.folder) if not runs.follows(build.folder, name)]:
        told = f"{', '.join(stay)} cannot follow what changed; delete it, and train anew afterwards"
        raise TriescopeError(f"{build.folder.name}: {told}")


def _fold(build: Build, work: Path, tell: Tell) -> Folded:
    corpus, spec, notes = build.corpus, build.manifest.spec, []
    seconds, start, run_of = {}, time.perf_counter(), stages()
    steps = [stage for stage in run_of if stage not in OURS]
    tables.write_corpus(corpus, work)
    np.save(work / layout.EMBEDDINGS, np.asarray(build.embeddings), allow_pickle=False)
    if build.passages:
        passages.save(build.passages, work)
    if known_queries := query_vectors.read(build.folder, build.embeddings.shape[1]):
        query_vectors.store(work, known_queries)
    identifiers.save(build.identifiers, work / layout.IDENTIFIERS)
    trie.save(build.trie, work / layout.TRIE)
    centroid.save(np.asarray(build.parts.means), work / layout.SCORER)
    seconds["fold"] = round(time.perf_counter() - start, 3)
    for place, stage in enumerate(steps):
        tell(stage, 0, 0)
        start = time.perf_counter()
        run_of[stage](work, corpus, spec, partial(tell, stage))
        seconds[stage] = round(time.perf_counter() - start, 3)
        tell("build", place + 1, len(steps) + 1)
    if (build.folder / layout.TUNING).is_file():
        shutil.copyfile(build.folder / layout.TUNING, work / layout.TUNING)
    if build.manifest.corpus.queries.get("dev"):
        notes.append("the weights of the hybrid stay those that were chosen before anything changed")
    whole, drifted = build.base or build, drift_of(build)
    known = manifest_of(work, corpus, spec, digest_of(corpus), whole.manifest.encoder.sha256 or "", seconds)
    known = known.model_copy(
        update={
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "encoder": known.encoder.model_copy(update=whole.manifest.encoder.model_dump(include={"sha256", "verified"})),
            "identifiers": known.identifiers.model_copy(update={"notes": whole.manifest.identifiers.notes}),
            "corpus": known.corpus.model_copy(update={"began": build.catalogue, "fitted": drifted.fitted}),
        }
    )
    replace_json(work / layout.MANIFEST, known.model_dump(mode="json"))
    if (build.folder / layout.CAME).is_file():  # no part of what was built
        shutil.copyfile(build.folder / layout.CAME, work / layout.CAME)
    carried = _carry(build, work)
    notes += _tuned(build, work, tell)
    behind = [method for method in RETRIEVERS.values() if method.left_behind]
    if gone := [method.name for method in behind if method.there(build.folder) and not method.there(work)]:
        notes.append(f"what {', '.join(gone)} reads is of the documents before, and gone: make it anew")
    if (build.folder / recall.FILE).is_file():
        notes.append("widths for a recall were chosen on the tree before, and are gone: `engine widths` chooses them anew")
    if left := runs.unfinished(build.folder):
        notes.append(f"trainings that were not finished are gone: {', '.join(left)}")
    Build(work)  # held to what a build is before it takes the place of one
    tell("build", len(steps) + 1, len(steps) + 1)
    changes = len(journal.read(build.folder, build.embeddings.shape[1], build.origin))
    return Folded(changes, len(corpus.documents), carried, drifted, notes)


def _carry(build: Build, work: Path) -> list[str]:
    """Trained scorers, their weights laid out for the new tree."""
    from safetensors.numpy import load_file

    assert build.grown is not None
    names = runs.names(build.folder)
    for name in names:
        known = runs.read(build.folder, name)
        carry = kind(known.scorer).carry
        assert carry is not None, "those that cannot follow were refused"
        tensors = load_file(runs.folder_of(build.folder, name) / known.weights)
        runs.store(work, known, carry(tensors, build.grown.change, known.settings))
    default = build.folder / layout.TRAINED / layout.DEFAULT
    if default.is_file():
        (work / layout.TRAINED).mkdir(exist_ok=True)
        shutil.copyfile(default, work / layout.TRAINED / layout.DEFAULT)
    return names


def _tuned(build: Build, work: Path, tell: Tell) -> list[str]:
    """The fine-tuned encoder, with vectors of the documents that came."""
    if not tuned.is_there(build.folder):
        return []
    from safetensors.numpy import load_file

    from engine.text.layered import token_ids

    assert build.base is not None
    assert build.grown is not None
    known = tuned.read(build.folder)
    vectors = tuned.open_vectors(build.folder, len(build.base.documents))[build.grown.kept]
    if build.grown.added:
        texts = [document.searched_text(build.fields) for document in build.grown.added]
        tokens = token_ids(texts, build.encoder, "document")
        layered = tuned.open_layers(build.folder, build.encoder)
        vectors = np.concatenate([vectors, layered.vectors(tokens, partial(tell, "embeddings"))])
    tuned.store(work, known, load_file(build.folder / tuned.FOLDER / known.layers), vectors)
    return ["the fine-tuned encoder came along; what was measured of it was measured before anything changed"]
