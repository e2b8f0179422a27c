"""Views of a document: their scores add up, each hit says what it holds in which, and what people asked is one, where known."""

import numpy as np
import pytest

from engine.builds.hits import evidence
from engine.retrievers import Queries, views
from engine.text.words import words

QUERY = "a war at sea"


def test_scores_are_the_sums_of_the_views_and_every_ngram_occurs_in_its_view(opened):
    by, queries = opened.retriever("minder"), Queries([QUERY], opened.embed_queries([QUERY]))
    assert list(by.views) == ["text", "title"]  # nobody judged train queries
    found = by.search(queries, 10)
    rows = found.rows[0][found.rows[0] >= 0]
    parts = [view.all_scores(queries)[0] for view in by.views.values()]
    assert found.scores[0][: len(rows)].tolist() == pytest.approx(sum(parts)[rows].tolist())
    assert by.views["text"].all_scores(queries)[0].tolist() == opened.retriever("seal").all_scores(queries)[0].tolist()
    said = {"text": opened.texts(), "title": opened.titles()}
    for row in rows.tolist():
        for name, grams in by.held(QUERY, row).items():
            assert all(f" {gram} " in f" {' '.join(words(said[name][row]))} " for gram in grams)
    hits = opened.search(QUERY, "minder", 3).hits
    assert all(told.startswith("text: ") for told in evidence(opened, QUERY, "minder", hits))
    allowed = np.arange(len(opened.documents)) == rows[1]
    assert by.search(queries, 5, allowed).rows[0].tolist() == [rows[1], -1, -1, -1, -1]


def test_what_people_asked_is_a_view_of_its_own(opened, monkeypatch):
    monkeypatch.setattr(views, "TRAIN", "dev")
    known = views.asked_of(opened)
    qrels = opened.corpus.qrels["dev"]
    owners = {opened.row_of[document]: query for query, grades in qrels.items() for document in grades}
    assert set(known.document.tolist()) == set(owners)
    assert known.lengths.sum() == sum(len(words(opened.corpus.queries[query])) for query in owners.values())
    monkeypatch.setattr(views, "TRAIN", "train")
    assert views.asked_of(opened) is None
