"""What members add to a fused score: against slow twins over dictionaries, and what must hold whatever the scores are."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.top_k import top_k
from engine.retrievers.shares import METHODS, RRF, RRF_K, TM2C2, Pool, Z, fits, fused, ranked

FLOOR = -1.0
# Quarters add up without rounding.
score = st.integers(-4, 40).map(lambda quarter: quarter / 4)
lists = st.lists(st.integers(0, 9), unique=True, max_size=6)


@st.composite
def pools(draw, members=3, smallest=1):
    """A pool in which each member lists its best documents, and scores all."""
    size = draw(st.integers(smallest, 8))
    scores = np.array(draw(st.lists(st.tuples(*[score] * members), min_size=size, max_size=size)))
    ranks = np.zeros((size, members), np.int64)
    for column in range(members):
        best = top_k(scores[:, column], draw(st.integers(1, size)))
        ranks[best, column] = np.arange(1, len(best) + 1)
    listed = (ranks > 0).any(axis=1)
    rows = np.sort(np.array(draw(st.permutations(range(20)))[:size]))
    return Pool(rows[listed], ranks[listed], scores[listed])


def by_hand(pool, method, weights):
    """Document -> fused score, a document and a member at a time."""
    found = {}
    for place, row in enumerate(pool.rows.tolist()):
        total = 0.0
        for member, weight in enumerate(weights):
            mine, own = pool.scores[:, member].tolist(), float(pool.scores[place, member])
            rank = int(pool.ranks[place, member])
            if method == RRF:
                share = 1 / (60 + rank) if rank else 0.0
            elif method == TM2C2:
                best = max(mine) - FLOOR
                share = (own - FLOOR) / best if best > 1e-6 else 0.0
            else:
                mean = sum(mine) / len(mine)
                deviation = math.sqrt(sum((one - mean) ** 2 for one in mine) / len(mine))
                share = (own - mean) / deviation if max(mine) - min(mine) > 1e-6 else 0.0
            total += weight * share
        found[row] = total
    return found


def scores_of(pool, method, weights):
    found = fused(pool, np.full(pool.scores.shape[1], FLOOR), method, np.array(weights))
    return dict(zip(pool.rows.tolist(), found.tolist(), strict=True))


@given(pools(), st.sampled_from(list(METHODS)), st.tuples(*[st.sampled_from([0.1, 0.5, 1.0])] * 3))
def test_a_fused_score_is_the_weighted_sum_of_shares(pool, method, weights):
    assert scores_of(pool, method, weights) == pytest.approx(by_hand(pool, method, weights), abs=1e-6)


@given(pools(), st.sampled_from(list(METHODS)), st.permutations(range(3)))
def test_the_order_of_members_does_not_matter(pool, method, order):
    assert scores_of(pool, method, [1 / 3] * 3) == scores_of(pool.of(list(order)), method, [1 / 3] * 3)


@given(pools(members=2), st.sampled_from([Z, TM2C2]), score)
def test_a_member_that_says_the_same_of_all_changes_no_order(pool, method, same):
    constant = np.full((len(pool.rows), 1), same)
    with_it = Pool(pool.rows, np.hstack([pool.ranks, 0 * pool.ranks[:, :1]]), np.hstack([pool.scores, constant]))
    without, beside = (scores_of(one, method, [0.5] * n) for one, n in ((pool, 2), (with_it, 3)))
    gained = [beside[row] - without[row] for row in without]
    assert max(gained) - min(gained) < 1e-6


@given(pools(), st.sampled_from(list(METHODS)))
def test_a_document_that_no_member_puts_lower_does_not_come_lower(pool, method):
    found = scores_of(pool, method, [0.2, 0.3, 0.5])
    worth = -np.where(pool.ranks > 0, pool.ranks, 99) if method == RRF else pool.scores
    for one, row in enumerate(pool.rows.tolist()):
        for other, beside in enumerate(pool.rows.tolist()):
            if (worth[one] >= worth[other]).all():
                assert found[row] >= found[beside] - 1e-6


@given(pools(), st.integers(0, 7), st.integers(0, 2), st.integers(1, 40))
def test_a_better_score_never_costs_a_place_by_tm2c2(pool, place, member, quarters):
    place = place % len(pool.rows)
    raised = pool.scores.copy()
    raised[place, member] += quarters / 4

    def above(scores):
        found = scores_of(Pool(pool.rows, pool.ranks, scores), TM2C2, [0.2, 0.3, 0.5])
        own = found[int(pool.rows[place])]
        return {row for row, one in found.items() if one > own + 1e-6}

    assert above(raised) <= above(pool.scores) | _near(pool, place)


def _near(pool, place):
    """Documents that stood level before: rounding may put them on either side."""
    found = scores_of(pool, TM2C2, [0.2, 0.3, 0.5])
    own = found[int(pool.rows[place])]
    return {row for row, one in found.items() if abs(one - own) <= 2e-6}


@given(pools(), st.sampled_from([Z, TM2C2]), st.integers(0, 2), st.sampled_from([0.5, 2.0, 8.0]))
def test_the_unit_of_a_score_does_not_matter(pool, method, member, factor):
    floors = np.full(3, FLOOR)
    scaled = pool.scores.copy()
    scaled[:, member] *= factor
    floors[member] *= factor
    weights = np.array([0.2, 0.3, 0.5])
    before = fused(pool, np.full(3, FLOOR), method, weights)
    assert fused(pool._replace(scores=scaled), floors, method, weights) == pytest.approx(before, abs=1e-6)


def test_what_can_have_no_score_stands_with_the_lowest():
    pool = Pool(np.arange(3), np.ones((3, 1), np.int64), np.array([[3.0], [1.0], [-np.inf]]))
    found = scores_of(pool, Z, [1.0])
    assert found[0] > found[1] == found[2]
    nowhere = pool._replace(scores=np.full((3, 1), -np.inf))
    assert scores_of(nowhere, Z, [1.0]) == {0: 0, 1: 0, 2: 0}


@given(st.tuples(lists, lists, lists))
def test_a_pool_holds_what_is_listed_and_its_ranks(three):
    pool = ranked([np.array([*rows, -1, -1], np.int64) for rows in three])
    assert pool.rows.tolist() == sorted(set().union(*three))
    for place, row in enumerate(pool.rows.tolist()):
        assert pool.ranks[place].tolist() == [rows.index(row) + 1 if row in rows else 0 for rows in three]
    shares = METHODS[RRF].shares(pool, np.zeros(3))
    assert shares[pool.ranks > 0] == pytest.approx(1 / (RRF_K + pool.ranks[pool.ranks > 0]))
    assert (shares[pool.ranks == 0] == 0).all()


@given(st.tuples(lists, lists, lists), st.sets(st.integers(0, 2), min_size=1).map(sorted))
def test_the_pool_of_some_members_is_that_of_their_lists(three, some):
    whole, alone = ranked([np.array(rows, np.int64) for rows in three]), ranked([np.array(three[i], np.int64) for i in some])
    assert [whole.of(some).rows.tolist(), whole.of(some).ranks.tolist()] == [alone.rows.tolist(), alone.ranks.tolist()]


@pytest.mark.parametrize("method", METHODS)
def test_lists_without_a_document_fuse_to_nothing(method):
    pool = ranked([np.array([-1]), np.empty(0, np.int64)])
    assert len(fused(pool, np.zeros(2), method, np.ones(2))) == 0


def test_a_method_that_needs_scores_does_not_fit_one_that_only_ranks():
    assert {method for method in METHODS if fits(method, (0.0, -1.0))} == {Z, TM2C2, RRF}
    assert {method for method in METHODS if fits(method, (0.0, -np.inf))} == {Z, RRF}
    assert {method for method in METHODS if fits(method, (0.0, None))} == {RRF}
