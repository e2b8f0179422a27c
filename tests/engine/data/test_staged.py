"""What is handed over through the window: kept by its content, under no path that anybody chose, within limits."""

import io
import os
import zipfile

import pytest

from engine.data import staged
from engine.data.corpus import read
from engine.errors import TriescopeError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def zipped(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    content.seek(0)
    return content


def all_files(home):
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


def test_the_same_content_is_kept_once_and_found_by_its_key(home):
    one, other = (staged.stage(name, io.BytesIO(b"id,text\n1,a\n")) for name in ("shop.csv", "shop.csv"))
    assert one == other
    assert (one.name, one.bytes, one.path.read_bytes()) == ("shop.csv", 12, b"id,text\n1,a\n")
    assert staged.everything() == [one]
    assert staged.stage("shop.tsv", io.BytesIO(b"id,text\n1,a\n")).name == "shop.tsv"  # of another kind it is another file
    for known in staged.everything():
        staged.remove(known.key)
    assert all_files(home) == []
    with pytest.raises(TriescopeError, match="no file was handed over as"):
        staged.find(one.key)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("../../etc/passwd.csv", "etc-passwd.csv"), ("données été.TSV", "donn-es-t.tsv"), ("...jsonl.gz", "catalogue.jsonl.gz")],
)
def test_a_name_never_becomes_a_path(home, name, kept):
    found = staged.stage(name, io.BytesIO(b"x"))
    assert found.path == home / "imports" / found.key / kept
    assert all_files(home) == [f"imports/{found.key}/about.json", f"imports/{found.key}/{kept}"]


@pytest.mark.parametrize("name", ["a.exe", "csv", "a.csv.xz"])
def test_other_kinds_are_refused_and_leave_nothing(home, name):
    with pytest.raises(TriescopeError, match="files of this kind are not read"):
        staged.stage(name, io.BytesIO(b"x"))
    assert all_files(home) == []


CORPUS, QUERIES, QRELS = '{"_id": "1", "text": "a"}\n', '{"_id": "q", "text": "b"}\n', "query-id\tcorpus-id\tscore\nq\t1\t1\n"


@pytest.mark.parametrize("inside", ["", "set/"])
def test_a_folder_of_beir_is_unpacked_and_nothing_else_of_the_archive(home, inside):
    files = {"corpus.jsonl": CORPUS, "queries.jsonl": QUERIES, "qrels/test.tsv": QRELS, "run.sh": "x", "../../out.jsonl": "x"}
    files |= {"qrels/../../up.tsv": "x", "deep/er/corpus.jsonl": "{"}
    found = staged.stage("set.zip", zipped(**{f"{inside}{name}": text for name, text in files.items()}))
    corpus = read(found.path)
    assert (len(corpus.documents), corpus.qrels) == (1, {"test": {"q": {"1": 1}}})
    under = f"imports/{found.key}/set"
    kept = ["corpus.jsonl", "qrels/test.tsv", "queries.jsonl"]
    assert all_files(home) == [f"imports/{found.key}/about.json", *(f"{under}/{one}" for one in kept)]


def test_an_archive_that_is_none_or_lacks_a_corpus_or_holds_too_much_leaves_nothing(home, monkeypatch):
    for content, says in ((io.BytesIO(b"PK"), "damaged"), (zipped(**{"queries.jsonl": QUERIES}), "no corpus.jsonl")):
        with pytest.raises(TriescopeError, match=says):
            staged.stage("set.zip", content)
    monkeypatch.setattr(staged, "LARGEST", 1 << 16)
    with pytest.raises(TriescopeError, match="holds more than"):
        staged.stage("set.zip", zipped(**{"corpus.jsonl": "x" * (1 << 20)}))
    assert all_files(home) == []


def test_what_one_person_hands_over_another_does_not_see(home):
    content = b"id,text\n1,a\n"
    mine, yours, ours = (staged.stage("shop.csv", io.BytesIO(content), one) for one in ("me", "you", ""))
    assert len({mine.key, yours.key, ours.key}) == 3
    assert {one.key for one in staged.everything("me")} == {mine.key, ours.key}
    assert len(staged.everything()) == 3


@pytest.mark.parametrize("name", ["said.qrels", "asked.xml.gz", "who.inter", "vectors.npy"])
def test_what_lies_beside_documents_is_kept_and_taken_for_none(home, name):
    found = staged.stage(name, io.BytesIO(b"q 0 1 1\n"))
    assert (found.name, found.documents) == (name, False)
    assert staged.stage("a.CSV", io.BytesIO(b"x")).documents


def test_what_cannot_be_read_is_passed_over(home):
    found = staged.stage("shop.csv", io.BytesIO(b"x"))
    (home / "imports" / ("0" * 16)).mkdir()
    (home / "imports" / "other").mkdir()
    assert staged.everything() == [found]


def test_what_a_process_that_was_killed_had_begun_is_cleared_away_once_it_is_old():
    old, young = (staged.folder() / name for name in (".old", ".young"))
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "shop.csv").write_text("id,title\n", "utf-8")
    os.utime(old, (0, 0))
    staged.stage("shop.csv", io.BytesIO(b"id,title\n1,Cup\n"))
    assert (old.exists(), young.exists()) == (False, True)
