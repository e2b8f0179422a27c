"""Why lists lack documents, each family against its own whole ranking; and the words that a keyword score is made of."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decoding.exact import exact_search
from engine.errors import TriescopeError
from engine.retrievers import Queries, sparse
from engine.retrievers.fusion import DEPTH
from engine.retrievers.lost import BELOW, FILTERED, MODEL, NO_MEMBER, NO_WORD, SEARCH
from engine.text.matched import stems, wanted

QUERY, K, BEAMS = "a lonely man returns to his old city at war", 5, 4


@pytest.fixture(scope="module")
def vector(opened):
    return np.asarray(opened.embeddings[7])


def lacks(opened, name, vector, allowed="", beams=BEAMS):
    """Id -> loss of every document that the list of K lacks."""
    hits = {hit.id for hit in opened.search(QUERY, name, K, beams, vector, allowed)[0]}
    out = [document.id for document in opened.documents if document.id not in hits]
    return dict(zip(out, opened.lost(QUERY, out, name, K, beams, vector, allowed), strict=True))


def ranked(opened, name, vector, allowed=""):
    return {hit.id: hit for hit in opened.search(QUERY, name, len(opened.documents), 1000, vector, allowed)[0]}


@pytest.mark.parametrize("name", ["dense", "dense-hnsw"])
def test_vectors_say_rank_and_cosine(opened, vector, name):
    exact = ranked(opened, "dense", vector)
    for document, loss in lacks(opened, name, vector).items():
        assert loss.kind == BELOW
        assert (loss.rank, loss.score) == (exact[document].rank, pytest.approx(exact[document].score, abs=1e-4))
        assert loss.told == f"rank {loss.rank}, cosine {loss.score:.3f}"


def test_a_walk_that_misses_a_neighbour_is_a_search_error(opened, vector):
    first = next(iter(ranked(opened, "dense", vector)))
    (loss,) = opened.lost(QUERY, [first], "dense-hnsw", K, vector=vector)
    assert (loss.kind, loss.rank) == (SEARCH, 1)
    assert "the walk missed it: exact rank 1, cosine" in loss.told


def test_keywords_say_rank_and_the_words_that_are_not_there(opened, vector):
    exact, asked = ranked(opened, "bm25", vector), wanted(QUERY)
    found = lacks(opened, "bm25", vector)
    assert {loss.kind for loss in found.values()} == {BELOW, NO_WORD}
    for document, loss in found.items():
        text = opened.documents[opened.row_of[document]].searched_text(opened.manifest.spec.fields)
        shared = asked & set(stems([text])[0])
        assert (loss.kind == BELOW) == bool(shared) == (document in exact)
        if shared:
            assert loss.told.startswith(f"rank {exact[document].rank}, score ")
            named = stems([loss.told.partition("lacks ")[2].replace("more", "")])[0]
            assert {stem for stem in named if not stem.isdigit()} <= asked - shared
            assert ("lacks" in loss.told) == (shared != asked)


def test_decoding_says_whether_the_beam_lost_it_or_the_scorer(opened, vector):
    leaves = exact_search(opened.trie, opened.scorer(), vector)[0]
    exact = [row for leaf in leaves for row in opened.trie.leaf_documents(int(leaf)).tolist()]
    found = lacks(opened, "generative", vector, beams=2)
    for document, loss in found.items():
        assert loss.rank == exact.index(opened.row_of[document]) + 1
        assert (loss.kind == SEARCH) == (loss.rank <= K)
        assert loss.kind in (SEARCH, MODEL)
        assert f"exact rank {loss.rank}" in loss.told
        assert loss.told.startswith(f"{loss.kind}: ")
    assert {loss.kind for loss in found.values()} == {SEARCH, MODEL}
    wide = next(loss for loss in found.values() if loss.kind == SEARCH)
    width = int(re.search(r"(\d+) beams keep it", wide.told)[1])
    document = next(document for document, loss in found.items() if loss is wide)
    assert document in {hit.id for hit in opened.search(QUERY, "generative", 60, width, vector)[0]}


def test_a_fusion_says_which_members_had_it_and_where(opened, vector):
    name = "bm25+dense"
    members, whole = ({of: ranked(opened, of, vector) for of in ("bm25", "dense")}, ranked(opened, name, vector))
    for document, loss in lacks(opened, name, vector).items():
        assert loss.rank == whole[document].rank
        told = [f"{of} {ranks[document].rank if document in ranks else f'not in {DEPTH}'}" for of, ranks in members.items()]
        assert loss.told == f"rank {loss.rank}: {', '.join(told)}"


def test_a_fusion_of_lists_that_are_short_says_that_no_member_has_it(opened, vector, monkeypatch):
    monkeypatch.setattr("engine.retrievers.fusion.DEPTH", K)
    found = lacks(opened, "bm25+dense", vector)
    assert NO_MEMBER in {loss.kind for loss in found.values()}
    one = next(loss for loss in found.values() if loss.kind == NO_MEMBER)
    assert (one.told, one.rank) == (f"none of bm25, dense has it in its first {K}", None)


@pytest.mark.parametrize("name", ["bm25", "dense", "generative", "hybrid"])
def test_a_filter_is_the_reason_before_all_others(opened, vector, name):
    allowed = opened.allowed("year > 1980")
    found = lacks(opened, name, vector, "year > 1980")
    for document, loss in found.items():
        assert (loss.kind == FILTERED) == (not allowed[opened.row_of[document]])
    ranks = [loss.rank for loss in found.values() if loss.rank and loss.kind == BELOW]
    assert max(ranks, default=0) <= allowed.sum()


def test_a_document_that_is_not_there_is_refused(opened, vector):
    with pytest.raises(TriescopeError, match="has no document 'nobody'"):
        opened.lost(QUERY, ["nobody"], "dense", vector=vector)


def test_the_shell_lists_what_each_list_lacks(told, shell, small_build, opened):
    split = opened.corpus.qrels["dev"]
    query, (document, _) = next((query, next(iter(grades.items()))) for query, grades in split.items())
    text = opened.corpus.queries[query]
    value = told("lost", small_build, text, "-r", "bm25", "-r", "dense", "-k", 1)
    assert value["documents"] == [document]
    for one in value["lists"]:
        listed = opened.search(text, one["retriever"], 1)[0][0].id == document
        assert [lack["id"] for lack in one["lacks"]] == [document] * (not listed)
    far = ranked(opened, "dense", opened.encode(text)[0])
    last = list(far)[-1]
    out = shell("lost", small_build, text, "-r", "dense", "-d", last)[1].splitlines()
    assert out[0] == "dense lacks 1 of 1 in its first 10"
    assert out[1].strip().startswith("rank 60, cosine")
    assert "no document judged relevant" in shell("lost", small_build, "nobody asked this")[2]


WORDS = st.lists(st.sampled_from("dreams dreaming heist heists war the city zzz".split()), min_size=1, max_size=8)


@given(st.lists(WORDS, min_size=1, max_size=6), WORDS)
def test_the_words_of_a_query_add_up_to_the_score_of_every_document(tmp_path_factory, texts, query):
    folder = tmp_path_factory.mktemp("index")
    sparse.build([" ".join(text) for text in texts], folder)
    by, rows = sparse.SparseRetriever(folder), np.arange(len(texts))
    asked = " ".join(query)
    found = by.terms(asked, rows)
    (scores,) = by.scores(Queries([asked]), [rows])
    np.testing.assert_allclose(found.scores.sum(axis=1), scores, rtol=1e-5)
    for row in rows:
        shares, has = found.shares(row), set(stems([" ".join(texts[row])])[0])
        assert sum(share for _, share in shares) == pytest.approx(1.0 if scores[row] else 0.0)
        assert {stems([word])[0][0] for word, _ in shares} == has & wanted(asked)
        assert {stems([word])[0][0] for word in found.missing(row)} == wanted(asked) - has
        assert [share for _, share in shares] == sorted((share for _, share in shares), reverse=True)
    assert set(found.words) <= set(query)
