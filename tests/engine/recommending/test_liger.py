"""LIGER: lists held to a loop over both kinds of candidates, and a setting that development chooses without reading the test."""

import numpy as np
import pytest

from engine.data.histories import Held, Histories
from engine.recommending import liger
from engine.recommending.base import Ranked
from engine.recommending.liger import Setting, candidates, choose, lists
from engine.recommending.matrix import Recency
from engine.recommending.plain import Popularity, Semantic
from tests.engine.recommending.baskets import ITEMS, embeddings, material

NEW = np.zeros(ITEMS, bool)
NEW[[3, 8, 15, 20]] = True
HISTORIES = Histories.of([[1, 5], [3], [0, 2, 4, 6, 7, 9, 10, 11, 12, 13, 14]])


def usual():
    return Ranked(Popularity(np.arange(1.0, ITEMS + 1)[::-1])), Semantic(embeddings(), Recency())


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("least", [-1.0, 0.2, 2.0])
def test_a_list_is_what_a_loop_puts_together(share, least):
    of, by = usual()
    found = lists(candidates(of, by, NEW, HISTORIES), Setting(share, 3, least))
    for person in range(HISTORIES.people):
        history = HISTORIES.one(person).tolist()
        cosines = by.scores(HISTORIES.pick([person]))[0]
        free = [row for row in range(ITEMS) if row not in history]
        fresh = sorted((row for row in free if NEW[row]), key=lambda row: -cosines[row])
        fresh = [row for row in fresh if cosines[row] >= least][:3]
        written = [row for row in free if not NEW[row]]
        best, nearest = max(ITEMS - row for row in free), max(cosines[row] for row in written)
        value = {row: (1 - share) * (ITEMS - row) / best + share * max(cosines[row], 0) / nearest for row in written}
        written = sorted(written, key=lambda row: -value[row])[: 10 - len(fresh)]
        got = [row for row in found[person].tolist() if row >= 0]
        assert got == [*written, *fresh]


def test_the_setting_finds_new_items_as_often_as_semantic_search_does():
    of, by = usual()
    asked = np.array([3, 8, 15, 20, 1, 2, 4, 5, 6, 7] * 3, np.int32)
    histories = Histories.of([[int(row + 4) % ITEMS if (row + 4) % ITEMS not in asked else 9] for row in asked])
    held = Held(np.arange(len(asked), dtype=np.int32), histories, asked)
    chosen = choose(of, by, NEW, held)
    assert chosen.asked == 12
    assert chosen.new >= chosen.knn > 0
    hits = [target in row for target, row in zip(asked, lists(candidates(of, by, NEW, histories), chosen.setting), strict=True)]
    assert chosen.reached == pytest.approx(np.mean(hits))


def test_it_is_made_from_training_and_development_alone():
    of = material(200)
    seen = of.split.train.items != 7  # nobody took one of them
    of = of._replace(split=of.split._replace(train=of.split.train.kept(seen)))
    made = liger.LIGER.make(of, {}, lambda stage, done, total: None)
    nobody = of.split.test.pick(slice(0, 0))
    again = liger.LIGER.make(of._replace(split=of.split._replace(test=nobody)), {}, lambda stage, done, total: None)
    assert made.chosen == again.chosen
    assert made.new.nonzero()[0].tolist() == [7]
    found = made.recommend(of.split.test.histories, 10)
    assert found.rows.shape == (len(of.split.test.targets), 10)
    assert all(len(set(row[row >= 0].tolist())) == (row >= 0).sum() for row in found.rows)
