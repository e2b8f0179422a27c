"""Documents that are sent are found at once by every retriever, and gone at once; what cannot be taken changes nothing."""

import shutil
import threading

import pytest

from engine.builds.opened import Build
from engine.serve import told
from engine.serve.settings import Settings
from engine.serve.shelf import Shelf
from tests.engine.serve.conftest import running

NEW = {"id": "xylo", "title": "The Xylophone Heist", "text": "Four xylophonists rob a bank.", "metadata": {"year": 2031}}


@pytest.fixture
def place(small_build, tmp_path):
    return shutil.copytree(small_build, tmp_path / "sixty")


@pytest.fixture
def client(place):
    with running(Shelf([place]), Settings(port=0, writable=True)) as client:
        yield client


def found(client, retriever, query="xylophonists rob a bank"):
    answer = client.get("/search", params={"query": query, "retriever": retriever, "k": 3})
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["hits"]]


def test_a_document_is_found_when_it_was_taken_and_gone_when_it_was_removed(client, place):
    failed, over = [], threading.Event()

    def search():
        while not over.is_set():
            answer = client.get("/search", params={"query": "a ship in a storm", "retriever": "generative"})
            failed.extend([answer.text] if answer.status_code != 200 else [])

    beside = threading.Thread(target=search)
    beside.start()
    try:
        value = client.post("/documents", json={"documents": [NEW]}).json()
        assert told.ChangedTold.model_validate(value).model_dump() == {
            "build": "sixty",
            "added": 1,
            "changed": 0,
            "removed": 0,
            "unchanged": 0,
            "documents": 61,
        }
        for retriever in ("bm25", "dense", "generative", "hybrid"):
            assert found(client, retriever)[0] == "xylo"
        assert [hit.id for hit in Build(place).search("xylophonists rob a bank", "bm25", 3)[0]] == found(client, "bm25")
        again = client.post("/documents", json={"documents": [NEW | {"text": "They sail away."}]}).json()
        assert (again["changed"], again["documents"]) == (1, 61)
        gone = client.delete("/documents", params={"id": ["xylo", Build(place).documents[0].id]}).json()
        assert (gone["removed"], gone["documents"]) == (2, 59)
        for retriever in ("bm25", "dense", "generative"):
            assert "xylo" not in found(client, retriever)
    finally:
        over.set()
        beside.join(10)
    assert failed == []


WRONG = [
    ({"documents": []}, 422, "documents: "),
    ({"documents": [{"id": "", "title": "x"}]}, 422, "id: "),
    ({"documents": [{"id": " ", "title": "x"}]}, 422, "id: "),
    ({"documents": [{"id": "x"}]}, 400, "it needs an id, and a title or a text"),
    ({"documents": [{"id": "x", "title": "x"}, {"id": "x", "title": "y"}]}, 400, "id 'x' comes twice"),
    ({"documents": [{"id": "x", "title": "x", "metadata": {"a": {"b": 1}}}]}, 422, ""),
    ({"documents": [{"id": "x", "title": "x", "path": "/etc"}]}, 422, "path: extra"),
]


@pytest.mark.parametrize(("sent", "status", "said"), WRONG)
def test_what_cannot_be_taken_changes_nothing(client, place, sent, status, said):
    answer = client.post("/documents", json=sent)
    assert (answer.status_code, said in answer.json()["error"]) == (status, True), answer.text
    lone, nan = b'{"documents": [{"id": "\\ud800", "title": "x"}]}', b'{"documents": [{"id": "x", "metadata": {"a": NaN}}]}'
    for raw in (lone, nan, b"{", b"\xff"):
        answer = client.post("/documents", content=raw, headers={"content-type": "application/json"})
        assert (answer.status_code in (400, 422), "error" in answer.json()) == (True, True), answer.text
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = client.post("/documents", content=b'{"documents": [{"id": "x", "title": "x"}]}', headers={"content-type": kind})
        assert answer.status_code in (415, 422)
    assert client.delete("/documents", params={"id": "nothing"}).status_code == 400
    assert len(Build(place).documents) == 60


def test_a_server_that_was_not_told_to_takes_nothing(place):
    with running(Shelf([place]), Settings(port=0)) as client:
        assert client.post("/documents", json={"documents": [NEW]}).status_code == 404
        assert client.delete("/documents", params={"id": "x"}).status_code == 404
