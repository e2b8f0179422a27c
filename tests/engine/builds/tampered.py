"""Opens tampered builds, each in a process of its own that may not grow and may not hang: what becomes of them, a line each.

Run as ``python -m tests.engine.builds.tampered FIRST COUNT``. It is a program and no fixture so that the children are made
by a process that has no threads yet.
"""

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

# Before NumPy is there: threads do not survive a fork.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}

import numpy as np

from engine import filters
from engine.builds import map as stored_map
from engine.builds.card import health
from engine.builds.opened import Build
from engine.decoding.strategies import STRATEGIES
from engine.errors import TriescopeError
from engine.retrievers import dense, sparse
from engine.studies import schemes
from engine.training.source import open_source
from tests.engine.builds.tampering import description, refit, tamper
from tests.labelled import ANYWHERE
from tests.maps import thrown_down

STORED = Path(__file__).parent / "format_2" / "thirteen"
SECONDS, GROWTH = 20, 1 << 30
WORDS = "a samurai and a film about a king"
RETRIEVERS = "bm25 dense dense-hnsw generative:centroid generative:node hybrid:centroid hybrid:node bm25+dense".split()


def prepare(home: Path) -> Path:
    """A build with everything that one can have, and a map and a study beside it."""
    os.environ["TRIESCOPE_HOME"] = str(home)
    folder = shutil.copytree(STORED, home / "builds" / "thirteen")
    opened = Build(folder)
    shutil.rmtree(folder / "sparse")
    sparse.build([document.searched_text(()) for document in opened.documents], folder / "sparse")
    dense.build_hnsw(np.asarray(opened.embeddings), folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    for path in [*folder.glob("sparse/*"), *folder.glob("dense*")]:
        manifest["files"][path.relative_to(folder).as_posix()] = {}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    refit(folder)
    opened = Build(folder)
    schemes.run(opened, ["rq-kmeans", "atomic"], "none")
    stored_map.write(thrown_down(13), stored_map.map_folder(opened))
    return folder


def walk(folder: Path) -> None:
    """Everything that the app and the shell do with a build, but for encoding."""
    opened = Build(folder)
    query = np.ones(opened.embeddings.shape[1], np.float32) / np.sqrt(opened.embeddings.shape[1])
    corpus = opened.corpus
    assert len(corpus.documents) == len(opened.codes) == len(opened.embeddings)
    assert len(opened.names) == len(opened.trie.code)
    for name in ANYWHERE:  # it encodes queries
        hits, _ = opened.search(WORDS, name, 5, vector=query)
        assert all(hit.id in opened.row_of for hit in hits)
    for scorer in opened.scorer_names:
        for strategy in STRATEGIES:
            _decode(opened, query, scorer, strategy)
        opened.why(WORDS, corpus.documents[-1].id, 2, query, scorer=scorer)
    years = filters.evaluate(opened.columns, "title contains a") if opened.columns else np.ones(len(corpus.documents), bool)
    opened.trie.restricted(years).compact()
    health(opened)
    if made := stored_map.read(stored_map.map_folder(opened), len(opened.codes)):
        assert made.xy.shape == (len(made.rows), 2)
    if found := schemes.read(opened):
        for name in found.schemes:
            schemes.read_identifiers(opened, name)
    source = open_source(folder)
    assert len(source.leaf_of) == len(opened.codes)
    for split in (name for name in source.splits if name != "test"):
        source.judged(split)


def _decode(opened: Build, query: np.ndarray, scorer: str, strategy: str) -> None:
    needs = {"best-first": "bounds", "unconstrained": "dense", "look-ahead": "ahead"}.get(strategy)
    known = opened.scorer(scorer)
    if needs and not getattr(known.abilities, needs):
        return
    trace = opened.decode(WORDS, 3, query, strategy, scorer=scorer)
    opened.trace_json(WORDS, trace)


def outcome(home: Path, seed: int) -> dict[str, object]:
    """What becomes of one tampered build: ``right``, ``refused``, or what must not be."""
    with tempfile.TemporaryDirectory(dir=home.parent) as copy:
        at = shutil.copytree(home, Path(copy) / "home")
        shutil.rmtree(at / "cache", ignore_errors=True)
        random = np.random.default_rng(seed + 10**6)
        beside = [path for path in (at / "builds").glob(".*/*") if path.is_dir()]
        target = at / "builds" / "thirteen" if random.integers(8) or not beside else beside[random.integers(len(beside))]
        told = tamper(target, seed)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            _child(at, writing)
        os.close(writing)
        start, said = time.monotonic(), b""
        while time.monotonic() - start < SECONDS:
            if select.select([reading], [], [], 0.5)[0]:
                part = os.read(reading, 1 << 16)
                said += part
                if not part:
                    break
        else:
            os.kill(child, signal.SIGKILL)
        os.close(reading)
        _, status = os.waitpid(child, 0)
        found = json.loads(said) if said else {"outcome": "hang" if time.monotonic() - start >= SECONDS else "crash"}
        return {"what": told, "seconds": round(time.monotonic() - start, 2), "status": status} | found


def _child(home: Path, writing: int) -> None:
    os.environ["TRIESCOPE_HOME"] = str(home)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + GROWTH, size + GROWTH))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with np.errstate(all="ignore"), contextlib.redirect_stderr(open(os.devnull, "w")):
            walk(home / "builds" / "thirteen")
        found = {"outcome": "right"}
    except TriescopeError as error:
        line = description(error)
        found = {"outcome": "refused" if not line.startswith("NOT") else "many lines", "line": line.replace(str(home), "")}
    except BaseException as error:
        found = {"outcome": "traceback", "line": repr(error)[:300], "where": "".join(traceback.format_exc())[-1500:]}
    os.write(writing, json.dumps(found).encode())
    os._exit(0)


def main() -> None:
    first, count = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        build = prepare(home)
        walk(build)  # compiled code is loaded once, here
        for seed in range(first, first + count):
            print(json.dumps(outcome(home, seed)), flush=True)


if __name__ == "__main__":
    main()
