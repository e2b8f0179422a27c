"""Kinds of queries: by their length, by how much there is to find, by how rare their rarest word is; and who does well on which.

A mean over all queries hides that one retriever wins the short ones and another the long ones. A group has few queries, so its
interval is wide: groups say where to look, a test of a difference says what is so.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from engine.data.figures import Interval
from engine.evaluation.significance import interval
from engine.retrievers.base import Opened
from engine.retrievers.sparse import SparseRetriever
from engine.text.words import words

# Groups of a kind, besides that of the value 0.
MOST = 4


# Kind -> how a group of it is told.
KINDS = {"length": "{} words", "relevant": "{} relevant", "rarest": "rarest word in {} documents"}


class Bucket(NamedTuple):
    """Queries whose values lie from ``low`` to ``high``, by their places, int64."""

    low: int
    high: int
    places: np.ndarray


class Group(NamedTuple):
    """Queries that are alike, and what each retriever reaches on them.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    label : str
        Their values in words: ``4-6 words``.
    queries : int
        How many there are.
    means : dict of str to Interval
        Name -> mean over them.
    """

    kind: str
    label: str
    queries: int
    means: dict[str, Interval]

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return self._asdict() | {"means": {name: of._asdict() for name, of in self.means.items()}}


def features(opened: Opened, texts: Sequence[str], relevant: Sequence[int]) -> dict[str, list[int]]:
    """Kind -> its value of every query: words; documents judged relevant, which are handed over; documents that have the
    rarest of its words, stop words and words that no document has left out, 0 where none is left."""
    index = opened.retriever("bm25")
    assert isinstance(index, SparseRetriever)
    rarest = [min(of, default=0) for of in index.frequencies(texts)]
    return {"length": [len(words(text)) for text in texts], "relevant": list(relevant), "rarest": rarest}


def buckets(values: Sequence[int], most: int = MOST) -> list[Bucket]:
    """At most so many groups of about equal size, ascending, equal values together; 0 is a group of its own.

    >>> [(one.low, one.high, len(one.places)) for one in buckets([0, 3, 3, 3, 5, 9, 12, 40, 41])]
    [(0, 0, 1), (3, 3, 3), (5, 5, 1), (9, 12, 2), (40, 41, 2)]
    """
    of = np.array(values, np.int64)
    some = of[of > 0]
    cuts = np.quantile(some, np.arange(1, most) / most, method="inverted_cdf") if len(some) else np.empty(0)
    number = np.where(of > 0, 1 + np.searchsorted(np.unique(cuts), of), 0)
    found = [np.flatnonzero(number == one) for one in np.unique(number)]
    return [Bucket(int(of[places].min()), int(of[places].max()), places) for places in found]


def groups(by: Mapping[str, Sequence[int]], values: Mapping[str, np.ndarray]) -> list[Group]:
    """Every group of every kind; ``values`` is name -> one measure's value of each query. A kind with one group says nothing, and
    is left out."""
    found = []
    for kind, of in by.items():
        made = buckets(of)
        for one in made if len(made) > 1 else ():
            means = {name: interval(np.asarray(row, np.float64)[one.places]) for name, row in values.items()}
            found.append(Group(kind, label(kind, one), len(one.places), means))
    return found


def label(kind: str, one: Bucket) -> str:
    """A bucket in words.

    >>> label("length", Bucket(4, 6, np.array([0]))), label("rarest", Bucket(1, 1, np.array([0])))
    ('4-6 words', 'rarest word in 1 document')
    """
    told = KINDS[kind].format(f"{one.low:,}" if one.low == one.high else f"{one.low:,}-{one.high:,}")
    return told.removesuffix("s") if one.high == 1 else told
