"""Vectors that Ray's workers make are the local ones, an interrupted run goes on, and a worker that is killed is survived."""

import os
import signal
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from engine.builds import layout
from engine.builds.make import make
from engine.builds.spec import BuildSpec
from engine.data.datasets import load
from engine.errors import TriescopeError
from engine.scale import on_ray, on_ray_stages
from engine.text import embed, encoders

TEXTS = [
    f"A {kind} about {what} number {number}." for kind in ("film", "book") for what in ("ships", "war") for number in range(20)
]


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def made_here(texts, **_):
    """What workers give, made by this process's own encoder, in two batches that come in the wrong order."""
    encoder, half = encoders.load(), len(texts) // 2
    for part in (range(half, len(texts)), range(half)):
        yield {"place": np.array(part), "vector": encoder.encode([texts[place] for place in part])}


def test_what_workers_make_is_found_by_the_build_and_not_made_again(empty_home, monkeypatch):
    asked, told = [], []

    def batches(lacking, model, key, workers):
        asked.append(len(lacking))
        yield from made_here(lacking)

    monkeypatch.setattr(on_ray, "_batches", batches)
    assert on_ray.fill([*TEXTS[:20], TEXTS[0]], embed.DEFAULT_MODEL, 2, lambda *of: told.append(of)) == 20
    assert told == [(0, 20), (10, 20), (20, 20)]
    assert on_ray.fill(TEXTS[:30], embed.DEFAULT_MODEL, 2) == 10
    assert asked == [20, 10]
    monkeypatch.setattr(encoders, "load", lambda *_: pytest.fail("all of them are there"))
    found = embed.embed(TEXTS[:30])
    monkeypatch.undo()
    np.testing.assert_allclose(found, encoders.load().encode(TEXTS[:30]), atol=1e-5)


def test_an_interrupted_run_keeps_the_batches_that_came(empty_home, monkeypatch):
    def broken(lacking, *_):
        yield next(made_here(lacking))
        raise TriescopeError("ray: all workers are gone")

    monkeypatch.setattr(on_ray, "_batches", broken)
    with pytest.raises(TriescopeError, match="workers are gone"):
        on_ray.fill(TEXTS[:20], embed.DEFAULT_MODEL, 2)
    assert embed.missing(TEXTS[:20]) == 10


def test_without_the_package_it_is_said_what_to_install(empty_home, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(TriescopeError, match=r"pip install 'triescope\[ray\]'"):
        on_ray.fill(TEXTS, embed.DEFAULT_MODEL, 1)


def test_the_shell_fills_the_cache_and_builds_as_ever(shell, told, empty_home, small_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(on_ray, "_batches", lambda lacking, *_: made_here(lacking))
    without_ray(monkeypatch)
    value = told("build", small_folder, "--out", tmp_path / "x", "--codes", 4, "--engine", "ray")
    assert value["corpus"]["documents"] == 60
    assert "no engine 'spark'" in shell("build", small_folder, "--out", tmp_path / "y", "--engine", "spark")[2]


def without_ray(monkeypatch):
    """What workers would do is done here."""
    monkeypatch.setattr(on_ray, "running", lambda workers: nullcontext())
    monkeypatch.setattr(on_ray_stages, "by_workers", lambda function, given, workers: (function(*of) for of in given))


@pytest.mark.parametrize("scheme", ["rq-kmeans", "pq"])
def test_blocks_and_shards_come_to_the_files_of_a_local_build(scheme, small_folder, tmp_path, monkeypatch, caplog):
    """The second scheme fits and assigns in one, and it is said that this process made its identifiers."""
    without_ray(monkeypatch)
    monkeypatch.setattr(on_ray_stages, "BLOCK", 7)
    corpus, spec = load(str(small_folder)), BuildSpec(scheme=scheme, settings={"codes": 4})
    local = make(corpus, spec, tmp_path / "local")
    other = make(corpus, spec, tmp_path / "other", ways=on_ray_stages.ways(3))
    assert ("by this process alone" in caplog.text) == (scheme == "pq")
    names = {path.relative_to(local) for path in local.rglob("*") if path.is_file()} - {Path(layout.MANIFEST)}
    assert {str(name) for name in names if (local / name).read_bytes() != (other / name).read_bytes()} == set()


@pytest.mark.slow
def test_two_workers_of_which_one_is_killed_make_what_one_process_makes(empty_home, monkeypatch):
    monkeypatch.setattr(on_ray, "BATCH", 8)
    seen, killed, batches = set(), [], on_ray._batches

    def watched(*given):
        for batch in batches(*given):
            seen.update(batch["process"].tolist())
            if not killed:
                killed.append(int(batch["process"][0]))
                os.kill(killed[0], signal.SIGKILL)
            yield batch

    monkeypatch.setattr(on_ray, "_batches", watched)
    assert on_ray.fill(TEXTS, embed.DEFAULT_MODEL, 2) == len(TEXTS)
    assert len(seen) >= 2
    assert embed.missing(TEXTS) == 0
    np.testing.assert_allclose(embed.embed(TEXTS), encoders.load().encode(TEXTS), atol=1e-5)


@pytest.mark.slow
def test_a_build_by_two_workers_is_the_local_one(small_folder, shell, tmp_path, monkeypatch):
    """Vectors within 1e-5 of the local ones; where they are equal, so is every other file but the manifest."""
    built = {}
    for by in ("local", "ray"):
        monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / by))
        built[by] = tmp_path / by / "build"
        assert shell("build", small_folder, "--out", built[by], "--codes", 4, "--engine", by)[0] == 0
    first, second = (np.load(folder / layout.EMBEDDINGS) for folder in built.values())
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert np.array_equal(first, second)
    names = {path.relative_to(built["local"]) for path in built["local"].rglob("*") if path.is_file()}
    assert names == {path.relative_to(built["ray"]) for path in built["ray"].rglob("*") if path.is_file()}
    unlike = {str(name) for name in names if (built["local"] / name).read_bytes() != (built["ray"] / name).read_bytes()}
    assert unlike == {layout.MANIFEST}
