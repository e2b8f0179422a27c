"""What a server sends is what the engine answers, whoever asks with whom; faults are one sentence."""

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from engine.builds import answers
from engine.paths import ROOT
from engine.serve import server as serving
from engine.serve import told

QUERIES = ["a ship in a storm", "two friends", "the war", "a woman alone in the city", "children and a dog"]
RETRIEVERS = ["bm25", "dense", "generative", "hybrid", "bm25+dense", "bm25~dense", "dense-hnsw"]


def hits_of(build, query, retriever, k, filter_text=""):
    return [(hit.id, hit.title, hit.identifier, hit.source) for hit in build.search(query, retriever, k, filter=filter_text)[0]]


def scores_of(build, query, retriever, k, filter_text=""):
    return [hit.score for hit in build.search(query, retriever, k, filter=filter_text)[0]]


def test_searches_of_many_at_once_are_those_of_the_engine_alone(client, opened):
    kinds = [(name, k, under) for name in RETRIEVERS for k in (3, 10) for under in ("", "year > 1960")]
    asked = [(query, *kind) for kind in kinds for query in QUERIES]

    def ask(one):
        query, name, k, under = one
        return client.get("/search", params={"query": query, "retriever": name, "k": k, "filter": under})

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(ask, asked))
    for one, answer in zip(asked, found, strict=True):
        assert answer.status_code == 200, answer.text
        value = told.SearchTold.model_validate(answer.json())
        hits = [(hit.id, hit.title, hit.identifier, hit.source) for hit in value.hits]
        assert hits == hits_of(opened, *one)
        # With others beside it a query's vector differs in its seventh digit.
        assert [hit.score for hit in value.hits] == pytest.approx(scores_of(opened, *one), abs=2e-3)
        assert value.documents == (int(opened.allowed(one[3]).sum()) if one[3] else None)
    counted = client.get("/metrics").text
    calls = float(counted.split("triescope_searches_together_count ")[1].split()[0])
    assert calls < len(asked), "no two of them went together"
    assert f'triescope_requests_total{{path="/search",status="200"}} {len(asked)}.0' in counted


def test_what_look_up_read_is_sent_as_the_shell_prints_it(client, told, small_build):
    asked = {"query": "a horror from france", "retriever": "look-up", "filter": "year > 1900"}
    found = client.get("/search", params=asked).json()
    printed = told("search", small_build, asked["query"], "-r", "look-up", "--filter", asked["filter"])
    assert found["read"] == printed["read"] != []
    assert "read" not in client.get("/search", params=asked | {"retriever": "bm25"}).json()


def test_an_explained_hit_has_what_the_shell_shows(client, opened):
    query = "a ship in a storm"
    found = client.get("/search", params={"query": query, "retriever": "bm25", "k": 2, "explain": True}).json()["hits"]
    expected = answers.hits_json(opened, query, "bm25", opened.search(query, "bm25", 2)[0])
    assert found == [hit | {"marks": [list(mark) for mark in hit["marks"]]} for hit in expected]


def untimed(value):
    return value | {"steps": [{**step, "ms": 0} for step in value["steps"]]}


@pytest.mark.parametrize(
    "options", [{}, {"strategy": "diverse", "option": ["groups=2"], "beams": 4}, {"filter": "year > 1960", "ban": "1"}]
)
def test_a_decode_is_the_engine_s_with_every_step(client, opened, options):
    found = client.get("/decode", params={"query": QUERIES[0], "beams": 5} | options)
    assert found.status_code == 200, found.text
    given = dict(options)
    settings = {"groups": 2} if given.pop("option", None) else {}
    given = {"filter_text": given.pop("filter", ""), "ban": [given.pop("ban")] if "ban" in given else []} | given
    expected = answers.decoded(opened, QUERIES[0], **{"beams": 5, "settings": settings} | given)[1]
    assert untimed(found.json()) == untimed({"build": "sixty"} | expected)
    told.DecodeTold.model_validate(found.json())


def test_why_and_the_tree_are_the_engine_s(client, opened):
    document = opened.documents[7].id
    found = client.get("/why", params={"query": QUERIES[0], "document": document, "beams": 2}).json()
    assert found == {"build": "sixty"} | answers.explained(opened, QUERIES[0], document, 2)[1]
    told.WhyTold.model_validate(found)
    for prefix in ("", "1"):
        found = client.get("/trie", params={"prefix": prefix}).json()
        assert found == {"build": "sixty"} | answers.trie_json(opened, prefix)
        told.TrieTold.model_validate(found)


def test_health_builds_and_the_description_are_there(client):
    assert told.HealthTold.model_validate(client.get("/health").json()).status == "ok"
    (build,) = [told.BuildTold.model_validate(one) for one in client.get("/builds").json()]
    assert (build.name, build.documents, build.scorers, build.fault) == ("sixty", 60, ["centroid"], "")
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/search", "/decode", "/why", "/trie", "/health", "/metrics"} <= set(paths)
    query = paths["/search"]["get"]["parameters"][0]
    assert (query["name"], query["schema"]["examples"]) == ("query", ["a heist inside dreams"])


