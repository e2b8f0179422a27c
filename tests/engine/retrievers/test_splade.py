"""Learned sparse search: as sentence-transformers' own operator ranks, under filters, and on disk."""

import shutil

import numpy as np
import pytest

from engine.builds import encoded, terms
from engine.builds.hits import evidence
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.retrievers import Queries
from engine.retrievers.lost import NO_WORD
from engine.text import sparse_encoder, term_weights
from tests.engine import tiny_models

QUERY = "a man in love with the sea"


@pytest.fixture(scope="module")
def build(small_build, tmp_path_factory, home):
    """The sixty films with weights of terms of a tiny encoder; not to be changed."""
    root = tmp_path_factory.mktemp("splade")
    tiny_models.splade(root / "splade")
    folder = shutil.copytree(small_build, root / "sixty")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(home))
        patch.setattr(encoded, "CHUNK", 7)
        terms.make(folder, str(root / "splade"))
    return Build(folder)


def theirs(build):
    """Scores of all documents by sentence-transformers."""
    from sentence_transformers import SparseEncoder

    model = SparseEncoder(str(build.folder.parent / "splade"), device="cpu")
    asked, known = model.encode_query([QUERY]), model.encode_document(build.texts())
    return model.similarity(asked, known).to_dense()[0].numpy()


def test_it_ranks_as_their_own_operator_and_finds_nothing_that_shares_no_term(build):
    expected = theirs(build)
    hits = build.search(QUERY, "splade", 60).hits
    np.testing.assert_allclose(
        [hit.score for hit in hits], [expected[build.row_of[hit.id]] for hit in hits], rtol=1e-4, atol=1e-3
    )
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert {build.row_of[hit.id] for hit in hits} == set(np.flatnonzero(expected > 1e-3).tolist())
    by, rows = build.retriever("splade"), np.array([5, 3, 59])
    np.testing.assert_allclose(by.scores(Queries([QUERY]), [rows])[0], expected[rows], rtol=1e-4, atol=1e-3)
    allowed = np.arange(60) % 3 == 0
    under = by.search(Queries([QUERY]), 60, allowed).rows[0]
    assert under[under >= 0].tolist() == [build.row_of[hit.id] for hit in hits if build.row_of[hit.id] % 3 == 0]
    assert {hit.id for hit in build.search(QUERY, "bm25~splade", 5).hits} <= set(build.row_of)


def test_what_speaks_for_a_hit_are_its_terms_with_their_share(build):
    by, hit = build.retriever("splade"), build.search(QUERY, "splade", 1).hits[0]
    row, own = build.row_of[hit.id], by.terms(QUERY)
    document = dict(zip(*by.encoder().encode([build.texts()[row]], "document")[0], strict=True))
    parts = {term: float(weight * document.get(term, 0)) for term, weight in zip(own.ids.tolist(), own.weights, strict=True)}
    shares = by.shared(QUERY, row)
    best = max(parts, key=parts.get)
    assert sum(shares.values()) == pytest.approx(1)
    assert next(iter(shares)) == by.encoder().words([best])[0]
    assert shares[by.encoder().words([best])[0]] == pytest.approx(parts[best] / sum(parts.values()), abs=1e-4)
    assert evidence(build, QUERY, "splade", [hit])[0].startswith(f"terms: {next(iter(shares))} ")


def test_a_document_that_shares_no_term_is_said_to(build, monkeypatch):
    by = build.retriever("splade")
    none = sparse_encoder.Terms(np.empty(0, np.int32), np.empty(0, np.float32))
    monkeypatch.setattr(by, "terms", lambda text: none)
    assert build.search("x", "splade", 5).hits == []
    assert build.lost("x", [build.documents[3].id], "splade", 5)[0].kind == NO_WORD


def test_files_that_do_not_belong_together_and_encoders_that_are_none_are_refused(build, tmp_path, told, shell):
    folder = shutil.copytree(build.folder, tmp_path / "sixty")
    for name, change, says in (
        ("ids.npy", lambda of: of + 99, "a term or a weight that is none"),
        ("weights.npy", lambda of: -of, "a term or a weight that is none"),
        ("ends.npy", lambda of: of[:9], "not of 60 documents"),
        ("weights.npy", lambda of: of[:9], "not of the same terms"),
    ):
        path = folder / term_weights.FOLDER / name
        whole = np.load(path)
        np.save(path, change(whole))
        with pytest.raises(TriescopeError, match=says):
            term_weights.opened(folder, 60)
        np.save(path, whole)
    assert told("terms", folder, "--remove") == {"removed": True}
    code, _, err = shell("search", folder, QUERY, "-r", "splade")
    assert code == 2
    assert "`python -m engine terms sixty MODEL` makes them" in err
    tiny_models.bert(tiny_models.BertModel, tmp_path / "bare")
    for model, says in ((tmp_path / "bare", "no modules.json"), ("", "name a sparse encoder")):
        code, _, err = shell("terms", folder, *([model] if model else []))
        assert code == 2
        assert says in err
    about = told("terms", folder, build.folder.parent / "splade")
    assert about["entries"] == term_weights.read(build.folder).entries
    words_alone = build.folder.parent / "splade-inner"  # the same weights, without sentence-transformers' files
    assert told("terms", folder, words_alone)["entries"] == about["entries"]
