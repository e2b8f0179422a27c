"""Corpus in, Build folder out: the stages in order, resumable, and seen by others only when whole.

All work happens in a hidden sibling of the output folder. Each finished stage is written down there, so a run that was
interrupted goes on after it; the last step renames the sibling to its final name. A build that was killed is therefore
never taken for a build.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import engine
from engine import identifiers, trie
from engine.builds.spec import BuildSpec, Manifest
from engine.data import tables
from engine.data.corpus import Corpus
from engine.errors import TriescopeError
from engine.files import alone
from engine.retrievers import Queries, dense, hybrid, open_members, sparse
from engine.scorers import centroid
from engine.text import embed
from engine.trie.naming import name_nodes

FORMAT = 2  # 2: identifiers carry words and arrays
STAGES = ("corpus", "embeddings", "identifiers", "trie", "scorer", "sparse", "dense", "names", "tuning")
VERSIONS_OF = ("torch", "sentence-transformers", "faiss-cpu", "bm25s", "duckdb", "numpy")

Report = Callable[[str, int, int], None]  # (stage, done, total)


def make(corpus: Corpus, spec: BuildSpec, out: Path, report: Report | None = None) -> Path:
    """Build ``corpus`` by ``spec`` into the folder ``out``.

    Returns at once when ``out`` already is that very build; goes on where an interrupted run of the same build stopped.

    Raises
    ------
    TriescopeError
        ``out`` holds something else, or a stage finds fault with the corpus or the spec.
    """
    identifiers.check_settings(spec.scheme, spec.settings, spec.resolver)
    known = {name for document in corpus.documents for name in document.metadata}
    if unknown := [field for field in spec.fields if field not in known]:
        raise TriescopeError(f"{corpus.name} has no metadata column {unknown[0]!r}; it has {', '.join(sorted(known)) or 'none'}")
    source = digest_of(corpus)
    if out.exists():
        manifest = read_manifest(out)
        if manifest["spec_sha256"] == spec.digest() and manifest["corpus"]["sha256"] == source:
            return out
        raise TriescopeError(f"{out}: there is another build in this folder; choose another or remove it")
    work = out.parent / f".{out.name}.partial"
    try:
        work.mkdir(parents=True, exist_ok=True)
        with alone(work, f"{work}: another process is building here"):
            _run_stages(work, corpus, spec, source, report or (lambda stage, done, total: None))
            work.rename(out)
    except OSError as error:
        raise TriescopeError(f"{error.filename or out}: {error.strerror or error}") from error
    return out


def _run_stages(work: Path, corpus: Corpus, spec: BuildSpec, source: str, report: Report) -> None:
    """Run the stages that are not done yet and write the manifest."""
    done = _resume(work, spec, source)
    for place, stage in enumerate(STAGES):
        if stage not in done:
            report(stage, 0, 0)
            start = time.perf_counter()
            _RUN[stage](work, corpus, spec, partial(report, stage))
            done[stage] = round(time.perf_counter() - start, 3)
            _write_json(work / "progress.json", {"spec": spec.digest(), "corpus": source, "done": done})
        report("build", place + 1, len(STAGES))
    (work / "progress.json").unlink()
    _write_json(work / "manifest.json", _manifest(work, corpus, spec, source, done))


def discard(out: Path) -> None:
    """Remove what an interrupted build of ``out`` left behind."""
    shutil.rmtree(out.parent / f".{out.name}.partial", ignore_errors=True)


def remove(out: Path) -> None:
    """Delete a build: out of sight in one step, then file by file. Of a link only the link goes."""
    gone = out.with_name(f".{out.name}.removed")
    shutil.rmtree(gone, ignore_errors=True)
    out.rename(gone)
    if gone.is_symlink():
        gone.unlink()
    else:
        shutil.rmtree(gone)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Manifest of a build.

    Raises
    ------
    TriescopeError
        The folder is no build, or one of another format.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise TriescopeError(f"{folder}: not a build (there is no manifest.json in it)")
    try:
        manifest = json.loads(path.read_text("utf-8"))
        if manifest["format"] != FORMAT:
            raise TriescopeError(f"{folder}: build format {manifest['format']}, this version reads {FORMAT}")
        Manifest.model_validate(manifest)
    except (ValueError, KeyError, TypeError) as error:
        raise TriescopeError(f"{path}: the manifest is damaged") from error
    return manifest


def digest_of(corpus: Corpus) -> str:
    """SHA-256 of everything in a corpus."""
    digest = hashlib.sha256()
    for document in corpus.documents:
        digest.update(json.dumps(document, sort_keys=True, default=str).encode())
    digest.update(json.dumps([corpus.queries, corpus.qrels, corpus.left_out], sort_keys=True).encode())
    return digest.hexdigest()


def _resume(work: Path, spec: BuildSpec, source: str) -> dict[str, float]:
    try:
        progress = json.loads((work / "progress.json").read_text("utf-8"))
        if progress["spec"] == spec.digest() and progress["corpus"] == source:
            return dict(progress["done"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # nothing to go on from: start afresh
    for left in work.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
    return {}


def _corpus(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    tables.write_corpus(corpus, work)


def _embeddings(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    texts = [document.searched_text(spec.fields) for document in corpus.documents]
    np.save(work / "embeddings.npy", embed.embed(texts, spec.model, report), allow_pickle=False)


def _identifiers(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    embeddings = np.load(work / "embeddings.npy")
    fitted = identifiers.fit(spec.scheme, embeddings, dict(spec.settings), spec.seed, corpus.documents, spec.resolver, report)
    identifiers.save(fitted, work / "identifiers.npz")


def _trie(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    trie.save(trie.build(identifiers.load(work / "identifiers.npz").codes), work / "trie")


def _scorer(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    embeddings = np.load(work / "embeddings.npy", mmap_mode="r")
    centroid.save(centroid.node_means(trie.load(work / "trie"), embeddings), work / "scorer")


def _sparse(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    sparse.build([document.searched_text(spec.fields) for document in corpus.documents], work / "sparse")


def _dense(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    dense.build_hnsw(np.load(work / "embeddings.npy"), work / "dense.faiss")


def _names(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    titles = [document.title for document in corpus.documents]
    texts = [document._replace(title="").searched_text(spec.fields) for document in corpus.documents]
    words = identifiers.load(work / "identifiers.npz").words
    names = name_nodes(trie.load(work / "trie"), titles, texts, words)
    tables.write_names(names, work)


def _tuning(work: Path, corpus: Corpus, spec: BuildSpec, report: embed.Progress) -> None:
    """Fusion weights and fallback threshold, from development queries alone; test judgements are not looked at."""
    tuning = hybrid.Tuning()
    if dev := corpus.qrels.get("dev"):
        row_of = {document.id: row for row, document in enumerate(corpus.documents)}
        ids = list(dev)
        texts = [corpus.queries[query] for query in ids]
        gains = [{row_of[d]: grade for d, grade in dev[query].items() if d in row_of} for query in ids]
        tuning = hybrid.tune(*open_members(work), Queries(texts, embed.embed(texts, spec.model, report, role="query")), gains)
    _write_json(work / "tuning.json", tuning._asdict())


_RUN: dict[str, Callable[[Path, Corpus, BuildSpec, embed.Progress], None]] = {
    "corpus": _corpus,
    "embeddings": _embeddings,
    "identifiers": _identifiers,
    "trie": _trie,
    "scorer": _scorer,
    "sparse": _sparse,
    "dense": _dense,
    "names": _names,
    "tuning": _tuning,
}


def _manifest(work: Path, corpus: Corpus, spec: BuildSpec, source: str, seconds: dict[str, float]) -> dict[str, Any]:
    tree = trie.load(work / "trie")
    files = sorted(path for path in work.rglob("*") if path.is_file())
    return {
        "format": FORMAT,
        "triescope": engine.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "spec": spec.model_dump(),
        "spec_sha256": spec.digest(),
        "seeds": {"identifiers": spec.seed},
        "corpus": {
            "name": corpus.name,
            "documents": len(corpus.documents),
            "left_out": corpus.left_out,
            "queries": {split: len(judged) for split, judged in corpus.qrels.items()},
            "sha256": source,
        },
        "identifiers": {
            "scheme": spec.scheme,
            "vocabulary": [int(v) for v in identifiers.load(work / "identifiers.npz").vocabulary],
        },
        "trie": {"nodes": len(tree.code), "levels": tree.levels, "bytes": tree.nbytes},
        "stages": seconds,
        "versions": {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in VERSIONS_OF},
        "files": {
            str(path.relative_to(work)): {
                "bytes": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for path in files
        },
    }


def _write_json(path: Path, value: Any) -> None:
    beside = path.with_suffix(".tmp")
    beside.write_text(json.dumps(value, indent=1, ensure_ascii=False), "utf-8")
    os.replace(beside, path)
