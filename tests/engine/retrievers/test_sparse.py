import math
from types import SimpleNamespace

import bm25s
import numpy as np
import pytest

from engine.errors import TriescopeError
from engine.retrievers import Queries, sparse
from engine.retrievers.base import Named
from engine.text.matched import marks, wanted
from engine.text.words import alike

TEXTS = ["red fox red", "red dog", "blue bird river moon"]


@pytest.fixture
def bm25(tmp_path):
    sparse.build(TEXTS, tmp_path / "index")
    return sparse.SparseRetriever(tmp_path / "index")


def found(retriever, query, k=3):
    ranking = retriever.search(Queries([query]), k)
    return {int(row): float(score) for row, score in zip(ranking.rows[0], ranking.scores[0], strict=True) if row >= 0}


def matched(query, text):
    """Words of a text that are marked, in small letters, each once."""
    return list(dict.fromkeys(alike(text[start:stop]) for start, stop in marks(wanted(query), text)))


def told(build):
    return sparse.METHOD.told(SimpleNamespace(folder=build), Named())


def test_scores_are_those_of_lucene_worked_out_by_hand(bm25):
    # Three documents of 3, 2 and 4 words: 3 on average. idf = ln(1 + (N - df + .5) / (df + .5)).
    idf_red, idf_fox = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5)), math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    # Term weight = tf / (tf + k1 * (1 - b + b * length / average)), k1 = 1.5, b = .75.
    in_first = 1.5 * (1 - 0.75 + 0.75 * 3 / 3)
    in_second = 1.5 * (1 - 0.75 + 0.75 * 2 / 3)
    expected = {0: idf_red * 2 / (2 + in_first) + idf_fox * 1 / (1 + in_first), 1: idf_red * 1 / (1 + in_second)}
    assert found(bm25, "red fox") == pytest.approx(expected, rel=1e-5)


def test_a_word_asked_twice_counts_twice(bm25):
    once, twice = found(bm25, "red"), found(bm25, "red red")
    assert twice == pytest.approx({row: 2 * score for row, score in once.items()})


def test_documents_that_share_no_word_with_the_query_are_no_results(bm25):
    assert set(found(bm25, "moon")) == {2}
    assert found(bm25, "zeppelin") == {}
    assert found(bm25, "the of and") == {}


def test_words_are_compared_by_their_stems(bm25):
    assert set(found(bm25, "Foxes")) == {0}


def test_missing_results_are_padded(bm25):
    ranking = bm25.search(Queries(["moon", "zeppelin"]), 2)
    assert ranking.rows.tolist() == [[2, -1], [-1, -1]]
    assert np.isneginf(ranking.scores[1]).all()


def test_equal_scores_stand_in_document_order(tmp_path):
    sparse.build(["grey cat", "white cat", "black cat", "dog"], tmp_path)
    assert sparse.SparseRetriever(tmp_path).search(Queries(["cat"]), 2).rows.tolist() == [[0, 1]]


@pytest.mark.parametrize("texts", [["It"], ["The", "Of"], ["..."]])
def test_a_corpus_without_a_word_to_index_has_no_results(tmp_path, texts):
    sparse.build(texts, tmp_path)
    assert found(sparse.SparseRetriever(tmp_path), "it") == {}


CHINESE = ["北京烤鸭 北京最有名的菜是烤鸭，外皮酥脆", "上海小笼包 皮薄多汁的小笼包", "四川火锅 又麻又辣的火锅"]
THAI = ["ภาษาไทยง่าย", "อาหารญี่ปุ่น", "รถไฟฟ้า"]
LETTERS = ["C a programming language", "R statistics", "M8x20 bolt", "Rocky 3", "The director's cut"]


@pytest.mark.parametrize(
    ("texts", "query", "expected"),
    [
        (CHINESE, "烤鸭", {0}),
        (CHINESE, "鸭", {0}),
        (CHINESE, "火锅", {2}),
        (CHINESE, "寿司", set()),
        (THAI, "อาหาร", {1}),
        (THAI, "ไทย", {0}),
        (LETTERS, "R", {1}),
        (LETTERS, "c", {0}),
        (LETTERS, "3", {3}),
        (LETTERS, "M8x20", {2}),
        (LETTERS, "s", set()),
        (LETTERS, "a", set()),
    ],
)
def test_words_without_spaces_and_single_letters_are_found(tmp_path, texts, query, expected):
    sparse.build(texts, tmp_path)
    assert set(found(sparse.SparseRetriever(tmp_path), query, len(texts))) == expected


def test_an_index_of_an_earlier_version_cuts_queries_as_it_cut_its_texts(tmp_path):
    index = bm25s.BM25(k1=sparse.K1, b=sparse.B, method="lucene")
    index.index(sparse.tokens(["北京 烤鸭店", "C language", "cafe\u0301 au lait"], sparse.FIRST), show_progress=False)
    index.save(tmp_path / sparse.FOLDER, show_progress=False)
    old = sparse.SparseRetriever(tmp_path / sparse.FOLDER)
    assert set(found(old, "北京")) == {0}
    assert found(old, "烤鸭") == found(old, "C") == {}
    assert set(found(old, "cafe\u0301")) == {2}, "its rule knew no accent behind a letter"
    assert "earlier version" in told(tmp_path)


def test_a_new_index_says_nothing_of_itself(tmp_path):
    sparse.build(TEXTS, tmp_path / sparse.FOLDER)
    assert told(tmp_path) == ""


def test_an_index_of_words_that_this_version_does_not_know_is_refused(tmp_path):
    sparse.build(TEXTS, tmp_path)
    (tmp_path / sparse.RULE).write_text('{"rule": 3}')
    with pytest.raises(TriescopeError, match="words of rule 3, this version knows those up to 2"):
        sparse.SparseRetriever(tmp_path)


def test_matched_terms_of_texts_without_spaces_are_what_both_share():
    assert matched("北京的烤鸭", CHINESE[0]) == ["北京烤鸭", "北京", "的", "烤鸭"]
    assert matched("用C写", "C 写字") == ["c", "写"]
    assert matched("ภาษา", THAI[0]) == ["ภาษา"]


def test_matched_terms_are_the_words_of_the_text_that_share_a_stem_with_the_query():
    assert matched("dreams of flying", "He dreamed; a dream, a dream of flights") == ["dreamed", "dream"]
    assert matched("zeppelin", "red fox") == []
    assert matched("red", "") == []
