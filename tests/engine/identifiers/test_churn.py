"""What is kept of identifiers is counted, and the best renaming is the best of all."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.identifiers.churn import churn

codes = st.integers(1, 9).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(-1, 2), min_size=n, max_size=n).map(lambda of: np.array(of)[:, None])] * 2)
)


def best_renaming(one, other):
    """Every one-for-one renaming of the codes of one into those of the other, by hand."""
    there = [(a, b) for a, b in zip(one.ravel(), other.ravel(), strict=True) if a >= 0 and b >= 0]
    seen = sorted({a for a, _ in there})
    into = [*range(3), *[-9 - place for place in range(3)]]
    return max(sum(dict(zip(seen, order, strict=False))[a] == b for a, b in there) for order in permutations(into, len(seen)))


@given(codes)
def test_what_is_kept_is_counted_by_hand(pair):
    one, other = pair
    (kept,) = churn(one, other)
    assert kept.same == pytest.approx(np.mean((one == other) & (one >= 0)))
    assert kept.renamed == pytest.approx(best_renaming(one, other) / len(one))


def test_a_renamed_fit_keeps_everything_and_another_length_is_another_identifier():
    before = np.random.default_rng(0).integers(0, 4, (50, 3)).astype(np.int32)
    found = churn(before, (before + 1) % 4)
    assert [kept.same for kept in found] == [0, 0, 0]
    assert [kept.renamed for kept in found] == [1, 1, 1]
    longer = churn(before, np.column_stack([before, np.zeros(50, np.int32)]))
    assert [kept.same for kept in longer] == [1, 1, 1, 0]
    assert longer[3].renamed == 1


def test_too_many_groups_are_not_matched():
    before = np.arange(5000, dtype=np.int32)[:, None]
    assert churn(before, before)[0] == (1, 1.0, None)
