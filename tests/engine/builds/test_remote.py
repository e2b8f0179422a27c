"""A build at an address is the build: written there whole, opened from a copy of that very version, refused where it is none."""

import fsspec
import pytest

import engine
from engine.builds import names, packed, remote
from engine.errors import TriescopeError

QUERY = "a ship in a storm"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(remote.paths, "cache", lambda: tmp_path / "cache")
    store = fsspec.filesystem("memory")
    yield store
    store.rm("/", recursive=True)


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_build_is_written_to_an_address_and_searched_there(told, small_build, opened, tmp_path, kind):
    at = f"memory://shelf/sixty{remote.ENDING}" if kind == "memory" else f"file://{tmp_path}/sixty{remote.ENDING}"
    value = told("pack", small_build, "--out", at)
    assert value["file"] == at
    found = engine.open(at)
    assert (found.folder.name, found.folder.is_relative_to(tmp_path / "cache")) == ("sixty", True)
    expected = [(hit.id, hit.score) for hit in opened.search(QUERY, "bm25", 5)[0]]
    assert [(hit.id, hit.score) for hit in found.search(QUERY, "bm25", 5)[0]] == expected
    assert [hit["id"] for hit in told("search", at, QUERY, "-r", "bm25", "-k", 5)["hits"]] == [known for known, _ in expected]


def test_a_copy_is_taken_once_and_another_file_there_is_another_copy(small_build, own_cache, monkeypatch):
    at = "memory://shelf/sixty.zip"
    remote.push(small_build, at)
    first, unpacked = names.find(at), packed.unpack
    monkeypatch.setattr(packed, "unpack", lambda *_: pytest.fail("taken again"))
    assert names.find(at) == first
    monkeypatch.setattr(packed, "unpack", unpacked)
    remote.push(small_build, at)
    second = names.find(at)
    assert second != first
    assert (first / "manifest.json").is_file(), "whoever has it open keeps it"
    assert own_cache.ls("/shelf", detail=False) == ["/shelf/sixty.zip"]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("memory://shelf/nothing.zip", "cannot be read"),
        ("memory://shelf/folder", "as one file"),
        ("zip::memory://shelf/x.zip", "as one file"),
        ("nosuchstore://shelf/x.zip", "nothing here reaches it"),
        ("memory://shelf/broken.zip", "memory://shelf/broken.zip: the archive is damaged"),
    ],
)
def test_what_is_no_build_at_an_address_is_told_and_leaves_nothing(own_cache, tmp_path, at, said):
    own_cache.pipe_file("/shelf/broken.zip", b"no archive")
    with pytest.raises(TriescopeError) as error:
        remote.fetch(at)
    assert said in str(error.value)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_store_that_takes_nothing_keeps_what_it_had(small_build, own_cache, monkeypatch):
    at = "memory://shelf/sixty.zip"
    own_cache.pipe_file("/shelf/sixty.zip", b"before")

    def fail(*_, **__):
        raise PermissionError("denied")

    monkeypatch.setattr(type(own_cache), "put_file", fail)
    with pytest.raises(TriescopeError, match=r"cannot be written to \(denied\)"):
        remote.push(small_build, at)
    assert own_cache.cat_file("/shelf/sixty.zip") == b"before"
