"""Candidates of one retriever in the order of another: as a loop would have it, on lists by hand and on a build."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TriescopeError
from engine.retrievers import Queries, method_of, reranked
from engine.retrievers.lost import BELOW, NO_MEMBER, Lack
from engine.retrievers.ranking import pack
from engine.retrievers.reranked import METHOD, RerankedRetriever

ASKED = Queries(["q"])


class Lists:
    """Finds what it was given, in that order."""

    needs_vectors = False

    def __init__(self, rows):
        self.rows = rows

    def search(self, queries, k, allowed=None):
        rows = [row for row in self.rows if allowed is None or allowed[row]][:k]
        return pack([(np.array(rows, np.int64), -np.arange(len(rows), dtype=np.float32))], k)


class Says:
    """Has a score for every document, or none."""

    needs_vectors, floor = True, -1.0

    def __init__(self, scores):
        self.of = np.array(scores, np.float32)

    def scores(self, queries, rows, allowed=None):
        return [self.of[one] for one in rows]


scores = st.lists(st.sampled_from([0.5, 0.25, -1.0, -np.inf]), min_size=8, max_size=8)


@given(st.permutations(range(8)).map(lambda rows: rows[:6]), scores, st.integers(1, 8), st.integers(1, 6))
def test_the_best_of_the_candidates_come_first_and_those_without_a_score_last(listed, of, k, pool):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reranked, "POOL", pool)
        found = RerankedRetriever(Lists(listed), Says(of)).search(ASKED, k)
    candidates = listed[: max(k, pool)]
    ranked = sorted((row for row in candidates if of[row] > -np.inf), key=lambda row: (-of[row], row))
    expected = (ranked + [row for row in candidates if of[row] == -np.inf])[:k]
    assert found.rows[0].tolist() == expected + [-1] * (k - len(expected))
    assert found.scores[0][: len(expected)].tolist() == [np.float32(of[row]) for row in expected]


def test_why_one_is_lacking_is_its_rank_among_the_candidates_or_that_it_is_none():
    by = RerankedRetriever(Lists([3, 1, 2]), Says([0, 0.1, 0.9, 0.5]))
    lack = Lack(by, ASKED, np.array([1, 0]), 1, None, 4)
    below, none = METHOD.lost(lack)
    assert (below.kind, below.told, below.rank) == (BELOW, "rank 3 of the candidates, found at 2", 3)
    assert (none.kind, none.told) == (NO_MEMBER, "not among the 200 candidates")


@pytest.mark.parametrize("name", ["bm25~dense", "generative~dense", "bm25+dense~bm25", "reranked", "reranked:centroid"])
def test_on_a_build_it_orders_what_the_first_finds_by_the_second(opened, name):
    vector = np.asarray(opened.embeddings[4])
    first, second = method_of(name)[1].members or ("generative", "dense")
    queries = Queries(["an old samurai and his village"], vector[None])
    candidates = opened.retriever(first).search(queries, 200).rows[0]
    candidates = candidates[candidates >= 0]
    (of,) = opened.retriever(second).scores(queries, [candidates])
    expected = candidates[np.lexsort((candidates, -of))][:10]
    assert opened.retriever(name).search(queries, 10).rows[0].tolist() == expected.tolist()
    allowed = np.arange(60) % 2 == 0
    assert (opened.retriever(name).search(queries, 10, allowed).rows[0] % 2 == 0).all()


def test_a_second_that_only_ranks_is_refused_and_an_unknown_one_too(opened, monkeypatch):
    monkeypatch.setattr(type(opened), "retriever", lambda build, name, beams=100: Lists([1]))
    with pytest.raises(TriescopeError, match="dense only ranks what it finds itself: it cannot order what bm25 found"):
        METHOD.open(opened, 100, method_of("bm25~dense")[1])
    for name in ("bm25~", "~dense", "bm25~tfi"):
        with pytest.raises(TriescopeError, match="unknown retriever"):
            method_of(name)
