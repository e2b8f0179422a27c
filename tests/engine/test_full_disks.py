"""A disk that is full or read-only is one line that names the place, whichever library found out, and what was begun stays."""

import errno
import json
import os
from pathlib import Path

import duckdb
import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.builds import map as stored_map
from engine.builds import runs
from engine.builds import stages as of_build
from engine.builds.make import make, remove
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.errors import TriescopeError
from engine.files import writing
from engine.studies import schemes
from engine.text.vector_cache import VectorCache, keys_of
from engine.training.spec import TrainSpec
from engine.training.train import train

ROWS = np.ones((4000, 8), np.float32)
CORPUS = Corpus("cups", [Document(str(row), f"Cup {row}", "a blue cup", {}) for row in range(4)], {}, {}, [])


def index_of_rows():
    index = faiss.IndexFlatIP(8)
    index.add(ROWS)
    return index


WRITERS = {
    "numpy": lambda path: ROWS.tofile(path),
    "numpy, many": lambda path: np.savez(path, rows=ROWS),
    "faiss": lambda path: faiss.write_index(index_of_rows(), str(path)),
    "duckdb": lambda path: duckdb.sql("SELECT * FROM range(9999)").write_parquet(str(path)),
    "parquet": lambda path: pq.write_table(pa.table({"x": ROWS[:, 0]}), path),
    "text": lambda path: path.write_text(json.dumps(ROWS[:, 0].tolist())),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_library_on_a_full_disk_is_one_line(name, tmp_path):
    path = tmp_path / "full.npz"
    path.symlink_to("/dev/full")  # takes no byte: no space left on device
    with pytest.raises(TriescopeError) as caught, writing(Path("builds/films")):
        WRITERS[name](path)
    assert str(caught.value) == "builds/films: no space left on device"


def refused(number):
    def write(*given, **more):
        raise OSError(number, os.strerror(number))

    return write


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.EROFS, "read-only file system"),
        (errno.EDQUOT, "disk quota exceeded"),
        (errno.EACCES, "permission denied"),
        (errno.ENOSPC, "no space left on device"),
    ],
)
def test_what_a_disk_refuses_is_said_in_its_words(number, told):
    with pytest.raises(TriescopeError, match=f"^here: {told}$"), writing(Path("here")):
        refused(number)()
    with pytest.raises(TriescopeError, match=f"^here: {told}$"), writing(Path("here")):  # as safetensors has it
        raise RuntimeError(f"Error while serializing: I/O error: {os.strerror(number)} (os error {number})")


@pytest.mark.parametrize("error", [ValueError("no space for this"), OSError(errno.ENOENT, "No such file"), KeyError("x")])
def test_other_errors_pass_as_they_are(error):
    with pytest.raises(type(error)) as caught, writing(Path("here")):
        raise error
    assert caught.value is error


def test_a_build_goes_on_where_the_disk_was_full(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.text.embed.embed", lambda texts, *_, **__: np.eye(len(texts), 4, dtype=np.float32))
    with monkeypatch.context() as full:
        full.setattr(of_build.trie, "save", lambda *_: ROWS.tofile("/dev/full"))
        with pytest.raises(TriescopeError, match=f"^{tmp_path / 'out'}: no space left on device$"):
            make(CORPUS, BuildSpec(scheme="atomic"), tmp_path / "out")
    stages: list[str] = []
    make(CORPUS, BuildSpec(scheme="atomic"), tmp_path / "out", lambda stage, done, total: stages.append(stage))
    assert "identifiers" not in stages
    assert "trie" in stages


def test_vectors_that_the_cache_cannot_hold_name_the_cache(tmp_path, monkeypatch):
    cache = VectorCache(tmp_path / "cache", 8)
    monkeypatch.setattr(os, "fsync", refused(errno.ENOSPC))
    with pytest.raises(TriescopeError, match=f"^{tmp_path / 'cache'}: no space left on device$"):
        cache.add(keys_of(["a"]), ROWS[:1])


class TestReadOnly:
    """A build on a medium that cannot be written to."""

    @pytest.fixture
    def fixed(self, small_build, monkeypatch) -> Path:
        made = Path.mkdir

        def mkdir(path, *given, **more):
            (refused(errno.EROFS) if path.is_relative_to(small_build.parent) else made)(path, *given, **more)

        monkeypatch.setattr(Path, "mkdir", mkdir)
        for name in ("rename", "unlink"):
            monkeypatch.setattr(Path, name, refused(errno.EROFS))
        return small_build

    def test_it_is_searched(self, fixed):
        assert Build(fixed).search("war", "bm25")[0]

    @pytest.mark.parametrize(
        "write",
        [
            lambda build: train(build, TrainSpec(steps=2)),
            lambda build: runs.choose(build, runs.CENTROID),
            lambda build: runs.remove(build, "node"),
            lambda build: schemes.run(Build(build), ("atomic",)),
            remove,
        ],
    )
    def test_what_would_write_says_so_in_a_line(self, fixed, write):
        with pytest.raises(TriescopeError, match=r"^\S+: read-only file system$"):
            write(fixed)

    def test_a_map_says_so_before_it_is_made(self, fixed, monkeypatch):
        monkeypatch.setattr(stored_map, "read", lambda *_: None)  # another test may have made one of this build
        monkeypatch.setattr(stored_map, "project", lambda *_: pytest.fail("a minute of work for nothing"))
        with pytest.raises(TriescopeError, match=r"\.maps\S+: read-only file system$"):
            stored_map.make(Build(fixed))


def test_the_shell_says_so_too_where_nobody_else_did(shell, monkeypatch):
    monkeypatch.setattr("engine.cli.ask.show", refused(errno.ENOSPC))
    assert shell("retrievers") == (2, "", "triescope: a file: no space left on device\n")
