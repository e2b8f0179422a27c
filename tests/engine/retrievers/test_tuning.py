"""Weights that have served other sets are left only as far as some queries say for sure."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.retrievers.shares import TM2C2, Z
from engine.retrievers.tuning import nearest, ways_of
from engine.retrievers.weighting import Tuning

MEMBERS = ["a", "b"]
WAYS = list(ways_of([0.0, 0.0]))
NEAR = Tuning(weights={"a": 0.3, "b": 0.7}, method=Z)
PLACE = next(place for place, way in enumerate(WAYS) if way.method == Z and way.weights.tolist() == [0.3, 0.7])


def test_queries_that_cannot_tell_leave_the_usual_weights_and_those_that_can_do_not():
    quality = np.full((40, len(WAYS)), 0.5)
    assert nearest(quality, WAYS, NEAR, MEMBERS) == PLACE
    best = next(place for place, way in enumerate(WAYS) if way.method == Z and way.weights.tolist() == [0.9, 0.1])
    unsure = quality.copy()
    unsure[::2, best], unsure[1::2, best] = 1.0, 0.01  # better by five thousandths, half of the time by far the worse
    assert unsure.mean(axis=0).argmax() == best
    assert nearest(unsure, WAYS, NEAR, MEMBERS) == PLACE
    unsure[:, best] = 0.6
    assert nearest(unsure, WAYS, NEAR, MEMBERS) == best


def test_where_no_way_of_the_method_is_good_enough_the_best_one_is_taken():
    of_method = np.array([way.method == TM2C2 for way in WAYS])
    quality = np.where(of_method, 0.9, 0.1) * np.ones((20, 1))
    assert nearest(quality, WAYS, NEAR, MEMBERS) == int(of_method.argmax())


@given(st.integers(0, 1000), st.integers(2, 30))
def test_it_is_the_nearest_that_a_loop_finds_within_one_standard_error(seed, queries):
    quality = np.random.default_rng(seed).random((queries, len(WAYS)))
    best, found = int(quality.mean(axis=0).argmax()), None
    for place, way in enumerate(WAYS):
        behind = [float(row[best] - row[place]) for row in quality]
        error = float(np.std(behind, ddof=1)) / queries**0.5
        far = sum(abs(mine - near) for mine, near in zip(way.weights, (0.3, 0.7), strict=True))
        if way.method == Z and np.mean(behind) <= error + 1e-12 and (found is None or far < found[0] - 1e-12):
            found = (far, place)
    chosen = nearest(quality, WAYS, NEAR, MEMBERS)
    assert chosen == (found[1] if found else best)
