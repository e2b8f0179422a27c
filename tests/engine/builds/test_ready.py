"""Vectors that are there already are taken where they are the encoder's own, and nothing is embedded."""

import numpy as np
import pytest

from engine.builds import folding, living, ready
from engine.builds.given import Given
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.sources import Source
from engine.builds.spec import BuildSpec
from engine.data.corpus import Corpus, Document
from engine.errors import TriescopeError
from engine.evaluation import evaluate
from engine.recommending import rebuilt
from engine.text import embed, encoders
from tests.engine.builds.test_passages import by_hash

CORPUS = Corpus("kites", [Document(f"d{n}", f"Kite {n // 2}", "", {}) for n in range(60)], {}, {}, [])
SPEC = BuildSpec(settings={"codes": 4})


class Fake:
    """The encoder's own vectors, drawn by hash; it counts what it was asked."""

    key, dimensions = encoders.fingerprint(), 384

    def __init__(self):
        self.asked = 0

    def encode(self, texts, role="document"):
        self.asked += len(texts)
        return by_hash(texts)


@pytest.fixture
def fake(tmp_path, monkeypatch):
    made = Fake()
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(encoders, "load", lambda model="": made)
    return made


def saved(tmp_path, vectors):
    np.save(tmp_path / "v.npy", vectors)
    return tmp_path / "v.npy"


def own():
    return by_hash([document.searched_text() for document in CORPUS.documents])


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_they_are_taken_at_length_one_and_nothing_else_is_embedded(fake, tmp_path, monkeypatch, kind):
    taken = ready.take(saved(tmp_path, (own() * np.arange(1, 61)[:, None]).astype(kind)), CORPUS, SPEC)
    assert (len(taken.vectors), taken.checked, fake.asked) == (60, 20, 20)
    assert taken.least > 0.9999
    monkeypatch.setattr(embed, "embed", lambda *given, **more: pytest.fail("something is embedded"))
    build = Build(make(CORPUS, SPEC, tmp_path / "b", given=Given(vectors=taken.vectors)))
    assert build.embeddings.tolist() == taken.vectors.tolist()
    assert build.embeddings == pytest.approx(own(), abs=1e-6)
    assert make(CORPUS, SPEC, tmp_path / "b", given=Given(vectors=taken.vectors)) == tmp_path / "b"
    with pytest.raises(TriescopeError, match="a build of other vectors"):
        make(CORPUS, SPEC, tmp_path / "b", given=Given(vectors=-taken.vectors))


def shuffled(vectors):
    return vectors[np.random.default_rng(1).permutation(len(vectors))]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (shuffled, "of 20 vectors are not what encoder"),
        (lambda v: v[:59], "59 vectors for 60 documents"),
        (lambda v: v[:, :100], "vectors of 100 dimensions; encoder .* has 384"),
        (lambda v: np.where(np.arange(60)[:, None] == 7, 0, v).astype(np.float32), "row 8 is no direction"),
        (lambda v: np.where(np.arange(60)[:, None] == 7, np.nan, v).astype(np.float32), "row 8 is no direction"),
        (lambda v: v.astype(np.int32), "an array of int32"),
    ],
)
def test_others_are_refused(fake, tmp_path, change, told):
    with pytest.raises(TriescopeError, match=told):
        ready.take(saved(tmp_path, change(own())), CORPUS, SPEC)


def test_passages_have_no_vectors_there(fake, tmp_path):
    long = CORPUS._replace(documents=[Document("d", "Kite", "kite " * 400, {})])
    with pytest.raises(TriescopeError, match="leave out --passages"):
        ready.take(saved(tmp_path, own()[:1]), long, SPEC.model_copy(update={"passages": True}))


def test_of_an_encoder_that_is_not_here_only_words_are_searched(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    spec = SPEC.model_copy(update={"model": "none"})
    taken = ready.take(saved(tmp_path, 3 * own()[:, :24]), CORPUS, spec)
    assert "only keyword search takes typed text" in taken.told()
    build = Build(make(CORPUS, spec, tmp_path / "kites", given=Given(vectors=taken.vectors)))
    assert build.search("kite 7", "bm25", 2)[0][0].title == "Kite 7"
    for ask in (lambda: build.search("kite 7", "generative"), lambda: build.encode("kite 7"), lambda: encoders.load("none")):
        with pytest.raises(TriescopeError, match="of an encoder that is not here"):
            ask()
    assert build.decode("x", 5, build.embeddings[14]).steps


def test_queries_that_came_with_vectors_are_asked_of_every_retriever_and_judged(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    spec, documents = SPEC.model_copy(update={"model": "none"}), own()[:, :24]
    texts = {f"q{row}": f"what flies  as wing{row}" for row in range(0, 60, 2)}
    judged = {query: {CORPUS.documents[int(query[1:])].id: 1} for query in list(texts)[:12]}
    corpus = CORPUS._replace(queries=texts, qrels={"test": judged, "dev": judged})
    taken = ready.take(saved(tmp_path, documents), corpus, spec)
    near = 2 * documents[::2] + np.random.default_rng(0).normal(0, 0.01, (30, 24))
    asked = ready.take_queries(saved(tmp_path, near), texts, corpus, taken.vectors)
    assert asked.relevant > 0.9 > asked.any + 0.3
    assert "30 queries" in asked.told()
    assert "are they of these queries" not in asked.told()
    other = ready.take_queries(saved(tmp_path, -near), texts, corpus, taken.vectors)
    assert other.told().endswith("and of the documents' encoder?")
    for vectors in (near[:29], near[:, :23]):
        with pytest.raises(TriescopeError, match="for 30 queries and 24 dimensions"):
            ready.take_queries(saved(tmp_path, vectors), texts, corpus, taken.vectors)
    build = Build(make(corpus, spec, tmp_path / "kites", given=Given(vectors=taken.vectors, queries=asked.known)))
    assert build.manifest.encoder.queries == 60  # each also without the blank too many
    unit = near / np.linalg.norm(near, axis=1, keepdims=True)
    for typed in ("what flies  as wing8", "what flies as wing8"):
        assert build.encode(typed)[0] == pytest.approx(unit[4], abs=1e-6)
        for name in ("dense", "generative", "hybrid"):
            assert build.search(typed, name, 1)[0][0].id == CORPUS.documents[8].id
    assert build.encodes("what flies as wing8")
    assert not build.encodes("kite 7")
    assert build.search("kite 7", "bm25", 1)[0][0].title == "Kite 7"
    with pytest.raises(TriescopeError, match="any other text of keyword search alone"):
        build.search("kite 7", "dense")
    found = evaluate(build, "test", ["bm25", "dense", "generative"])
    assert found.retrievers["generative"].measures["Hit@1"].mean == 1.0
    with pytest.raises(TriescopeError, match="other queries' vectors"):
        make(corpus, spec, tmp_path / "kites", given=Given(vectors=taken.vectors, queries=other.known))
    source = Source(corpus, (), "none", build)
    rebuilt.build(source, spec.model_copy(update={"scheme": "simhash", "settings": {}}), tmp_path / "again")
    again = Build(tmp_path / "again")
    assert again.encode("what flies as wing8")[0].tolist() == build.encode("what flies as wing8")[0].tolist()
    living.remove(tmp_path / "again", [CORPUS.documents[1].id])
    folding.fold(tmp_path / "again")
    assert Build(tmp_path / "again").search("what flies as wing8", "generative", 1)[0][0].id == CORPUS.documents[8].id
