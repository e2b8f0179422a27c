"""Search under a filter: what is left out takes no place of what passes, whoever searches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import TriescopeError
from engine.retrievers import Queries
from engine.retrievers.dense import ExactRetriever, HnswRetriever, build_hnsw
from engine.retrievers.fusion import DEPTH, Fallback, FusedRetriever
from engine.retrievers.generative import GenerativeRetriever
from engine.retrievers.ranking import Ranking
from engine.retrievers.shares import RRF, Pool, Z, fused, ranked
from engine.retrievers.weighting import MEMBERS, Tuning
from tests.engine.oracles import unit
from tests.labelled import ANYWHERE

QUERY = "a ship in a storm"
DOCUMENTS = 60
masks = st.lists(st.booleans(), min_size=DOCUMENTS, max_size=DOCUMENTS).map(lambda mask: np.array(mask, bool))
rows = st.sets(st.integers(0, DOCUMENTS - 1), max_size=4)


@pytest.fixture(scope="module")
def asked(opened):
    """Two queries, with vectors between those of documents."""
    vectors = unit(opened.embeddings[[7, 31]] + opened.embeddings[[40, 2]])
    return Queries([QUERY, " ".join(opened.documents[31].text.split()[:30])], vectors)


def afterwards(ranking: Ranking, allowed: np.ndarray, k: int) -> tuple[list, list]:
    """The slow twin: a search of everything, of which what is not allowed is struck out; rows and scores of each query."""
    kept = [
        [(int(row), float(score)) for row, score in zip(of_query, scores, strict=True) if row >= 0 and allowed[row]][:k]
        for of_query, scores in zip(ranking.rows, ranking.scores, strict=True)
    ]
    return [[row for row, _ in found] for found in kept], [[score for _, score in found] for found in kept]


def found(ranking: Ranking) -> tuple[list, list]:
    return (
        [[int(row) for row in of_query if row >= 0] for of_query in ranking.rows],
        [
            [float(score) for row, score in zip(of_query, scores, strict=True) if row >= 0]
            for of_query, scores in zip(ranking.rows, ranking.scores, strict=True)
        ],
    )


@pytest.fixture(scope="module", params=["bm25", "dense", "dense-hnsw", "generative"])
def everything(request, opened, asked):
    """A retriever, and its search of all documents."""
    searcher = opened.retriever(request.param, beams=DOCUMENTS)
    return searcher, searcher.search(asked, DOCUMENTS)


@given(allowed=masks, k=st.integers(1, DOCUMENTS))
def test_it_is_the_search_of_everything_filtered_afterwards(everything, asked, allowed, k):
    searcher, whole = everything
    expected, scores = afterwards(whole, allowed, k)
    under = found(searcher.search(asked, k, allowed))
    assert under[0] == expected
    for ours, theirs in zip(under[1], scores, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("name", ["dense", "dense-hnsw", "generative", "hybrid"])
@given(few=rows, k=st.integers(1, 5))
def test_as_many_come_back_as_are_asked_for_and_pass(opened, asked, name, few, k):
    allowed = np.zeros(DOCUMENTS, bool)
    allowed[list(few)] = True
    for of_query in found(opened.retriever(name, beams=5).search(asked, k, allowed))[0]:
        assert len(of_query) == min(k, len(few))
        assert set(of_query) <= few


@settings(max_examples=20)
@given(allowed=masks, k=st.integers(1, DOCUMENTS), method=st.sampled_from([Z, RRF]))
def test_a_fusion_is_that_of_what_its_members_find_under_the_filter(opened, asked, allowed, k, method):
    members = {name: opened.retriever(name) for name in MEMBERS}
    ranking = FusedRetriever(members, Tuning(weights=dict.fromkeys(MEMBERS, 1.0), method=method)).search(asked, k, allowed)
    of_member = {name: afterwards(member.search(asked, DEPTH), allowed, DEPTH)[0] for name, member in members.items()}
    for place in range(len(asked.texts)):
        pool = ranked([np.array(of_query[place], np.int64) for of_query in of_member.values()])
        one = Queries(asked.texts[place : place + 1], asked.vectors[place : place + 1])
        said = [member.scores(one, [pool.rows], allowed)[0] for member in members.values()]
        scores = fused(Pool(pool.rows, pool.ranks, np.array(said, float).T), np.zeros(3), method, np.ones(3))
        expected = pool.rows[np.lexsort((pool.rows, -scores))][:k]
        assert found(ranking)[0][place] == expected.tolist()


def test_the_stand_in_of_an_unsure_generator_is_under_the_filter_too(opened, asked):
    allowed = np.arange(DOCUMENTS) % 3 == 1
    members = {"generative": opened.retriever("generative"), "dense": opened.retriever("dense")}
    tuning = Tuning(weights={"generative": 1.0}, threshold=1.1, method=Z)
    fallback = Fallback(of="generative", by=opened.retriever("dense-hnsw"))
    ranking = FusedRetriever(members, tuning, fallback).search(asked, 10, allowed)
    assert {source for sources in ranking.sources for source in sources} == {"ann"}
    assert found(ranking)[0] == found(opened.retriever("dense").search(asked, 10, allowed))[0]


@pytest.mark.parametrize("beams", [5, 100])
def test_where_no_document_that_passes_has_an_identifier_nothing_is_written(opened, asked, beams):
    without = opened.trie.restricted(np.arange(DOCUMENTS) != 7).compact()
    allowed = np.arange(DOCUMENTS) == 7
    searcher = GenerativeRetriever(without, opened.scorer(), beams)
    assert found(searcher.search(asked, 10, allowed)) == ([[], []], [[], []])
    ranking, confidence = searcher.search_with_confidence(asked, 10, allowed)
    assert (found(ranking)[0], confidence.tolist()) == ([[], []], [0, 0])


def test_the_graph_misses_nothing_where_the_filter_cuts_out_the_neighbourhood_of_the_query(tmp_path):
    """A walk that passes over what is left out finds little of what is far from where it goes."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(40, 16))
    cluster = rng.integers(40, size=4000)
    vectors = unit(centres[cluster] + 0.2 * rng.normal(size=(4000, 16)))
    build_hnsw(vectors, tmp_path)
    allowed = cluster >= 38
    queries = Queries([""] * 20, unit(centres[:20]))
    near, exact = (one.search(queries, 10, allowed) for one in (HnswRetriever(tmp_path), ExactRetriever(vectors)))
    assert near.rows.tolist() == exact.rows.tolist()
    assert allowed[near.rows].all()


@pytest.mark.parametrize("name", ANYWHERE)
def test_a_build_is_searched_under_a_filter_as_text(opened, asked, name):
    late = {document.id for document in opened.documents if (document.metadata.get("year") or 0) > 1990}
    hits, _ = opened.search(QUERY, name, 60, vector=asked.vectors[0], filter="year > 1990")
    assert {hit.id for hit in hits} <= late
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    if name not in ("bm25", "tfidf", "seal", "minder", "ltrgr"):  # these find only what shares words with the query
        assert {hit.id for hit in hits} == late


@pytest.mark.parametrize(("filter", "told"), [("yeer > 1990", "no column 'yeer'"), ("year > 3000", "none of 60 documents")])
def test_a_filter_that_is_none_or_lets_nothing_through_is_said(opened, filter, told):
    with pytest.raises(TriescopeError, match=told):
        opened.search(QUERY, "bm25", filter=filter)
