"""What comes back of a build, against a loop over documents that asks one text after the other."""

from types import SimpleNamespace

import numpy as np
import pytest

from engine.errors import TriescopeError
from engine.evaluation import reachability as reach
from engine.retrievers import Queries


def slow(opened, beams, name, texts_of, depth):
    """Share of the documents that one of their texts brings, text by text."""
    found = []
    for row, texts in texts_of.items():
        lists = [opened.search(text, name, depth, beams)[0] for text in texts]
        found.append(any(hit.id == opened.documents[row].id for hits in lists for hit in hits))
    return float(np.mean(found))


def asked_of(opened):
    """Document row -> its judged queries' texts, and row -> its title."""
    queries = {}
    for split in ("test", "dev"):
        for query, grades in opened.corpus.qrels[split].items():
            for document, grade in grades.items():
                if grade > 0:
                    queries.setdefault(opened.row_of[document], []).append(opened.corpus.queries[query])
    return queries, {row: [document.title] for row, document in enumerate(opened.documents)}


def test_shares_are_those_of_a_loop_over_documents(opened, monkeypatch):
    monkeypatch.setattr(reach, "DEPTHS", (2, 5))
    monkeypatch.setattr(reach, "SCORES", 7 * len(opened.documents))  # several batches
    found = reach.reachability(opened, beams=2)
    queries, titles = asked_of(opened)
    assert [(of.kind, of.documents, of.there) for of in found.kinds] == [("own queries", 12, 12), ("own title", 60, 60)]
    for of, texts in zip(found.kinds, (queries, titles), strict=True):
        assert set(of.shares) == {"generative:centroid", "dense", "bm25"}
        for name, shares in of.shares.items():
            for depth, share in shares.items():
                assert share.mean == pytest.approx(slow(opened, 2, name, texts, depth))
                assert share.low <= share.mean <= share.high
    lost = [
        row
        for row in range(60)
        if not any(
            hit.id == opened.documents[row].id
            for text in (*queries.get(row, ()), *titles[row])
            for hit in opened.search(text, "generative", 5, 2)[0]
        )
    ]
    assert lost
    assert found.unreached == len(lost)
    assert [one.id for one in found.listed] == [opened.documents[row].id for row in lost]
    cut = opened.why(titles[lost[0]][0], found.listed[0].id, 2)
    assert found.listed[0].why.lower() == f"for its title: {cut.verdict}".lower()
    assert found.looked_at == 60


def test_whoever_is_lost_is_lost_by_all_that_it_can_be_asked_for_by_drawn_or_not(opened, monkeypatch):
    monkeypatch.setattr(reach, "DEPTHS", (1, 2))
    whole = reach.reachability(opened, beams=2)
    lost = {one.id for one in whole.listed}
    assert 0 < len(lost) < 40
    some = [reach.reachability(opened, beams=2, sample=10, seed=seed) for seed in range(6)]
    assert any(found.unreached for found in some)
    assert all({one.id for one in found.listed} <= lost for found in some)


def test_a_query_that_is_the_document_itself_asks_for_nothing(opened):
    corpus = opened.corpus
    ids = [document.id for document in corpus.documents]
    itself = corpus._replace(queries={ids[0]: "a road"}, qrels={"test": {ids[0]: {ids[0]: 1, ids[1]: 1, ids[2]: 0, "gone": 1}}})
    asked = reach.own_queries(SimpleNamespace(corpus=itself, row_of=opened.row_of))
    assert (asked.rows.tolist(), asked.text.tolist(), asked.texts) == ([1], [0], ["a road"])


def test_one_query_is_enough_and_the_best_place_counts():
    asked = reach.Asked("own queries", ["a", "b", "c"], np.array([4, 4, 7]), np.array([0, 1, 2]))

    class Fixed:
        name, needs_vectors = "fixed", False

        def search(self, queries, k, allowed=None):
            lists = {"a": [1, 2, 4], "b": [4, 9, 9], "c": [1, 2, 3]}
            return type("Ranking", (), {"rows": np.array([lists[text] for text in queries.texts])})

    place = reach.places(Fixed(), Queries(asked.texts), asked, 3)
    assert place.tolist() == [3, 1, 0]
    rows, best = reach.best_places(asked, place)
    assert (rows.tolist(), best.tolist()) == ([4, 7], [1, 0])
    assert reach.share(best, 10).mean == 0.5
    assert 0 < reach.share(np.ones(20), 10).low < 1


def test_a_draw_is_the_same_again_and_said(opened, told):
    one, other = (reach.reachability(opened, beams=5, sample=10, seed=seed) for seed in (3, 4))
    assert [(of.documents, of.there) for of in one.kinds] == [(10, 12), (10, 60)]
    assert one.as_json()["kinds"] == reach.reachability(opened, beams=5, sample=10, seed=3).as_json()["kinds"]
    assert reach.draw(np.arange(60), 10, 3).tolist() != reach.draw(np.arange(60), 10, 4).tolist()
    assert one.looked_at <= 20
    assert other.looked_at <= 20
    value = told("reachability", opened.folder, "--beams", 5, "--sample", 10, "--seed", 3)
    assert value["kinds"] == one.as_json()["kinds"]


def test_a_catalogue_without_titles_and_queries_has_nothing_to_ask_by(opened, monkeypatch):
    bare = np.empty(0, np.int64)
    monkeypatch.setattr(reach, "own_titles", lambda *given: reach.Asked("own title", [], bare, bare))
    monkeypatch.setattr(reach, "own_queries", lambda *given: reach.Asked("own queries", [], bare, bare))
    with pytest.raises(TriescopeError, match="no document has a title"):
        reach.reachability(opened)