WRONG = [
    ("/search?query=x&retriever=bm26", 400, "unknown retriever 'bm26'"),
    ("/search?query=%20%3F", 400, "the query is empty"),
    ("/search?query=x&filter=nothing%20%3E%201", 400, "nothing"),
    ("/search?query=x&filter=year%20%3E%209999", 400, "none of 60 documents passes"),
    ("/search?query=x&build=..%2Fsixty", 400, "there is no build '../sixty' here; there are sixty"),
    ("/search?query=x&retriever=generative:..%2F..%2Fetc", 400, "cannot name a trained scorer"),
    ("/search?query=x&retriever=bm25:k1=0.9", 400, "settings of its own"),
    ("/search?query=x&retriever=dense%2Bbm25:b=0.9", 400, "settings of its own"),
    ("/search?query=x&retriever=bm25~cross:some", 400, "it is not served"),
    ("/search?query=x&retriever=" + "~".join(["bm25"] * 30), 400, "put together of 8 at most"),
    ("/search?query=x&k=0", 422, "k: input should be greater than or equal to 1"),
    ("/search?query=x&k=100000", 422, "k: input should be less than or equal to 1000"),
    ("/search?query=x&beams=100000000", 422, "beams: input should be"),
    ("/search", 422, "query: field required"),
    ("/search?query=" + "x" * 1001, 422, "query: string should have at most 1000 characters"),
    ("/search?query=" + "x" * 20_000, 414, "the address is too long"),
    ("/why?query=x&document=..%2F..%2Fmanifest.json", 400, "has no document"),
    ("/trie?prefix=..", 400, "is not a prefix"),
    ("/trie?prefix=99", 400, "no identifier starts with 99"),
    ("/decode?query=x&strategy=magic", 400, "unknown strategy 'magic'"),
    ("/decode?query=x&scorer=..%2Fsecret", 400, "cannot name a trained scorer"),
    ("/../../etc/passwd", 404, "not found"),
    ("/static/x", 404, "not found"),
]


@pytest.mark.parametrize(("path", "status", "said"), WRONG, ids=[path[:40] for path, _, _ in WRONG])
def test_what_a_request_got_wrong_is_one_sentence(client, folder, path, status, said):
    found = client.get(path)
    assert found.status_code == status
    (error,) = told.Fault.model_validate(found.json()).error.splitlines()
    assert said in error
    assert str(folder.parent) not in error


def test_a_fault_of_ours_says_nothing_of_the_code(client, monkeypatch):
    def fail(*_):
        raise RuntimeError("secret/place.py")

    monkeypatch.setattr(answers, "trie_json", fail)
    found = client.get("/trie")
    assert (found.status_code, found.json()) == (500, {"error": "the server failed at this request; its log says where"})


def test_a_path_of_this_machine_is_not_told(client, monkeypatch, folder):
    from engine.errors import TriescopeError

    def fail(*_):
        raise TriescopeError(f"{folder}: encoder 'x' in /home/someone/models/x cannot be read")

    monkeypatch.setattr(answers, "trie_json", fail)
    assert client.get("/trie").json() == {"error": "sixty: encoder 'x' in x cannot be read"}


@pytest.mark.slow
def test_the_command_says_where_it_answers_and_ends_when_it_is_told_to(folder, home):
    command = [sys.executable, "-m", "engine", "serve", str(folder), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "sixty: 60 documents\n"
        address = re.search(r"answers at (http://127\.0\.0\.1:\d+)", process.stderr.readline())
        assert address
        found = httpx.get(f"{address[1]}/search", params={"query": QUERIES[0], "retriever": "bm25"}, timeout=30)
        process.terminate()
        assert (found.status_code, process.wait(20)) == (200, -signal.SIGTERM)
        assert process.stderr.read() == ""


def test_the_command_opens_what_is_named_and_says_so(shell, folder, monkeypatch):
    class Nothing:
        def run(self, sockets):
            assert sockets[0].getsockname()[0] == "127.0.0.1"

    monkeypatch.setattr(serving, "server", lambda shelf, settings: Nothing())
    code, out, err = shell("serve", folder, "--port", 0)
    assert (code, out, err.splitlines()[0]) == (0, "", "sixty: 60 documents")
    assert re.fullmatch(r"answers at http://127\.0\.0\.1:\d+, described at /openapi\.json", err.splitlines()[1])
    code, out, err = shell("serve", folder, "--host", "0.0.0.0")
    assert (code, "can be reached by others" in err) == (2, True)


def test_without_its_packages_the_command_says_what_to_install(shell, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "engine.serve.server", None)
    code, _, err = shell("serve", folder)
    assert (code, "pip install 'triescope[serve]'" in err) == (2, True)
