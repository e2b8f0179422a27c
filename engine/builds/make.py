"""Corpus in, Build folder out: the stages in order, resumable, and seen by others only when whole.

All work happens in a hidden sibling of the output folder. Each finished stage is written down there, so a run that was
interrupted goes on after it; the last step renames the sibling to its final name. A build that was killed is therefore
never taken for a build.
"""

import hashlib
import importlib.metadata
import json
import platform
import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np

import engine
from engine import identifiers, trie
from engine.builds import layout
from engine.builds.given import Given, queries_of
from engine.builds.manifest import FORMAT, KnownCorpus, KnownEncoder, KnownFile, KnownIdentifiers, KnownTrie, Manifest
from engine.builds.opening import read_manifest
from engine.builds.spec import BuildSpec
from engine.builds.stages import Stage, stages
from engine.data.corpus import Corpus
from engine.errors import TriescopeError
from engine.files import alone, replace_json, sha256, writing
from engine.stored import passages
from engine.text import encoders, fast_encoder, hub
from engine.text.languages import check_language, other_script
from engine.text.lengths import cut

BUSY = "{}: another process is building here"
VERSIONS_OF = ("torch", "sentence-transformers", "faiss-cpu", "bm25s", "duckdb", "numpy")

NOTHING = Given()
Report = Callable[[str, int, int], None]  # (stage, done, total)


