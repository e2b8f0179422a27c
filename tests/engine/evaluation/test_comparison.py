"""Lists side by side: what is in them, what they lack, and the files that are handed on, whatever the texts are."""

import re

import numpy as np
import pytest

from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.errors import TriescopeError
from engine.evaluation import sheet
from engine.evaluation.comparison import compare
from engine.evaluation.similarity import similarity
from engine.evaluation.trec import read_run

QUERY, NAMES = "a lonely man returns to his old city at war", ["bm25", "dense", "generative"]
HOSTILE = "<script>alert(1)</script> & \"x\" '</style>' <img src=http://192.0.2.1/a.png> ]]>"


@pytest.fixture(scope="module")
def found(opened):
    documents = [document.id for document in opened.documents]
    grades = {documents[0]: 2, documents[7]: 1, documents[9]: 0, "no-such": 1}
    return compare(opened, QUERY, NAMES, 5, 4, np.asarray(opened.embeddings[7]), "", grades)


def test_lists_are_those_of_a_search_with_grades_and_evidence(opened, found):
    vector = np.asarray(opened.embeddings[7])
    for name in NAMES:
        hits = opened.search(QUERY, name, 5, 4, vector)[0]
        assert [(one.rank, one.id, one.score) for one in found.lists[name]] == [(hit.rank, hit.id, hit.score) for hit in hits]
    assert found.lists["dense"][0].grade == 1
    assert found.lists["dense"][0].evidence == "cosine 1.000"
    ids = {name: [entry.id for entry in entries] for name, entries in found.lists.items()}
    assert found.alike == [
        (one, other, similarity(ids[one], ids[other])) for one, other in (NAMES[:2], (NAMES[0], NAMES[2]), NAMES[1:])
    ]


def test_what_is_lacking_is_told_for_every_list(opened, found):
    vector, first = np.asarray(opened.embeddings[7]), opened.documents[0].id
    assert (found.judged, found.absent) == (3, 1)
    assert first in [one.id for one in found.lacking]
    for one in found.lacking:
        for name in NAMES:
            listed = {entry.id: entry.rank for entry in found.lists[name]}
            (loss,) = opened.lost(QUERY, [one.id], name, 5, 4, vector)
            assert one.told[name] == (f"listed, rank {listed[one.id]}" if one.id in listed else loss.told)


def test_runs_can_be_read_again(found, tmp_path):
    (tmp_path / "run.trec").write_text(found.trec("q"))
    lines = (tmp_path / "run.trec").read_text().splitlines()
    for name in NAMES:
        (tmp_path / name).write_text("\n".join(line for line in lines if line.endswith(f" {name}")))
        assert read_run(tmp_path / name) == {"q": [entry.id for entry in found.lists[name]]}


def test_a_filter_is_told_and_no_retriever_is_refused(opened):
    some = compare(opened, QUERY, ["bm25"], filter="year > 1980")
    assert some.documents == int(opened.allowed("year > 1980").sum())
    assert "filter year &gt; 1980" in sheet.html(some)
    with pytest.raises(TriescopeError, match="name at least one retriever"):
        compare(opened, QUERY, [])


def test_the_file_asks_nobody_and_shows_every_list(found):
    text = sheet.html(found)
    assert not re.search(r"(?:src|href)=\"(?!data:)", text)
    assert "default-src 'none'; style-src 'sha256-" in text
    assert text.count("<polyline") == len({entry.id for entries in found.lists.values() for entry in entries})
    for entries in found.lists.values():
        assert all(f"<bdi>{entry.title}</bdi>" in text or "&" in entry.title or "'" in entry.title for entry in entries)
    assert f"{len(found.lacking)} of 3 documents judged relevant are missing" in text


def test_texts_of_a_catalogue_stay_texts(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.text.embed.embed", lambda texts, *_, **__: np.eye(len(texts), 384, dtype=np.float32))
    documents = [Document(f"{number} {HOSTILE}", f"{HOSTILE} {number}", f"dreams {HOSTILE}", {}) for number in range(8)]
    build = Build(make(Corpus(HOSTILE, documents, {}, {}, []), BuildSpec(settings={"codes": 4}), tmp_path / "hostile"))
    grades = {documents[3].id: 1}
    text = sheet.html(compare(build, f"dreams {HOSTILE}", ["bm25", "dense"], 3, 4, np.eye(384, dtype=np.float32)[0], "", grades))
    assert not re.search(r"<(?:script|img)", text)
    assert text.count("</style>") == 1
    assert "&lt;script&gt;" in text


def test_the_shell_writes_them(told, shell, small_build, opened, tmp_path):
    query = opened.corpus.queries[next(iter(opened.corpus.qrels["dev"]))]
    asked = ("compare", small_build, query, "-r", "bm25", "-r", "dense", "-k", 3)
    value = told(*asked, "--html", tmp_path / "c.html", "--trec", tmp_path / "c.trec")
    assert [len(entries) for entries in value["lists"].values()] == [3, 3]
    assert (value["judged"], value["alike"][0]["first"]) == (1, "bm25")
    assert (tmp_path / "c.html").read_text("utf-8").startswith("<!doctype html>")
    assert len((tmp_path / "c.trec").read_text().splitlines()) == 6
    lines = shell(*asked)[1].splitlines()
    assert lines[0] == "bm25"
    assert lines[8].startswith("bm25 and dense: ")
