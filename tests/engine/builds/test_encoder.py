"""A build knows its encoder by more than its name, and finds it from wherever one stands."""

import logging

import numpy as np
import pytest

from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.errors import TriescopeError
from engine.text import embed, encoders
from engine.training.source import open_source

DOCUMENTS = [Document(str(row), f"Cup {row}", "a blue cup", {}) for row in range(4)]
CORPUS = Corpus("cups", DOCUMENTS, {}, {}, [])


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder ``models/own`` that passes for an encoder, with one stage after another told apart by ``own.now``."""

    class Own:
        now = "a" * 64
        spec = BuildSpec(scheme="atomic", model="models/own")

    def vectors(texts, model, progress=None, cache=None, role="document"):
        return np.eye(len(texts), 4, dtype=np.float32)

    (tmp_path / "models" / "own").mkdir(parents=True)
    monkeypatch.setattr(encoders, "fingerprint", lambda model: Own.now)
    monkeypatch.setattr(embed, "embed", vectors)
    monkeypatch.setattr(embed, "encode_query", lambda text, model, expected=None: (vectors([text], model)[0], 0.0))
    monkeypatch.chdir(tmp_path)
    return Own


def test_a_folder_named_from_where_one_stands_is_kept_by_its_whole_path(own, tmp_path, monkeypatch):
    made = make(CORPUS, own.spec, tmp_path / "out")
    assert Build(made).model == str(tmp_path / "models" / "own")
    before = (made / "manifest.json").stat().st_mtime_ns
    monkeypatch.chdir("/")
    assert make(CORPUS, own.spec.model_copy(update={"model": str(tmp_path / "models" / "own")}), made) == made
    assert (made / "manifest.json").stat().st_mtime_ns == before
    with pytest.raises(TriescopeError, match="another build"):
        make(CORPUS, own.spec, made)  # models/own is no folder here


def test_the_manifest_keeps_the_fingerprint_that_the_documents_were_embedded_by(own, tmp_path):
    encoder = Build(make(CORPUS, own.spec, tmp_path / "out")).manifest.encoder
    assert (encoder.name, encoder.sha256, encoder.verified) == (str(tmp_path / "models" / "own"), own.now, True)


def test_another_encoder_under_the_same_name_is_never_that_very_build(own, tmp_path):
    made = make(CORPUS, own.spec, tmp_path / "out")
    own.now = "b" * 64
    with pytest.raises(TriescopeError, match=r"another build in this folder, made when encoder .* was another one") as caught:
        make(CORPUS, own.spec, made)
    assert "\n" not in str(caught.value)


def test_a_query_is_not_encoded_by_another_encoder_and_words_are_still_searched(own, tmp_path, caplog):
    opened = Build(make(CORPUS, own.spec, tmp_path / "out"))
    assert opened.search("blue cup", "dense", k=1)[0]
    own.now = "b" * 64
    with caplog.at_level(logging.WARNING):
        again = Build(opened.folder)
    assert "has changed since the documents were embedded" in caplog.text
    with pytest.raises(TriescopeError, match="has changed since"):
        open_source(opened.folder)
    for asked, argument in ((opened.encode, "cup"), (opened.embed_queries, ["cup"]), (again.search, "cup")):
        with pytest.raises(TriescopeError, match="has changed since the documents were embedded") as caught:
            asked(argument)
        assert "\n" not in str(caught.value)
    assert opened.search("blue cup", "bm25")[0]


def test_an_interrupted_build_does_not_go_on_with_another_encoder(own, tmp_path):
    def stop(stage, done, total):
        if stage == "trie":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(CORPUS, own.spec, tmp_path / "out", stop)
    own.now, told = "b" * 64, []
    make(CORPUS, own.spec, tmp_path / "out", lambda stage, done, total: told.append(stage))
    assert "embeddings" in told
    assert Build(tmp_path / "out").manifest.encoder.sha256 == own.now
