"""What so many queries can show, and how many a difference needs: by simulation, and by its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.evaluation.power import needed, smallest

values = st.lists(st.integers(0, 4).map(lambda quarter: quarter / 4), min_size=3, max_size=12)
# Two out of five queries differ, as on real sets: most ties, the others far apart.
SKEWED = np.array([0.6, -0.4, 0.5, -0.3, 0.4, *[0.0] * 10])


def found(population: np.ndarray, mean: float, queries: int, beyond: float = 0.0) -> float:
    """How often a t test at 5% finds a mean beyond a value, of differences spread as a population, on so many queries."""
    rng = np.random.default_rng(0)
    spread = (population - population.mean()) / population.std() * population.std(ddof=1)
    draws = mean + rng.choice(spread, size=(4000, queries))
    return float((stats.ttest_1samp(draws, beyond, axis=1).pvalue < 0.05).mean())


@pytest.mark.parametrize("population", [np.tile([0.3, -0.3], 30), np.tile(SKEWED, 4)])
def test_what_can_be_shown_is_found_four_times_in_five(population):
    assert found(population, smallest(population), len(population)) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("beyond", [0.0, -0.04, 0.1])
def test_as_many_queries_as_are_needed_find_the_difference_four_times_in_five(beyond):
    queries = needed(SKEWED, beyond)
    assert queries is not None
    assert 20 < queries < 1000
    assert found(SKEWED, SKEWED.mean(), queries, beyond) == pytest.approx(0.8, abs=0.03)


@given(values, st.sampled_from([0.0, -0.125, 0.3]))
def test_so_many_show_it_and_one_less_does_not(one, beyond):
    less = np.array(one) - 0.4
    spread, queries = less.std(ddof=1), needed(less, beyond)
    assert smallest(less) == pytest.approx(2.801585 * spread / np.sqrt(len(less)), abs=1e-6)
    if queries is None:
        assert less.mean() == pytest.approx(beyond)
    elif queries > 2:
        away = abs(less.mean() - beyond)
        assert 2.801585 * spread / np.sqrt(queries) <= away + 1e-6
        assert 2.801585 * spread / np.sqrt(queries - 1) >= away - 1e-6


def test_one_query_shows_nothing_and_no_difference_needs_no_number():
    assert np.isnan(smallest(np.array([0.5])))
    assert needed(np.array([0.5])) is None
    assert needed(np.array([0.25, -0.25])) is None
