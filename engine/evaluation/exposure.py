"""Which documents a retriever shows at all: how many ever stand among the first, how evenly, and whether the popular ones more.

Over the queries of an evaluation alone: with few of them no retriever can show many documents, so figures are to be held against
each other, not against 1.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.evaluation.groups import buckets

# Documents of a list that are seen.
CUTOFF = 10


class Share(NamedTuple):
    """Documents that answer ``low`` to ``high`` train queries: how many they are of all, and of the places of the lists."""

    low: int
    high: int
    documents: float
    places: float


class Exposure(NamedTuple):
    """What a retriever shows.

    Attributes
    ----------
    shown : float
        Share of the documents that stand among the first :data:`CUTOFF` of any query.
    gini : float
        How unevenly the places are shared out: 0 where all documents have as many, towards 1 where a few have all.
    popular : list of Share
        By how many train queries a document answers; empty where there are none.
    """

    shown: float
    gini: float
    popular: list[Share]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return self._asdict() | {"popular": [of._asdict() for of in self.popular]}


def exposure(run: Mapping[str, Sequence[str]], documents: Sequence[str], asked: Mapping[str, int]) -> Exposure:
    """What a run shows of the documents that are searched.

    Parameters
    ----------
    run : mapping
        Query id -> document ids, best first.
    documents : sequence of str
        Ids of all that are searched.
    asked : mapping
        Document id -> train queries that it answers; one that is not there answers none.

    >>> exposure({"q": ["a"], "r": ["a"], "s": ["b"]}, ["a", "b", "c", "d"], {})
    Exposure(shown=0.5, gini=0.583333, popular=[])
    """
    counted = Counter(document for of_query in run.values() for document in of_query[:CUTOFF])
    times = np.array([counted.get(document, 0) for document in documents], np.float64)
    total = times.sum()
    answers = [asked.get(document, 0) for document in documents]
    popular = [
        Share(one.low, one.high, len(one.places) / len(times), float(times[one.places].sum() / total))
        for one in (buckets(answers) if any(answers) and total else ())
    ]
    return Exposure(float((times > 0).mean()) if len(times) else 0.0, round(gini(times), 6), popular)


def gini(values: np.ndarray) -> float:
    """Gini coefficient of values that are not negative: half of the mean difference between any two, over their mean; 0 where all
    are 0.

    >>> gini(np.array([1.0, 1.0])), gini(np.array([0.0, 0.0, 0.0, 1.0]))
    (0.0, 0.75)
    """
    if not len(values) or not values.sum():
        return 0.0
    ascending = np.sort(values)
    places = np.arange(1, len(values) + 1)
    return float((2 * (places * ascending).sum() / ascending.sum() - len(values) - 1) / len(values))
