"""The two halves of development queries."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.halves import FEWEST, halves

ids = st.lists(st.text(max_size=5), min_size=FEWEST, max_size=60, unique=True)


@given(ids, st.randoms())
def test_every_query_is_in_one_half_which_no_order_changes(queries, chance):
    found = halves(queries)
    assert sorted(found.choosing + found.judging) == sorted(queries)
    assert not set(found.choosing) & set(found.judging)
    assert 0 <= len(found.choosing) - len(found.judging) <= 1
    assert found.choosing == [query for query in queries if query in set(found.choosing)]
    shuffled = chance.sample(queries, len(queries))
    assert [set(half) for half in halves(shuffled)] == [set(half) for half in found]


@given(ids)
def test_a_query_that_is_added_moves_at_most_one_other_across(queries):
    before, after = halves(queries[:-1]), halves(queries)
    if before.judging:
        assert len(set(before.choosing) & set(after.judging)) + len(set(before.judging) & set(after.choosing)) <= 1


def test_the_halves_of_some_ids_stay_what_they_are_today():
    """What was judged on a half must never have been chosen on it, not even by an older version."""
    found = halves(f"q{number}" for number in range(FEWEST))
    assert found.judging == JUDGING


def test_another_seed_gives_other_halves():
    queries = [f"q{number}" for number in range(40)]
    assert halves(queries, seed=1) != halves(queries)


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_too_few_are_not_halved(count):
    queries = random.Random(count).sample("abcdefghijklmn", count)
    assert halves(queries) == (queries, [])
    assert 2 / 2 ** (FEWEST // 2) < 0.05 <= 2 / 2 ** (FEWEST // 2 - 1)


JUDGING = ["q1", "q3", "q7", "q8", "q9", "q10"]