def make(
    corpus: Corpus,
    spec: BuildSpec,
    out: Path,
    report: Report | None = None,
    given: Given = NOTHING,
    ways: Mapping[str, Stage] = MappingProxyType({}),
) -> Path:
    """Build ``corpus`` by ``spec`` and what else is ``given`` into the folder ``out``; ``ways`` are other ways to the same files.

    Returns at once when ``out`` already is that very build; goes on where an interrupted run of the same build stopped.

    Raises
    ------
    TriescopeError
        ``out`` holds something else, or a stage finds fault with the corpus or the spec.
    """
    spec = spec.model_copy(update={"model": hub.resolved(spec.model)})  # found from wherever the build is opened
    check_language(spec.language)
    scheme = identifiers.check_settings(spec.scheme, spec.settings, spec.resolver)
    if not scheme.behaviour(dict(spec.settings)):
        given = given._replace(behaviour=None)
    known = {name for document in corpus.documents for name in document.metadata}
    if unknown := [field for field in spec.fields if field not in known]:
        raise TriescopeError(f"{corpus.name} has no metadata column {unknown[0]!r}; it has {', '.join(sorted(known)) or 'none'}")
    source, encoder = digest_of(corpus), encoders.fingerprint(spec.model)
    if told := other_script((document.searched_text(spec.fields) for document in corpus.documents), spec.language):
        corpus = corpus._replace(notes=(*corpus.notes, told))
    if out.exists():
        return _that_very(out, spec, source, encoder, given)
    work = layout.partial_of(out)
    try:
        with writing(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            with alone(work, BUSY.format(work)):
                if out.exists():  # another process has finished it while this one waited for the lock
                    return _that_very(out, spec, source, encoder, given)
                work.mkdir(exist_ok=True)
                _run_stages(work, corpus, spec, source, encoder, report or (lambda stage, done, total: None), given, ways)
                work.rename(out)
    except OSError as error:
        raise TriescopeError(f"{error.filename or out}: {error.strerror or error}") from error
    return out


def _that_very(out: Path, spec: BuildSpec, source: str, encoder: str, given: Given) -> Path:
    """The folder of a build, after a look that it is the one that is asked for."""
    manifest = read_manifest(out)
    if unlike := given.unlike(out, spec.model != hub.NONE):
        raise TriescopeError(f"{out}: there is a build of other {unlike} in this folder; choose another or remove it")
    if manifest.spec_sha256 != spec.digest() or manifest.corpus.sha256 != source:
        raise TriescopeError(f"{out}: there is another build in this folder; choose another or remove it")
    if manifest.encoder.sha256 not in (encoder, None):
        raise TriescopeError(
            f"{out}: there is another build in this folder, made when encoder {spec.model!r} was another one (fingerprint "
            f"{manifest.encoder.sha256[:12]} then, {encoder[:12]} now); choose another folder or remove it"
        )
    return out


def _run_stages(
    work: Path,
    corpus: Corpus,
    spec: BuildSpec,
    source: str,
    encoder: str,
    report: Report,
    given: Given,
    ways: Mapping[str, Stage],
) -> None:
    """Run the stages that are not done yet and write the manifest."""
    made_of = {"spec": spec.digest(), "corpus": source, "encoder": encoder} | given.digests()
    done, run_of = _resume(work, made_of), stages() | dict(ways)
    if given.vectors is not None and "embeddings" not in done:
        np.save(work / layout.EMBEDDINGS, given.vectors, allow_pickle=False)
        done["embeddings"] = 0.0
    given.put_into(work)
    for place, (stage, run) in enumerate(run_of.items()):
        if stage not in done:
            report(stage, 0, 0)
            start = time.perf_counter()
            run(work, corpus, spec, partial(report, stage))
            done[stage] = round(time.perf_counter() - start, 3)
            replace_json(work / layout.PROGRESS, made_of | {"done": done})
        report("build", place + 1, len(run_of))
    (work / layout.PROGRESS).unlink()
    replace_json(work / layout.MANIFEST, manifest_of(work, corpus, spec, source, encoder, done).model_dump(mode="json"))


def discard(out: Path) -> None:
    """Remove what an interrupted build of ``out`` left behind.

    Raises
    ------
    TriescopeError
        A process is building there.
    """
    work = layout.partial_of(out)
    if out.parent.is_dir():
        with alone(work, BUSY.format(work)):
            shutil.rmtree(work, ignore_errors=True)


def remove(out: Path) -> None:
    """Delete a build: out of sight in one step, then file by file. Of a link only the link goes.

    Raises
    ------
    TriescopeError
        The disk is read-only.
    """
    gone = layout.removed_of(out)
    with writing(out):
        shutil.rmtree(gone, ignore_errors=True)
        out.rename(gone)
        if gone.is_symlink():
            gone.unlink()
        else:
            shutil.rmtree(gone)


def digest_of(corpus: Corpus) -> str:
    """SHA-256 of everything in a corpus."""
    digest = hashlib.sha256()
    for document in corpus.documents:
        digest.update(json.dumps(document, sort_keys=True, default=str).encode())
    digest.update(json.dumps([corpus.queries, corpus.qrels, corpus.left_out], sort_keys=True).encode())
    return digest.hexdigest()


def _resume(work: Path, made_of: dict[str, str]) -> dict[str, float]:
    """Seconds of the stages that an interrupted run of the same build has done; what another one left is cleared away."""
    try:
        progress = json.loads((work / layout.PROGRESS).read_text("utf-8"))
        if {key: progress[key] for key in made_of} == made_of:
            for left in work.rglob(".*.tmp"):
                left.unlink()  # of a run that was killed while it wrote
            return dict(progress["done"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # nothing to go on from: start afresh
    for left in work.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
    return {}


def manifest_of(work: Path, corpus: Corpus, spec: BuildSpec, source: str, encoder: str, seconds: dict[str, float]) -> Manifest:
    """The manifest of the finished stages in ``work``; ``source`` and ``encoder`` are hashes."""
    tree, fitted = trie.load(work / layout.TRIE), identifiers.load(work / layout.IDENTIFIERS)
    files = sorted(path for path in work.rglob("*") if path.is_file())
    texts = [document.searched_text(spec.fields) for document in corpus.documents]
    found = None if spec.model == hub.NONE else cut(texts, spec.model)
    reads, beyond = found or (None, None)
    of = passages.read(work, len(corpus.documents))
    asked = queries_of(work) if spec.model == hub.NONE else None
    return Manifest(
        format=FORMAT,
        triescope=engine.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        spec=spec,
        spec_sha256=spec.digest(),
        seeds={"identifiers": spec.seed},
        encoder=KnownEncoder(
            name=spec.model,
            sha256=encoder,
            verified=True,
            reads=reads,
            cut=beyond,
            passages=len(of.vectors) if of else None,
            fast=fast_encoder.load(spec.model).cosine if spec.fast else None,
            queries=len(asked.keys) if asked else None,
        ),
        corpus=KnownCorpus(
            name=corpus.name,
            documents=len(corpus.documents),
            left_out=corpus.left_out,
            queries={split: len(judged) for split, judged in corpus.qrels.items()},
            sha256=source,
            notes=corpus.notes,
        ),
        identifiers=KnownIdentifiers(scheme=spec.scheme, vocabulary=fitted.vocabulary, notes=fitted.notes),
        trie=KnownTrie(nodes=len(tree.code), levels=tree.levels, bytes=tree.nbytes),
        stages=seconds,
        versions={"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in VERSIONS_OF},
        files={str(path.relative_to(work)): KnownFile(bytes=path.stat().st_size, sha256=sha256(path)) for path in files},
    )
