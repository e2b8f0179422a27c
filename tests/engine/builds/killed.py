"""Kills whoever changes a build, at random moments: what is left of it, a line each.

Run as ``python -m tests.engine.builds.killed HOME FIRST COUNT``; HOME has a build ``sixty`` and the vectors of its texts. It is a
program and no fixture so that children are forked by a process that has no threads; whatever looks at a build does so in a child.
"""

import contextlib
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Before NumPy is there: threads do not survive a fork.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}

import numpy as np

from engine import evaluation, workspace
from engine.builds import layout, living
from engine.builds.folding import fold
from engine.builds.listed import listed
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.opening import read_manifest
from engine.builds.spec import BuildSpec
from engine.data import staged
from engine.data.corpus import Document
from engine.files import sha256
from engine.retrievers import Queries

SECONDS, COME, GO = 60, 12, 5
WORDS = "a samurai and a film about a king"


def add(home: Path, seed: int) -> None:
    """Documents come, and some that are there are changed."""
    random = np.random.default_rng(seed)
    ids = [f"new-{seed}-{n}" for n in range(COME - 2)]
    ids += [document.id for document in Build(home / "builds" / "sixty").documents[:2]]
    vectors = random.normal(size=(COME, 384))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    living.add(home / "builds" / "sixty", [Document(one, f"Glass {seed}", "", {}) for one in ids], vectors=vectors)


def remove(home: Path, seed: int) -> None:
    """Documents go."""
    build = Build(home / "builds" / "sixty")
    rows = np.random.default_rng(seed).choice(len(build.documents), GO, replace=False)
    living.remove(build.folder, [build.documents[row].id for row in rows])


def compact(home: Path, seed: int) -> None:
    """What changed is folded in."""
    fold(home / "builds" / "sixty")


def build(home: Path, seed: int) -> None:
    """Another build of the same documents."""
    whole = Build(home / "builds" / "sixty", live=False)
    make(whole.corpus, BuildSpec(settings={"codes": 4}, seed=seed % 7), home / "builds" / "second")


def hand_over(home: Path, seed: int) -> None:
    """A file comes into the import folder."""
    staged.stage("shop.csv", io.BytesIO(b"id,title\n" + b"".join(b"%d,Cup %d\n" % (n, seed) for n in range(200_000))))


def evaluate(home: Path, seed: int) -> None:
    """What was measured is kept in the workspace."""
    opened = Build(home / "builds" / "sixty")
    found = evaluation.evaluate(opened, "dev", ["bm25"], measures=["nDCG@10"])
    value = found.as_json() | found.by_query()
    workspace.evaluations.keep(opened.catalogue, "sixty", {"split": "dev", "seed": seed}, value)


def train(home: Path, seed: int) -> None:
    """A scorer learns."""
    from engine.training.spec import TrainSpec
    from engine.training.train import train as learn

    learn(home / "builds" / "sixty", TrainSpec(steps=12, evaluate_every=6, batch=32, beams=20, average=0))


WORK: dict[str, Callable[[Path, int], None]] = {
    "add": add,
    "remove": remove,
    "compact": compact,
    "build": build,
    "import": hand_over,
    "evaluate": evaluate,
    "train": train,
}
# What loads libraries that have threads: only ever in a child.
APART = ("evaluate", "train")


def seen(home: Path) -> dict[str, Any]:
    """All that is listed, and the documents of each as titles by id; every file is held to its hash, every retriever asked."""
    rows, faults = listed()
    assert not faults, faults
    found: dict[str, Any] = {}
    for row in rows:
        folder = home / "builds" / row.name
        for name, known in read_manifest(folder).files.items():
            assert sha256(folder / name) == known.sha256, name
        opened = Build(folder)
        asked = Queries([WORDS], np.asarray(opened.embeddings[:1]))
        for name in ("bm25", "dense", "dense-hnsw", "generative"):
            hits = opened.retriever(name).search(asked, 5).rows
            assert hits.max() < len(opened.documents)
        assert len(opened.names) == len(opened.trie.code)
        found[row.name] = {document.id: document.title for document in opened.documents}
        for name in opened.scorer_names:
            hits = opened.retriever(f"generative:{name}").search(asked, 5).rows
            assert hits.max() < len(opened.documents)
            found[row.name][f"scorer {name}"] = ""
        kept = workspace.evaluations.listed(opened.catalogue)
        assert all(workspace.evaluations.read(one.number) for one in kept)
        found[row.name]["evaluations"] = str(len(kept))
    handed = staged.everything()
    assert all(one.path.stat().st_size == one.bytes for one in handed)
    found["handed over"] = {one.key: one.name for one in handed}
    return found


