"""The shelf: its places hold the nearest new items, the others what they held, and nothing comes twice."""

import numpy as np

from engine.data.histories import Histories
from engine.recommending.base import Ranked
from engine.recommending.matrix import Recency
from engine.recommending.plain import Popularity, Semantic
from engine.recommending.shelf import Shelf
from tests.engine.recommending.baskets import ITEMS, embeddings


def test_two_of_ten_places_are_for_what_is_new():
    new = np.zeros(ITEMS, bool)
    new[[3, 8, 15, 20]] = True
    by, of = Semantic(embeddings(), Recency()), Ranked(Popularity(np.arange(ITEMS)[::-1].astype(float)))
    histories = Histories.of([[1, 5], [3], [0, 2, 4, 6, 7, 9, 10, 11, 12, 13, 14]])
    found = Shelf(of, by, new).recommend(histories, 10)
    for person in range(3):
        history = set(histories.one(person).tolist())
        scores = by.scores(histories.pick(slice(person, person + 1)))[0]
        shelf = [row for row in np.argsort(-scores, kind="stable") if new[row] and row not in history][:2]
        usual = [row for row in range(ITEMS) if row not in history and row not in shelf][:8]
        assert found.rows[person].tolist() == [*usual, *shelf]
    assert (np.diff(found.scores, axis=1) < 0).all()


def test_without_anything_new_the_list_is_the_usual_one():
    of = Ranked(Popularity(np.arange(ITEMS)[::-1].astype(float)))
    histories = Histories.of([[1, 5]])
    found = Shelf(of, Semantic(embeddings(), Recency()), np.zeros(ITEMS, bool)).recommend(histories, 10).rows
    assert np.array_equal(found, of.recommend(histories, 10).rows)
