"""A file of queries becomes a run that holds what the engine finds, query by query, or nothing at all."""

import json

import pytest

from engine.evaluation import batch, trec

QUERIES = {"q1": "a ship in a storm", "q2": "two friends", "q3": "???", "q4": "the war in the city"}


def written(folder, queries, form):
    """The queries as a file in one of the forms that are read."""
    path = folder / f"queries.{form}"
    lines = {
        "tsv": ["_id\ttext", *(f"{query}\t{text}" for query, text in queries.items())],
        "csv": ["qid,query", *(f'{query},"{text}"' for query, text in queries.items())],
        "jsonl": [json.dumps({"_id": query, "text": text}) for query, text in queries.items()],
        "topics": [f"<top>\n<num> Number: {query}\n<title> {text}\n</top>" for query, text in queries.items()],
    }[form]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("form", "retriever", "under"),
    [("tsv", "generative", ""), ("csv", "bm25", "year > 1960"), ("jsonl", "hybrid", ""), ("topics", "dense", "")],
)
def test_a_run_is_what_each_query_finds_alone(told, small_build, opened, tmp_path, monkeypatch, form, retriever, under):
    monkeypatch.setattr(batch, "TOGETHER", 3)
    out = tmp_path / "run.trec"
    options = ["--filter", under] if under else []
    value = told("run", small_build, written(tmp_path, QUERIES, form), "--out", out, "-r", retriever, "-k", 7, *options)
    found = trec.read_run(out)
    for query, text in QUERIES.items():
        if query != "q3":
            assert found.get(query, []) == [hit.id for hit in opened.search(text, retriever, 7, filter=under)[0]]
    assert {line.split()[5] for line in out.read_text().splitlines()} == {retriever}
    assert (value["queries"], value["hits"]) == (4, sum(map(len, found.values())))
    assert value["empty"] == 4 - len(found)


def test_a_query_that_is_a_document_does_not_find_itself(told, small_build, opened, tmp_path):
    own = opened.documents[3]
    value = told(
        "run", small_build, written(tmp_path, {own.id: own.title}, "jsonl"), "--out", tmp_path / "run", "-r", "bm25", "-k", 2
    )
    expected = [hit.id for hit in opened.search(own.title, "bm25", 3)[0] if hit.id != own.id]
    assert trec.read_run(tmp_path / "run") == {own.id: expected[:2]}
    assert value["own"] == 1


def test_what_cannot_be_written_leaves_the_old_run_as_it_was(shell, small_build, tmp_path, monkeypatch):
    out = tmp_path / "run.trec"
    out.write_text("old\n")
    asked = written(tmp_path, QUERIES, "tsv")
    assert "has a space in it" in shell("run", small_build, written(tmp_path, {"q 1": "x"}, "csv"), "--out", out)[2]
    assert "unknown retriever" in shell("run", small_build, asked, "--out", out, "-r", "magic")[2]
    assert "there is no folder" in shell("run", small_build, asked, "--out", tmp_path / "no" / "run")[2]

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(trec, "run_text", fail)
    assert "no space left on device" in shell("run", small_build, asked, "--out", out, "-r", "bm25")[2]
    assert (out.read_text(), sorted(path.name for path in tmp_path.iterdir())) == (
        "old\n",
        ["queries.csv", "queries.tsv", "run.trec"],
    )
