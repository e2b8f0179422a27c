"""More like this, less like that: the vector as it is computed by hand, what is left out, and who hears of it."""

import numpy as np
import pytest

from engine.builds import turns
from engine.builds.turns import Turns
from engine.errors import TriescopeError
from engine.filters.syntax import MAX_LENGTH

QUERY = "a ship in a storm"


def test_the_vector_moves_by_means_and_keeps_its_length(opened):
    ids = [document.id for document in opened.documents]
    query, rows = np.asarray(opened.embeddings[3]), opened.embeddings
    moved = turns.vector(opened, query, Turns((ids[5], ids[9]), (ids[20],)))
    by_hand = query + 0.75 * (rows[5] + rows[9]) / 2 - 0.15 * rows[20]
    np.testing.assert_allclose(moved, by_hand / np.linalg.norm(by_hand), atol=1e-6)
    assert turns.vector(opened, query, Turns()) is query
    with pytest.raises(TriescopeError, match="has no document 'x'"):
        turns.vector(opened, query, Turns((), ("x",)))


def test_what_less_is_wanted_of_is_no_result_whoever_searches_and_the_filter_holds_for_the_rest(opened):
    for name in ("bm25", "dense", "generative", "hybrid"):
        first = opened.search(QUERY, name, 3, vector=np.asarray(opened.embeddings[7])).hits[0].id
        found = opened.search(QUERY, name, 60, 100, np.asarray(opened.embeddings[7]), turns.without("year > 1950", [first])).hits
        under = opened.search(QUERY, name, 60, 100, np.asarray(opened.embeddings[7]), "year > 1950").hits
        assert {hit.id for hit in found} == {hit.id for hit in under} - {first}


def test_a_filter_never_becomes_longer_than_filters_are(opened):
    many = turns.without("year > 1950", ["x" * 300] * 20)
    assert len(many) <= MAX_LENGTH
    assert many.count("'" + "x" * 300) == 6


def test_the_branch_of_a_document_is_the_smallest_that_holds_another_too(opened):
    for row in (0, 17, 42):
        prefix = [int(code) for code in turns.branch(opened, opened.documents[row].id).split("-")]
        below = [other for other, codes in enumerate(opened.codes) if codes[: len(prefix)].tolist() == prefix]
        assert row in below
        own = [code for code in opened.codes[row].tolist() if code >= 0]
        longer = [
            other for other, codes in enumerate(opened.codes) if codes[: len(prefix) + 1].tolist() == own[: len(prefix) + 1]
        ]
        assert len(below) > 1 or len(prefix) == 1
        assert longer in ([row], [])


def test_who_reads_words_does_not_hear_of_turns(opened):
    names = ["bm25", "tfidf", "dense", "dense-hnsw", "generative", "hybrid", "bm25+dense", "bm25~tfidf", "feedback"]
    assert turns.deaf(opened, names) == ["bm25", "tfidf", "bm25~tfidf"]


def test_the_shell_takes_turns(opened, told, small_build):
    ids = [hit.id for hit in opened.search(QUERY, "dense", 6).hits]
    found = told("search", small_build, QUERY, "-r", "dense", "-k", 5, "--more", ids[5], "--less", ids[0])["hits"]
    moved = opened.turned(QUERY, [ids[5]], [ids[0]])
    expected = [hit.id for hit in opened.search(QUERY, "dense", 6, vector=moved).hits if hit.id != ids[0]]
    assert [hit["id"] for hit in found] == expected[:5]
    decoded = told("decode", small_build, QUERY, "--more", ids[5])["hits"]
    assert [hit["id"] for hit in decoded] != [hit["id"] for hit in told("decode", small_build, QUERY)["hits"]]
