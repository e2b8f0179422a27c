"""What so many queries can show: the smallest difference that they find, and how many another one needs.

The question is asked before a test: with how many queries would one at 5%, two-sided, find a difference four times in five (power
.8)? Answered by the normal law from the spread of the differences, query by query; with fewer than some 25 queries it is a little
too sure, for the test then knows the spread less well.
"""

import math

import numpy as np

# Of the normal law: two-sided 5% and power .8.
REACH = 1.959964 + 0.841621
# A mean nearer than this is no difference; values of a query that differ by less are a tie.
TIE = 1e-9


def smallest(differences: np.ndarray) -> float:
    """The smallest mean difference that as many queries as these show; NaN with fewer than two.

    >>> round(smallest(np.array([0.2, -0.1] * 50)), 3)
    0.042
    """
    if len(differences) < 2:
        return float("nan")
    return REACH * float(np.std(differences, ddof=1)) / math.sqrt(len(differences))


def needed(differences: np.ndarray, beyond: float = 0.0) -> int | None:
    """How many queries show that the mean of these lies ``beyond`` a value, on the side where it lies; None where it is that
    value, or with fewer than two.

    >>> less = np.array([0.2, -0.1] * 50)  # .05 on average
    >>> needed(less), needed(less, beyond=-0.01), needed(less - 0.05)
    (72, 50, None)
    """
    if len(differences) < 2 or (away := abs(float(differences.mean()) - beyond)) <= TIE:
        return None
    return max(2, math.ceil((REACH * float(np.std(differences, ddof=1)) / away) ** 2))
