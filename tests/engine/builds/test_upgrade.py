"""A build of format 2 (twelve films, one twice, and a scorer trained for six steps) is one of format 3 once it was opened."""

import json
import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine import files, identifiers
from engine.builds import upgrade
from engine.builds.opened import Build
from engine.builds.opening import read_manifest
from engine.builds.upgrade import infer_content
from engine.data.corpus import Document
from engine.errors import TriescopeError
from engine.evaluation.run import evaluate
from engine.identifiers import SCHEMES

STORED = Path(__file__).parent / "format_2" / "thirteen"
QUERY = "a film about a king"


@pytest.fixture
def old(tmp_path):
    return shutil.copytree(STORED, tmp_path / "thirteen")


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text("utf-8"))


def test_it_opens_searches_decodes_evaluates_and_has_its_trained_scorer(old):
    opened = Build(old)
    vector = opened.embeddings[3]
    assert opened.scorer_names == ["centroid", "node"]
    for retriever in ("bm25", "dense", "dense-hnsw", "generative:centroid", "generative:node", "hybrid"):
        hits, _ = opened.search(opened.corpus.documents[3].text, retriever, k=2, vector=vector)
        assert opened.corpus.documents[3].id in [hit.id for hit in hits]
    trace = opened.decode(QUERY, 10, vector, scorer="node")
    assert 3 in trace.documents(opened.trie, 5)[0].tolist()
    assert evaluate(opened, "dev", ["bm25"]).queries == 6


def test_it_gets_format_3_and_no_other_file_is_changed(old):
    before = contents(old)
    opened, after = Build(old), contents(old)
    assert set(after) - set(before) == {"identifiers-content.npy"}
    assert [name for name in before if after[name] != before[name]] == ["manifest.json"]
    was, now = json.loads(before["manifest.json"]), manifest_of(old)
    assert now["format"] == 3
    assert [now["corpus"].pop(name) for name in ("notes", "began", "fitted")] == [[], None, None]
    assert now["identifiers"].pop("notes") == []
    assert [now["spec"].pop(name) for name in ("language", "passages", "fast")] == ["english", False, False]
    assert {key: now[key] for key in was if key not in ("format", "files")} == {
        key: was[key] for key in was if key not in ("format", "files")
    }
    assert now["files"].pop("identifiers-content.npy")["bytes"] == len(after["identifiers-content.npy"])
    assert now["files"] == was["files"]
    assert (opened.manifest.encoder.name, opened.manifest.encoder.verified) == ("all-MiniLM-L6-v2", False)
    assert len(opened.manifest.encoder.sha256) == 64
    again = contents(old)
    Build(old)
    assert contents(old) == again


def test_its_content_is_what_the_scheme_says_today(old):
    opened, spec = Build(old), read_manifest(old).spec
    fitted = identifiers.fit(spec.scheme, np.array(opened.embeddings), spec.settings, spec.seed, opened.corpus.documents)
    assert opened.codes.tolist() == fitted.codes.tolist()
    assert opened.identifiers.content.tolist() == fitted.content.tolist() == [2] * 13


def test_where_nothing_can_be_written_it_is_read_all_the_same_and_that_is_said(old, monkeypatch, caplog):
    def refuse(source, target):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(files.os, "replace", refuse)
    before = contents(old)
    with caplog.at_level(logging.WARNING):
        opened = Build(old)
    assert caplog.messages == [f"{old}: format 2, read as format 3; it stays as it is (Read-only file system)"]
    assert (opened.manifest.format, opened.identifiers.content.tolist()) == (3, [2] * 13)
    assert opened.search(QUERY, "generative:node", vector=opened.embeddings[0])[0]
    assert contents(old) == before


def test_many_may_open_it_at_once(old):
    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(Build, [old] * 6))
    assert len({build.manifest.model_dump_json() for build in opened}) == 1
    assert [path.name for path in old.parent.iterdir()] == ["thirteen"]
    assert Build(old).manifest.format == 3


def test_a_kill_before_the_manifest_leaves_format_2_and_the_next_opening_goes_on(old, monkeypatch):
    def killed(path, value):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(upgrade, "replace_json", killed)
        with pytest.raises(KeyboardInterrupt):
            Build(old)
    assert manifest_of(old)["format"] == 2
    assert Build(old).manifest.format == manifest_of(old)["format"] == 3


def test_a_damaged_one_is_not_made_to_look_whole(old):
    (old / "names.parquet").write_bytes(b"x")
    with pytest.raises(TriescopeError, match=r"damaged \(names.parquet is missing or has another size\)"):
        Build(old)
    assert manifest_of(old)["format"] == 2


@pytest.mark.parametrize(
    "scheme", [name for name in SCHEMES if name not in ("rq-vae", "rq-behaviour", "simhash", "url", "imported")]
)
@pytest.mark.parametrize("resolver", [None, "leave"])
def test_what_is_inferred_is_what_every_scheme_says(scheme, resolver):
    random = np.random.default_rng(0)
    vectors = np.repeat(random.normal(size=(20, 8)), 2, axis=0).astype(np.float32)  # twenty documents twice
    words = "harbour lantern orchard meadow glacier violin castle desert kitchen planet".split()
    documents = [
        Document(
            str(row),
            f"the {words[row // 2 % 10]} {words[row // 4 % 10]}",
            " ".join(random.permutation(words)[:6]),
            {
                "category": [words[row // 2 % 3], words[row // 2 % 7]][: 1 + row // 2 % 2],
                "kind": words[row // 2 % 4],
            },
        )
        for row in range(40)
    ]
    if resolver and resolver not in SCHEMES[scheme].resolvers:
        resolver = None
    fitted = identifiers.fit(scheme, vectors, {}, 0, documents, resolver)
    assert infer_content(fitted, scheme, {}).tolist() == fitted.content.tolist()
    assert (fitted.content <= (fitted.codes >= 0).sum(axis=1)).all()
