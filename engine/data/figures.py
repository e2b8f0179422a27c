"""A figure and how sure it is: means with intervals, differences with a p, and how they are written."""

from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, PlainSerializer

# Flips of the paired test; the smallest p it can find.
FLIPS = 9999
FLOOR = 1 / (FLIPS + 1)
# A difference with a p below this is called a difference.
CERTAIN = 0.05


class Interval(NamedTuple):
    """A mean and the 2.5% and 97.5% points of its bootstrap distribution."""

    mean: float
    low: float
    high: float


class Difference(NamedTuple):
    """How much better one system is than another on the same queries.

    Attributes
    ----------
    mean, low, high : float
        Mean of the differences, query by query, with its 95% bootstrap interval.
    p : float
        Two-sided p of the paired randomization test; :data:`FLOOR` means at most that.
    holm : float
        The same, corrected for all the comparisons that stand in one table; equal to ``p`` for a comparison alone.
    """

    mean: float
    low: float
    high: float
    p: float
    holm: float


class Stored(BaseModel):
    """A value that is read from a file, and not to be changed."""

    # NaN stays NaN, so that writing it is refused; pydantic's own way is to write null.
    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True, ser_json_inf_nan="constants")


# As fields of a file that pydantic reads and writes, with their names.
StoredInterval = Annotated[Interval, PlainSerializer(Interval._asdict)]
StoredDifference = Annotated[Difference, PlainSerializer(Difference._asdict)]


def better(found: Difference) -> bool:
    """Whether one system may be said to be better: the interval of the difference lies above zero, and the paired test agrees.

    The bootstrap alone is too sure where few queries differ. With four that do, all the same way, fewer than 2.5% of the
    resamples miss all four, so the interval excludes zero; chance does that once in sixteen. Where the two systems are alike in
    truth, the signs of the differences are a coin's, so the test lets at most 2.5% through.

    >>> better(Difference(1.0, 1.0, 1.0, p=2 / 2**4, holm=2 / 2**4)), better(Difference(1.0, 1.0, 1.0, p=2 / 2**6, holm=2 / 2**6))
    (False, True)
    """
    return found.low > 0 and found.p < CERTAIN


def told_p(found: Difference) -> str:
    """The p of a comparison, corrected, in words; the floor of the test is said to be one.

    >>> told_p(Difference(0.1, 0.0, 0.2, p=0.0123, holm=0.0246)), told_p(Difference(0.1, 0.0, 0.2, p=0.0001, holm=0.0003))
    ('.025', 'at most .0003')
    >>> told_p(Difference(0.1, 0.0, 0.2, p=1.0, holm=1.0)), told_p(Difference(0.1, 0.0, 0.2, p=0.0004, holm=0.0004))
    ('1', '.0004')
    """
    if found.holm >= 0.9995:
        return "1"
    places = 3 if found.holm >= 0.001 else 4
    written = f"{found.holm:.{places}f}".removeprefix("0")
    return f"at most {written}" if found.p <= FLOOR else written


def told(found: Interval | Difference, sign: bool = False) -> str:
    """A figure with its interval.

    >>> told(Interval(0.3, 0.25, 0.35)), told(Interval(0.02, -0.01, 0.05), sign=True)
    ('0.300 [0.250, 0.350]', '+0.020 [-0.010, +0.050]')
    """
    mean, low, high = (f"{value:+.3f}" if sign else f"{value:.3f}" for value in found[:3])
    return f"{mean} [{low}, {high}]"
