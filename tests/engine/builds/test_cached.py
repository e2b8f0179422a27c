"""What lies in the cache is listed with its size, and goes by kind and age."""

import os
import time

import pytest

from engine import paths
from engine.builds.cached import KINDS, cached, prune
from engine.errors import TriescopeError


@pytest.fixture
def filled(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path))
    for name, size, days in (
        ("embeddings/ab12/keys.bin", 300, 0),
        ("datasets/nfcorpus/corpus.jsonl", 50, 40),
        ("datasets/x.zip", 7, 1),
    ):
        path = paths.cache() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
        os.utime(path, (time.time() - days * 86_400,) * 2)


def test_it_is_listed_by_size(filled):
    assert [(one.kind, one.name, one.bytes, round(one.days)) for one in cached()] == [
        ("embeddings", "ab12", 300, 0),
        ("datasets", "nfcorpus", 50, 40),
        ("datasets", "x.zip", 7, 1),
    ]


def test_only_what_is_of_the_kind_and_old_enough_goes(filled):
    assert [one.name for one in prune(["datasets"], older=30)] == ["nfcorpus"]
    assert [one.name for one in cached()] == ["ab12", "x.zip"]
    assert [one.name for one in prune(KINDS)] == ["ab12", "x.zip"]
    assert cached() == prune(KINDS) == []
    assert [path for path in paths.cache().rglob("*") if path.is_file()] == []


def test_another_kind_is_refused(filled):
    with pytest.raises(TriescopeError, match="the cache has no 'builds'"):
        prune(["builds"])


def test_the_shell_lists_and_deletes(filled, told):
    assert told("cache")["bytes"] == 357
    assert [one["name"] for one in told("cache", "--prune", "datasets")["deleted"]] == ["nfcorpus", "x.zip"]
    assert told("cache")["bytes"] == 300
