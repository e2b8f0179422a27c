"""LTRGR, weights of n-grams that learn to rank: held to loops, to a planted word that misleads, to what may be looked at."""

import numpy as np
import pytest

from engine.data import tables
from engine.data.halves import halves
from engine.errors import TriescopeError
from engine.retrievers import Queries, ltrgr
from engine.retrievers.ltrgr import Lesson, learn

QUERY = "a war at sea"


@pytest.fixture
def labelled(opened, monkeypatch):
    """The dev queries as train queries: this catalogue has no others."""
    read = tables.read_judged
    monkeypatch.setattr(tables, "read_judged", lambda folder, split: read(folder, "dev" if split == "train" else "none"))
    return opened


def test_scores_are_those_of_the_views_times_what_was_learned(labelled):
    by = ltrgr._open(labelled, 10, ltrgr.Named())
    assert by.learned.queries > 0
    assert by.learned.judging == 0
    vector = labelled.embed_queries([QUERY])
    slow = np.zeros(len(labelled.documents))
    for place, view in enumerate(by.views.values()):
        written = view.write(vector[0])
        for at, (rows, value) in enumerate(view.parts(written)):
            words = view.index.text(int(written.low[at]), int(written.length[at])).split(" ")
            trust = by.learned.trust
            of_words = sum(trust.words.get(word, 0.0) for word in words) / len(words)
            for row, adds in zip(rows, value, strict=True):
                slow[row] += adds * np.exp(trust.shape[place, len(words) - 1] + of_words)
    found = by.search(Queries([QUERY], vector), 5)
    np.testing.assert_allclose(found.scores[0], np.sort(slow)[::-1][:5], rtol=1e-4)


def planted(seed, queries=12):
    """Lessons in which the word `the` brings the wrong documents up, and `war` the right one."""
    rng, lessons = np.random.default_rng(seed), []
    for number in range(queries):
        right, wrong = 0.4 + 0.1 * rng.random(), 0.6 + 0.1 * rng.random()
        adds = np.array([[right, 0.0, 0.0], [0.1, wrong, wrong / 2]])
        lessons.append(Lesson(adds, np.array([0, 1]), [["war", f"word{number}"], ["the"]], 1))
    return lessons


def test_a_word_that_misleads_loses_its_weight_and_one_that_ranks_gains():
    trust, step = learn(planted(0), planted(1), (1, 2), steps=80)
    assert step > 0
    assert trust.words["the"] < -0.1 < 0.05 < trust.words["war"]
    assert trust.shape[0, 1] < trust.shape[0, 0]
    before, step = learn(planted(0), planted(1), (1, 2), steps=0)
    assert step == 0
    assert not any(before.words.values())


def test_where_nothing_is_gained_nothing_is_changed():
    right = [lesson._replace(adds=lesson.adds[:, ::-1].copy()) for lesson in planted(0)]
    for lesson in right:
        lesson.adds[1] = 0
        lesson.adds[0] = [1.0, 0.2, 0.1]
    trust, step = learn(right, right, (1, 2), steps=40)
    assert step == 0
    assert not trust.shape.any()


def test_only_train_and_the_choosing_half_are_looked_at(opened, monkeypatch):
    asked, read = [], tables.read_judged
    monkeypatch.setattr(tables, "read_judged", lambda folder, split: (asked.append(split), read(folder, "dev"))[1])
    by = ltrgr._open(opened, 10, ltrgr.Named())
    assert set(asked) == {"train", "dev"}
    assert 0 < by.learned.judging <= len(halves(opened.corpus.qrels["dev"]).choosing)


def test_a_build_without_train_queries_is_refused(opened):
    with pytest.raises(TriescopeError, match="needs train queries with a relevant document"):
        opened.retriever("ltrgr")
