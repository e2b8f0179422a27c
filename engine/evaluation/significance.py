"""How sure a figure is: intervals of means and of differences, paired tests, and the correction for several of them."""

from collections.abc import Sequence

import numpy as np

from engine.data.figures import FLIPS, Difference, Interval

RESAMPLES = 2000
# Flips held in memory at once.
_BATCH = 500


def interval(values: np.ndarray, seed: int = 0) -> Interval:
    """Mean with its 95% bootstrap interval (percentile method, queries resampled with replacement); NaN without any value.

    >>> interval(np.array([0.0, 1.0, 1.0, 0.0, 1.0]))
    Interval(mean=0.6, low=0.2, high=1.0)
    """
    if len(values) < 2:
        mean = float(values.mean()) if len(values) else float("nan")
        return Interval(mean, mean, mean)
    from scipy import stats  # half a second, which no page pays that shows no interval

    rng = np.random.default_rng(seed)
    found = stats.bootstrap((values,), np.mean, n_resamples=RESAMPLES, method="percentile", rng=rng).confidence_interval
    return Interval(float(values.mean()), float(found.low), float(found.high))


def paired_p(ours: np.ndarray, theirs: np.ndarray, seed: int = 0) -> float:
    """Two-sided p of a paired randomization test on the means (Smucker et al. 2007): the signs of the differences are flipped,
    every way where 13 queries or fewer differ, else 9,999 times at random.

    >>> paired_p(np.array([1.0, 1.0]), np.array([1.0, 1.0])), paired_p(np.ones(6), np.zeros(6))
    (1.0, 0.03125)
    """
    difference = ours - theirs
    # Where the two are equal a flip changes nothing, and a single one comes as far either way.
    difference = difference[difference != 0]
    if len(difference) < 2:
        return 1.0
    from scipy import stats

    found = stats.permutation_test(
        (difference,),
        _distance,
        permutation_type="samples",
        n_resamples=FLIPS,
        alternative="greater",
        vectorized=True,
        batch=_BATCH,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def _distance(differences: np.ndarray, axis: int = -1) -> np.ndarray:
    """How far a sum of differences is from zero, either way. Rounded, so that flips that come to the same sum are alike."""
    return np.abs(differences.sum(axis=axis)).round(12)


def difference(ours: np.ndarray, theirs: np.ndarray, seed: int = 0) -> Difference:
    """Compare two systems on the same queries: the values of a measure, a query each, in the same order."""
    found, p = interval(ours - theirs, seed), paired_p(ours, theirs, seed)
    return Difference(*found, p=p, holm=p)


def holm(ps: Sequence[float]) -> list[float]:
    """p-values corrected for there being several (Holm 1979): below a level where the chance of any false finding is.

    >>> holm([0.04, 0.5, 0.01])
    [0.08, 0.5, 0.03]
    """
    adjusted, worst = [0.0] * len(ps), 0.0
    for place, of in enumerate(sorted(range(len(ps)), key=lambda one: ps[one])):
        worst = max(worst, min(1.0, (len(ps) - place) * ps[of]))
        adjusted[of] = worst
    return adjusted


def together(found: Sequence[Difference]) -> list[Difference]:
    """The comparisons of one table, each with its p corrected for all of them."""
    return [one._replace(holm=p) for one, p in zip(found, holm([one.p for one in found]), strict=True)]
