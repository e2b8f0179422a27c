"""Development queries in two halves: one to choose by, as often as one likes, and one to judge what was chosen, once.

The best of many looks at some queries is better there than elsewhere by luck alone, so what is chosen on queries cannot be judged
on them. A query's half depends on its id and the ids beside it, not on their order, a seed of the training or the machine.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

# The paired test of n queries cannot find a p below 2 / 2^n. With 5 that is .0625: a judging half of fewer than 6 could never
# speak, and halving would only take queries away from the choice.
FEWEST = 12


class Halves(NamedTuple):
    """Query ids in the order in which they came. ``judging`` is empty where there are fewer than :data:`FEWEST`."""

    choosing: list[str]
    judging: list[str]


def halves(queries: Iterable[str], seed: int = 0) -> Halves:
    """Split different query ids into two halves; of an odd number the choosing one is the larger.

    Ids are ordered by their hash and cut in the middle, so a query that is added moves at most one other across.

    >>> found = halves(f"q{number}" for number in range(13))
    >>> len(found.choosing), len(found.judging), halves(["a", "b"])
    (7, 6, Halves(choosing=['a', 'b'], judging=[]))
    """
    ids = list(queries)
    if len(ids) < FEWEST:
        return Halves(choosing=ids, judging=[])
    by_hash = sorted(ids, key=lambda query: hashlib.sha256(f"{seed}:{query}".encode()).digest())
    judging = set(by_hash[(len(ids) + 1) // 2 :])
    return Halves(choosing=[i for i in ids if i not in judging], judging=[i for i in ids if i in judging])
