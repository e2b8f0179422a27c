"""Histories as flat arrays do what lists of lists do, and a split keeps what is asked for out of what is learned from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.histories import Histories, by_time, leave_last_out, without
from engine.errors import TriescopeError

LISTS = st.lists(st.lists(st.integers(0, 9), max_size=7), max_size=6)


def lists(histories):
    return [histories.one(person).tolist() for person in range(histories.people)]


@given(LISTS, st.integers(1, 8))
def test_they_do_what_lists_do(rows, count):
    histories = Histories.of(rows)
    assert lists(histories) == rows
    assert lists(histories.last(count)) == [row[-count:] for row in rows]
    assert lists(histories.before(count)) == [row[:-count] for row in rows]
    assert histories.age.tolist() == [len(row) - 1 - place for row in rows for place in range(len(row))]
    assert histories.person.tolist() == [person for person, row in enumerate(rows) for _ in row]
    assert histories.padded(count).tolist() == [[-1] * (count - len(row[-count:])) + row[-count:] for row in rows]
    order = np.arange(len(rows))[::-1]
    assert lists(histories.pick(order)) == rows[::-1]
    even = histories.items % 2 == 0
    assert lists(histories.kept(even)) == [[item for item in row if item % 2 == 0] for row in rows]


@given(LISTS)
def test_the_last_one_is_the_test_and_the_one_before_chooses(rows):
    long = [person for person, row in enumerate(rows) if len(row) >= 3]
    if not long:
        with pytest.raises(TriescopeError, match="nobody has 3 interactions"):
            leave_last_out(Histories.of(rows))
        return
    split = leave_last_out(Histories.of(rows))
    assert lists(split.train) == [row[:-2] if len(row) >= 3 else row for row in rows]
    for held, back in ((split.dev, 2), (split.test, 1)):
        assert held.people.tolist() == long
        assert held.targets.tolist() == [rows[person][-back] for person in long]
        assert lists(held.histories) == [rows[person][:-back] for person in long]


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12)), max_size=6), min_size=1, max_size=5))
def test_a_split_by_time_puts_nothing_of_later_into_training(rows):
    rows = [sorted(row, key=lambda one: one[1]) for row in rows]
    log = Histories.of([[item for item, _ in row] for row in rows])
    times = np.array([when for row in rows for _, when in row], float)
    expected = {}
    for name, first, end in (("dev", 4, 8), ("test", 8, 99)):
        found = []
        for person, row in enumerate(rows):
            earlier, within = [item for item, when in row if when < first], [item for item, when in row if first <= when < end]
            if earlier and within:
                found.append((person, earlier, within[0]))
        expected[name] = found
    train = [[item for item, when in row if when < 4] for row in rows]
    if not any(train) or not expected["test"]:
        with pytest.raises(TriescopeError, match="nothing is left"):
            by_time(log, times, 4, 8)
        return
    split = by_time(log, times, 4, 8)
    assert lists(split.train) == train
    for name, held in (("dev", split.dev), ("test", split.test)):
        assert list(zip(held.people.tolist(), lists(held.histories), held.targets.tolist(), strict=True)) == expected[name]


def test_dates_the_wrong_way_round_are_refused():
    with pytest.raises(TriescopeError, match="must begin before"):
        by_time(Histories.of([[1]]), np.zeros(1), 5, 5)


@given(LISTS)
def test_cold_items_are_nowhere_but_asked_for(rows):
    if not any(len(row) >= 3 for row in rows):
        return
    cold = np.zeros(10, bool)
    cold[[2, 7]] = True
    split = without(leave_last_out(Histories.of(rows)), cold)
    for items in (split.train.items, split.dev.targets, split.dev.histories.items, split.test.histories.items):
        assert not cold[items].any()
    asked = [row for row in rows if len(row) >= 3 and cold[row[-1]] and any(not cold[item] for item in row[:-1])]
    assert split.test.targets.tolist() == [row[-1] for row in asked]
    assert lists(split.test.histories) == [[item for item in row[:-1] if not cold[item]] for row in asked]
