"""How alike two lists are: against sets at every depth, scipy, and values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.evaluation.similarity import PERSISTENCE, kendall, rank_biased_overlap, similarity

lists = st.lists(st.sampled_from("abcdefghijkl"), unique=True, max_size=9)


def slow_rbo(first, second, p=PERSISTENCE, deepest=400):
    """The sum of all depths, term by term, by sets; what is not known agrees as much as was seen."""
    short, long = sorted((first, second), key=len)
    if not short:
        return 0.0
    total = 0.0
    for depth in range(1, deepest):
        seen = min(depth, len(long))
        shared = len(set(short[:seen]) & set(long[:seen])) / seen
        if seen > len(short):
            of_short = len(set(short) & set(long[: len(short)])) / len(short)
            shared += of_short * (seen - len(short)) / seen
        total += (1 - p) * p ** (depth - 1) * shared
    return total


@given(lists, lists, st.sampled_from([0.5, 0.9]))
def test_rbo_is_the_sum_over_all_depths(first, second, p):
    assert rank_biased_overlap(first, second, p) == pytest.approx(slow_rbo(first, second, p), abs=1e-9)


@given(lists, lists)
def test_rbo_is_the_same_either_way_between_0_and_1_and_1_for_equal_lists(first, second):
    found = rank_biased_overlap(first, second)
    assert found == pytest.approx(rank_biased_overlap(second, first))
    assert -1e-12 <= found <= 1 + 1e-12
    assert rank_biased_overlap(first, first) == pytest.approx(1 if first else 0)
    assert (found == 0) == (not set(first) & set(second))


@given(lists)
def test_what_stands_higher_weighs_more(first):
    if len(first) >= 2:
        top, bottom = (["X", *first[1:]], [*first[:-1], "X"])
        assert rank_biased_overlap(first, top) < rank_biased_overlap(first, bottom)


def test_rbo_by_hand():
    # Agreement at depths 1, 2, 3: 0, 1, 2/3; then 2/3 for all that is not known.
    assert rank_biased_overlap("abc", "bad", 0.9) == pytest.approx(0.1 * (0 + 0.9 + 0.81 * 2 / 3) + 0.9**3 * 2 / 3)


@given(lists, lists)
def test_tau_is_scipys_of_the_shared_documents(first, second):
    shared = [document for document in first if document in second]
    if len(shared) < 2:
        assert kendall(first, second) is None
        return
    theirs = stats.kendalltau([first.index(of) for of in shared], [second.index(of) for of in shared]).statistic
    assert kendall(first, second) == pytest.approx(theirs)


@given(lists, lists)
def test_shared_documents_move_up_or_down_or_stay(first, second):
    found = similarity(first, second)
    moves = np.array([first.index(of) - second.index(of) for of in first if of in second])
    assert (found.shared, found.up, found.down) == (len(moves), (moves > 0).sum(), (moves < 0).sum())
    assert found.tau == kendall(first, second)
    assert found.rbo == pytest.approx(rank_biased_overlap(first, second), abs=1e-6)
