import hashlib
import json

import numpy as np
import pytest

from engine.builds import make as build
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.builds.stages import stages
from engine.data.corpus import Corpus, Document
from engine.errors import TriescopeError

SPEC = BuildSpec(settings={"codes": 4, "levels": 2})


@pytest.fixture(scope="session")
def dozen(small_corpus) -> Corpus:
    """Twelve documents of the small corpus, whose vectors are in the cache, with a development query."""
    documents = small_corpus.documents[:12]
    judged = {"q": {documents[0].id: 1}}
    return Corpus("dozen", documents, {"q": documents[0].title}, {"dev": judged}, [])


def stop_at(stage):
    """A report that is interrupted when ``stage`` begins."""

    def report(name, done, total):
        if name == stage:
            raise KeyboardInterrupt

    return report


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_build_keeps_what_the_reader_left_aside_and_older_ones_have_no_such_notes(dozen, home, tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(home))
    notes = (
        "column image: 3 values are bytes that are no text, and were left out",
        "qrels/dev.tsv: 1 row of 2 names no document",
    )
    out = build.make(dozen._replace(notes=notes), SPEC, tmp_path / "out")
    opened = Build(out)
    assert opened.manifest.corpus.notes == opened.corpus.notes == notes
    again = build.make(opened.corpus, SPEC.model_copy(update={"seed": 1}), tmp_path / "again")
    assert Build(again).corpus.notes == notes
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    del manifest["corpus"]["notes"]
    (out / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert Build(out).corpus.notes == ()


def test_a_reopened_build_holds_the_corpus_it_was_made_from(opened, small_corpus):
    assert opened.corpus._replace(name="") == small_corpus._replace(name="")
    assert opened.name == "sixty"
    assert len(opened.codes) == len(opened.embeddings) == 60
    assert len(opened.names) == len(opened.trie.code)
    np.testing.assert_allclose(np.linalg.norm(opened.embeddings, axis=1), 1, atol=1e-5)


def test_every_document_stands_at_the_leaf_of_its_identifier(opened):
    for row in range(len(opened.corpus.documents)):
        codes = tuple(int(code) for code in opened.identifier(row).split("-"))
        assert row in opened.trie.leaf_documents(opened.trie.find(codes))


def test_the_manifest_says_what_was_built_from_what(small_build, small_corpus, opened):
    manifest = json.loads((small_build / "manifest.json").read_text("utf-8"))
    assert BuildSpec.model_validate(manifest["spec"]) == BuildSpec(settings={"codes": 4})
    assert manifest["spec_sha256"] == BuildSpec(settings={"codes": 4}).digest()
    assert manifest["corpus"]["documents"] == 60
    assert manifest["corpus"]["sha256"] == build.digest_of(small_corpus)
    assert manifest["corpus"]["queries"] == {"dev": 6, "test": 6}
    assert manifest["trie"] == {"nodes": len(opened.trie.code), "levels": opened.trie.levels, "bytes": opened.trie.nbytes}
    assert list(manifest["stages"]) == list(stages())
    assert set(manifest["versions"]) >= {"python", "numpy", "torch", "faiss-cpu"}


def test_the_manifest_knows_size_and_hash_of_every_other_file(small_build):
    files = json.loads((small_build / "manifest.json").read_text("utf-8"))["files"]
    there = [path for path in small_build.rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert files == {str(p.relative_to(small_build)): {"bytes": p.stat().st_size, "sha256": sha256(p)} for p in there}


def test_nothing_in_a_build_is_a_pickle(small_build):
    for path in (path for path in small_build.rglob("*") if path.is_file()):
        assert path.suffix in (".json", ".npy", ".npz", ".parquet", ".faiss")
        if path.suffix in (".npy", ".npz"):
            loaded = np.load(path, allow_pickle=False)
            arrays = [loaded[name] for name in loaded.files] if path.suffix == ".npz" else [loaded]
            assert all(array.dtype != object for array in arrays)


def test_building_the_same_again_returns_at_once(dozen, tmp_path):
    out = build.make(dozen, SPEC, tmp_path / "out")
    before, told = (out / "manifest.json").stat().st_mtime_ns, []
    assert build.make(dozen, SPEC, out, lambda *args: told.append(args)) == out
    assert told == []
    assert (out / "manifest.json").stat().st_mtime_ns == before


def test_another_build_in_the_same_folder_is_refused_and_the_first_one_kept(dozen, tmp_path):
    out = build.make(dozen, SPEC, tmp_path / "out")
    before = {path: sha256(path) for path in out.rglob("*") if path.is_file()}
    fewer = dozen._replace(documents=dozen.documents[1:], qrels={})
    for corpus, spec in ((dozen, SPEC.model_copy(update={"seed": 1})), (fewer, SPEC)):
        with pytest.raises(TriescopeError, match="there is another build in this folder"):
            build.make(corpus, spec, out)
    assert {path: sha256(path) for path in out.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["notes.txt", "sub/notes.txt"])
def test_a_folder_or_file_that_is_no_build_is_not_touched(dozen, tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(TriescopeError, match="not a build"):
        build.make(dozen, SPEC, tmp_path / name.split("/")[0])
    assert path.read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_an_error_in_a_line(dozen, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(TriescopeError):
        build.make(dozen, SPEC, tmp_path / "file" / "out")


def test_nothing_is_seen_at_the_output_path_before_the_end(dozen, tmp_path):
    out, seen = tmp_path / "deep" / "out", []
    build.make(dozen, SPEC, out, lambda stage, done, total: seen.append(out.exists()))
    assert seen
    assert not any(seen)
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_a_folder_that_is_being_built_is_refused_to_a_second_builder(dozen, tmp_path):
    out, refused = tmp_path / "out", []

    def meanwhile(stage, done, total):
        if stage == "trie" and not refused:
            with pytest.raises(TriescopeError) as caught:
                build.make(dozen, SPEC, out)
            refused.append(str(caught.value))

    build.make(dozen, SPEC, out, meanwhile)
    assert len(refused) == 1
    assert len(Build(out).corpus.documents) == 12


def test_the_stages_are_reported_in_their_order(dozen, tmp_path):
    told = []
    build.make(dozen, SPEC, tmp_path / "out", lambda *args: told.append(args))
    assert list(dict.fromkeys(stage for stage, *_ in told if stage != "build")) == list(stages())
    assert [args for args in told if args[0] == "build"] == [("build", n, 9) for n in range(1, 10)]


@pytest.mark.parametrize("stage", stages())
def test_an_interrupted_build_goes_on_without_repeating_what_was_done(dozen, tmp_path, stage):
    out, again = tmp_path / "out", []
    with pytest.raises(KeyboardInterrupt):
        build.make(dozen, SPEC, out, stop_at(stage))
    assert not out.exists()
    made = {path.name: path.stat().st_mtime_ns for path in (tmp_path / ".out.partial").rglob("*.np?")}
    build.make(dozen, SPEC, out, lambda name, done, total: again.append(name))
    assert next(name for name in again if name != "build") == stage
    assert not set(again) & set(list(stages())[: list(stages()).index(stage)])
    after = {path.name: path.stat().st_mtime_ns for path in out.rglob("*.np?")}
    assert all(after[name] == when for name, when in made.items())
    assert len(Build(out).corpus.documents) == 12


def test_a_build_that_was_interrupted_ends_up_the_same_as_one_that_was_not(dozen, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        build.make(dozen, SPEC, tmp_path / "halted", stop_at("scorer"))
    halted, straight = (Build(build.make(dozen, SPEC, tmp_path / name)).manifest for name in ("halted", "straight"))
    assert halted.files == straight.files


@pytest.mark.parametrize("left", ["{", "[]", "{}", '{"spec": "other", "corpus": "other", "done": {}}'])
def test_what_a_run_of_something_else_left_behind_is_thrown_away(dozen, tmp_path, left):
    work = tmp_path / ".out.partial"
    work.mkdir()
    (work / "progress.json").write_text(left)
    (work / "stale.txt").write_text("old")
    assert not (build.make(dozen, SPEC, tmp_path / "out") / "stale.txt").exists()


def test_what_an_interrupted_build_left_can_be_discarded(dozen, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        build.make(dozen, SPEC, tmp_path / "out", stop_at("trie"))
    build.discard(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    build.discard(tmp_path / "out")


def test_one_seed_makes_one_set_of_identifiers(small_corpus, small_build, tmp_path):
    again = build.make(small_corpus, BuildSpec(settings={"codes": 4}), tmp_path / "again")
    assert sha256(again / "identifiers.npz") == sha256(small_build / "identifiers.npz")


def test_metadata_columns_are_searched_when_the_spec_names_them(dozen, tmp_path):
    documents = [document._replace(metadata={"note": f"zeppelin{row}"}) for row, document in enumerate(dozen.documents)]
    spec = SPEC.model_copy(update={"fields": ("note",)})
    plain = Build(build.make(dozen._replace(documents=documents), SPEC, tmp_path / "plain"))
    noted = Build(build.make(dozen._replace(documents=documents), spec, tmp_path / "noted"))
    assert plain.search("zeppelin7", "bm25")[0] == []
    assert [hit.id for hit in noted.search("zeppelin7", "bm25")[0]] == [documents[7].id]


def test_a_field_that_no_document_has_is_refused(dozen, tmp_path):
    with pytest.raises(TriescopeError, match=r"dozen has no metadata column .colour.; it has .*year"):
        build.make(dozen, SPEC.model_copy(update={"fields": ("colour",)}), tmp_path / "out")


SMALL = {
    "one document": [("Red ship", "")],
    "all the same": [("Red ship", "sails")] * 9,
    "stop words alone": [("It", ""), ("The", "of the")],
    "no words": [("...", "!"), ("5", "")],
    "another script": [("红色的船", ""), ("Корабль", "")],
}


@pytest.mark.parametrize("name", SMALL)
def test_the_smallest_corpora_are_built_and_every_document_found(name, tmp_path):
    documents = [Document(str(row), title, text, {}) for row, (title, text) in enumerate(SMALL[name])]
    opened = Build(build.make(Corpus(name, documents, {}, {}, []), BuildSpec(), tmp_path / "out"))
    for retriever in ("dense", "dense-hnsw", "generative", "hybrid"):
        hits, _ = opened.search("ship", retriever, k=20)
        assert sorted(hit.id for hit in hits) == [document.id for document in documents]