def child(home: Path, work: Callable[[], Any], wait: float | None = None) -> Any:
    """What some work gives, done in a child; None where it was killed after a while."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        try:
            with contextlib.redirect_stderr(open(os.devnull, "w")):
                value = {"value": work()}
        except BaseException:
            value = {"fault": traceback.format_exc()[-1500:]}
        with os.fdopen(writing, "w") as told:
            json.dump(value, told)
        os._exit(0)
    os.close(writing)
    if wait is not None:
        time.sleep(wait)
        os.kill(pid, signal.SIGKILL)
    with os.fdopen(reading) as told:
        said = told.read()
    os.waitpid(pid, 0)
    value = json.loads(said) if said else {"value": None}
    if "fault" in value:
        raise RuntimeError(value["fault"])
    return value["value"]


def outcome(home: Path, what: str, seed: int, seconds: float) -> dict[str, Any]:
    """What is left after a kill: a fault in words, or an empty one."""
    with tempfile.TemporaryDirectory(dir=home.parent) as copy:
        at = shutil.copytree(home, Path(copy) / "home", symlinks=True)
        os.environ["TRIESCOPE_HOME"] = str(at)
        random = np.random.default_rng(seed)
        wait = float(random.uniform(0, 2) * seconds)
        told = {"what": what, "seed": seed, "wait": round(wait, 4), "fault": "", "left": ""}
        try:
            child(at, lambda: (add(at, seed + 1), remove(at, seed + 2)))
            before = child(at, lambda: seen(at))
            child(at, lambda: WORK[what](at, seed), wait)
            after = child(at, lambda: seen(at))
            whole = child(at, lambda: seen(at)) if after == before else after
            told["left"] = "before" if after == before else "after"
            if told["left"] == "before" or what in ("compact", "build"):
                child(at, lambda: WORK[what](at, seed))  # the same command works
            whole = child(at, lambda: seen(at))
            if told["left"] == "after" and what not in ("remove", "evaluate") and whole != after:
                told["fault"] = "what was there after the kill was not all of it"
            if what == "compact" and (whole != before or (at / "builds" / "sixty" / "live").exists()):
                told["fault"] = "folding changed what is there"
            hidden = [path.name for path in (at / "builds").iterdir() if path.name.startswith(".") and path.is_dir()]
            if hidden:
                told["fault"] = f"left behind: {hidden}"
            assert layout.is_build(at / "builds" / "sixty")
        except RuntimeError as error:
            told["fault"] = str(error)
        return told


def main() -> None:
    home, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    seeds = range(first, first + count)
    asked = {what: WORK[what] for what in (list(WORK)[seed % len(WORK)] for seed in seeds)}
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        at = shutil.copytree(home, Path(folder) / "home", symlinks=True)
        os.environ["TRIESCOPE_HOME"] = str(at)
        seconds = {}
        for again in range(2):  # compiled code and libraries are loaded once, here; the second time tells how long it takes
            for what, work in asked.items():
                for folder_of in ("builds/second", "builds/sixty/trained", "imports"):
                    shutil.rmtree(at / folder_of, ignore_errors=True)
                start = time.monotonic()
                if what in APART:
                    child(at, lambda work=work: work(at, 0))  # type: ignore[misc]
                else:
                    work(at, 0)
                seconds[what] = time.monotonic() - start
            if not again:
                child(at, lambda: seen(at))
        # Vectors of what a training asks are known from here on; all else is as it was.
        for path in at.iterdir():
            if path.name != "cache":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in home.iterdir():
            if path.is_dir() and path.name != "cache":
                shutil.copytree(path, at / path.name, symlinks=True)
        for seed in seeds:
            what = list(WORK)[seed % len(WORK)]
            print(json.dumps(outcome(at, what, seed, seconds[what])), flush=True)


if __name__ == "__main__":
    main()
