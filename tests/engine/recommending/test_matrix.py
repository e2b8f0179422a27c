"""The item-item matrix against loops, text neighbours against all cosines, EASE against the regressions it stands for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.histories import Histories
from engine.errors import TriescopeError
from engine.recommending import item_text, matrix, plain
from tests.engine.recommending.baskets import material

LISTS = st.lists(st.lists(st.integers(0, 5), max_size=26), min_size=1, max_size=4)


@given(LISTS)
def test_what_was_taken_together_is_counted_as_loops_do(rows):
    expected = np.zeros((6, 6))
    for row in rows:
        for first in range(len(row)):
            for then in range(first + 1, min(len(row), first + 21)):
                if row[first] != row[then]:
                    weight = (then - first) ** -0.5
                    expected[row[first], row[then]] += weight
                    expected[row[then], row[first]] += weight / 2
    assert np.allclose(matrix.together(Histories.of(rows), 6).toarray(), expected)
    neighbours = np.maximum(((expected + expected.T) > 0).sum(1), 1)
    evened = (expected * neighbours[:, None] ** -0.5 * neighbours[None] ** -0.3) ** 0.7
    assert np.allclose(matrix.evened(matrix.together(Histories.of(rows), 6)).toarray(), evened)


@given(LISTS, st.integers(1, 5))
def test_a_history_is_weighed_by_how_long_ago(rows, last):
    expected = np.zeros((len(rows), 6))
    for person, row in enumerate(rows):
        for age, item in enumerate(reversed(row[-last:])):
            expected[person, item] += 0.7**age
    assert np.allclose(matrix.Recency(last).weights(Histories.of(rows), 6).toarray(), expected)


@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=4), min_size=1, max_size=9), st.integers(1, 4))
def test_the_nearest_by_text_are_those_of_all_cosines(said, nearest):
    found = item_text.neighbours(said, nearest).toarray()
    full = item_text.neighbours(said, len(said)).toarray()
    assert (np.diag(full) == 0).all()
    for row, cosines in zip(found, full, strict=True):
        order = np.lexsort((np.arange(len(said)), -cosines))[:nearest]
        expected = np.zeros(len(said), np.float32)
        expected[order] = cosines[order]
        assert np.array_equal(row, expected)


def test_ease_is_a_ridge_regression_of_each_item_on_all_others():
    split, items = material().split, 24
    found = plain.ease_weights(split.train, items, 2.0)
    taken = plain.taken(split.train, items).toarray().astype(float)
    for item in range(items):
        others = np.delete(np.arange(items), item)
        x = taken[:, others]
        expected = np.linalg.solve(x.T @ x + 2.0 * np.eye(items - 1), x.T @ taken[:, item])
        assert np.allclose(found[others, item], expected, atol=1e-5)
        assert found[item, item] == 0


def test_ease_says_how_many_items_it_takes():
    with pytest.raises(TriescopeError, match="at most 20,000"):
        plain.ease_weights(Histories.of([[0]]), 20_001, 1.0)
