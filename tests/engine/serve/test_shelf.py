"""A build put in the place of another takes over without a request being lost, and what cannot be opened takes over nothing."""

import json
import shutil
import threading
import time

import numpy as np
import pytest

from engine.builds import living
from engine.builds.make import make
from engine.builds.spec import BuildSpec
from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.serve import application
from engine.serve.held import Held, MovedError
from engine.serve.settings import Settings
from engine.serve.shelf import Shelf
from tests.engine.serve.conftest import running

QUERY = "a ship in a storm"


@pytest.fixture(scope="module")
def other(small_corpus, tmp_path_factory, home):
    """The same documents under other identifiers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(home))
        return make(small_corpus, BuildSpec(settings={"codes": 6}, seed=1), tmp_path_factory.mktemp("other") / "sixty")


@pytest.mark.parametrize("way", ["folder", "link"])
def test_no_request_is_lost_while_a_build_takes_the_place_of_another(small_build, other, tmp_path, monkeypatch, way):
    monkeypatch.setattr(application, "LOOK_S", 0.05)
    place = tmp_path / "sixty"
    if way == "link":
        place.symlink_to(small_build)
    else:
        shutil.copytree(small_build, place)
    of_build = {
        json.dumps([(hit.id, hit.identifier) for hit in Held(folder).build.search(QUERY, name, 5)[0]]): when
        for when, folder in (("before", small_build), ("after", other))
        for name in ("generative", "bm25")
    }
    assert len(of_build) == 4
    seen, over = [], threading.Event()
    with running(Shelf([place]), Settings(port=0)) as client:

        def ask(name):
            while not over.is_set():
                found = client.get("/search", params={"query": QUERY, "retriever": name, "k": 5})
                hits = [(hit["id"], hit["identifier"]) for hit in found.json().get("hits", [])]
                seen.append((found.status_code, of_build.get(json.dumps(hits))))

        threads = [threading.Thread(target=ask, args=(name,)) for name in ("generative", "bm25", "generative", "bm25")]
        for thread in threads:
            thread.start()
        while len(seen) < 20:
            time.sleep(0.01)
        if way == "link":
            (tmp_path / "new").symlink_to(other)
            (tmp_path / "new").rename(place)
        else:
            shutil.rmtree(place)
            time.sleep(0.2)
            shutil.copytree(other, tmp_path / ".new")
            (tmp_path / ".new").rename(place)
        until = time.monotonic() + 20
        while [when for _, when in seen[-8:]] != ["after"] * 8 and time.monotonic() < until:
            time.sleep(0.02)
        over.set()
        for thread in threads:
            thread.join(10)
        assert "triescope_switches 1.0" in client.get("/metrics").text
    assert {status for status, _ in seen} == {200}
    assert {when for _, when in seen} == {"before", "after"}


def test_a_damaged_build_takes_over_nothing_and_is_told(small_build, tmp_path):
    place = shutil.copytree(small_build, tmp_path / "sixty")
    shelf = Shelf([place])
    before = shelf.get()
    manifest = (place / "manifest.json").read_text()
    (place / "manifest.json").unlink()
    assert shelf.follow("sixty") is before
    assert "its folder is gone" in shelf.faults["sixty"]
    (place / "manifest.json").write_text("{}")
    assert shelf.follow("sixty") is before
    assert "cannot be opened" in shelf.faults["sixty"]
    assert before.search([QUERY], "bm25", 3, 10, "")[0], "what was read before goes on answering"
    with pytest.raises(MovedError):
        before.search([QUERY], "tfidf", 3, 10, "")
    (place / "manifest.json").write_text(manifest)
    assert shelf.follow("sixty") is not before
    assert shelf.faults == {}


def test_builds_are_asked_by_their_names(small_build, other, tmp_path):
    second = shutil.copytree(other, tmp_path / "second")
    shelf = Shelf([small_build, second])
    assert (shelf.names, shelf.get().name, shelf.get("second").build.folder) == (["sixty", "second"], "sixty", second)
    with pytest.raises(TriescopeError, match="no build 'third' here; there are sixty, second"):
        shelf.get("third")
    with pytest.raises(TriescopeError, match="two of the builds have one name"):
        Shelf([small_build, other])


def test_documents_that_come_are_found_and_what_was_open_stays_open(small_build, tmp_path):
    place = shutil.copytree(small_build, tmp_path / "sixty")
    shelf = Shelf([place])
    before = shelf.get()
    vector = np.asarray(before.build.embeddings[:1])
    living.add(place, [Document("new", "A whale in a storm", "", {})], vectors=vector)
    assert before.moved()
    now = shelf.follow("sixty")
    assert "new" in [hit.id for hit in now.search([QUERY], "bm25", 5, 50, "")[0]]
    assert now.build.base is before.build
    assert shelf.switches == 1
