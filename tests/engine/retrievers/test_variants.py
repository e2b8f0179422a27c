"""Keyword search by other formulas: against bm25s and scikit-learn, by name, in a fusion, and where there is nothing to index."""

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from engine.errors import TriescopeError
from engine.retrievers import Queries, method_of, sparse
from engine.retrievers.sparse import FORMULAS, tokens
from engine.retrievers.variants import TfidfRetriever, VariantRetriever

WORDS = st.lists(st.sampled_from("dreams dreaming heist war the city zzz moon".split()), min_size=1, max_size=9)
TEXTS = st.lists(WORDS.map(" ".join), min_size=1, max_size=7).filter(lambda texts: any(tokens(texts)))


def scores_of(by, query, documents):
    return by.scores(Queries([query]), [np.arange(documents)])[0]


@given(
    TEXTS, WORDS.map(" ".join), st.sampled_from(sorted(FORMULAS)), st.sampled_from([0.5, 1.5]), st.sampled_from([0.0, 0.4, 1.0])
)
def test_scores_are_those_of_bm25s_counted_from_a_document_without_the_words(texts, query, method, k1, b):
    by = VariantRetriever(texts, {"method": method, "k1": k1, "b": b})
    theirs = bm25s.BM25(k1=k1, b=b, method=FORMULAS[method])
    theirs.index(tokens(texts), show_progress=False)
    known = [word for word in tokens([query])[0] if word in theirs.vocab_dict]
    if not known:
        assert not scores_of(by, query, len(texts)).any()
        return
    none = 0.0 if theirs.nonoccurrence_array is None else theirs.nonoccurrence_array[theirs.get_tokens_ids(known)].sum()
    np.testing.assert_allclose(scores_of(by, query, len(texts)), theirs.get_scores(known) - none, atol=1e-5)


@given(TEXTS, WORDS.map(" ".join))
def test_tfidf_is_that_of_scikit_learn(texts, query):
    theirs = TfidfVectorizer(analyzer=lambda text: tokens([text])[0], sublinear_tf=True)
    documents = theirs.fit_transform(texts).toarray()
    asked = np.zeros(documents.shape[1])
    for word in tokens([query])[0]:
        if word in theirs.vocabulary_:
            asked[theirs.vocabulary_[word]] += theirs.idf_[theirs.vocabulary_[word]]
    found = TfidfRetriever(texts)
    np.testing.assert_allclose(scores_of(found, query, len(texts)), documents @ asked, atol=1e-5)
    np.testing.assert_allclose(found.terms(query, np.arange(len(texts))).scores.sum(axis=1), documents @ asked, atol=1e-5)


def test_without_settings_it_is_the_index_of_the_build(opened):
    query = "a lonely man returns to his old city"
    same = opened.search(query, "bm25:method=lucene,k1=1.5,b=0.75", 20)[0]
    stored = opened.search(query, "bm25", 20)[0]
    assert [(hit.id, hit.score) for hit in same] == [(hit.id, pytest.approx(hit.score, abs=2e-4)) for hit in stored]
    other = opened.search(query, "bm25:b=0", 20)[0]
    assert [hit.id for hit in other] != [hit.id for hit in stored]
    assert method_of("bm25:b=0")[0].told(opened, method_of("bm25:b=0")[1]) == "indexed in memory when it was first asked for"


def test_a_variant_is_made_once_and_few_are_kept(opened, monkeypatch):
    made = []
    monkeypatch.setattr(opened, "texts", lambda: made.append(1) or ["a city"] * len(opened.documents))
    for k1 in (0.1, 0.1, 0.2, 0.3, 0.4, 0.1):
        opened.retriever(f"bm25:k1={k1}")
    assert len(made) == 5


def test_it_is_fused_and_filtered_as_any_other_is(opened):
    query, vector = "a lonely man returns to his old city", np.asarray(opened.embeddings[3])
    name = ".3*bm25:k1=0.9,b=0.4+.7*dense"
    hits = opened.search(query, name, 5, vector=vector, filter="year > 1980")[0]
    assert {source for hit in hits for source in hit.source.split(" + ")} <= {"bm25:k1=0.9,b=0.4", "dense"}
    assert all(opened.documents[opened.row_of[hit.id]].metadata["year"] > 1980 for hit in hits)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("bm25:k2=1", "has no option 'k2'; it has method, k1, b"),
        ("bm25:k1=-1", "k1 must lie between 0.0 and 10.0"),
        ("bm25:k1=nan", "k1 must lie between"),
        ("bm25:b=much", "b must be a number, not 'much'"),
        ("bm25:method=bm11", "method must be one of lucene"),
        ("bm25:", "is not a setting; write name=value"),
        ("bm25:node", "is not a setting"),
        ("dense:k1=1", "a scorer can be named after"),
    ],
)
def test_a_setting_that_is_none_is_refused(name, why):
    with pytest.raises(TriescopeError, match=why):
        method_of(name)


@pytest.mark.parametrize("texts", [["It"], ["..."]])
def test_a_corpus_without_a_word_to_index_has_no_results(texts):
    for by in (TfidfRetriever(texts), VariantRetriever(texts, {})):
        assert by.search(Queries(["it"]), 1).rows.tolist() == [[-1]]


def test_defaults_are_those_of_the_index_of_a_build():
    assert {option.name: option.default for option in sparse.OPTIONS} == {"method": "lucene", "k1": sparse.K1, "b": sparse.B}
