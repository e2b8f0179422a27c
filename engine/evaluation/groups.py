"""Kinds of queries: by their length, by how much there is to find and how much of that is cold to training, by how rare their
rarest word is and how many of their words nothing has, by where they come from; and who does well on which.

A mean over all queries hides that one retriever wins the short ones and another the long ones. A group has few queries, so its
interval is wide: groups say where to look, a test of a difference says what is so.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.builds.opened import Build
from engine.data.figures import Interval
from engine.evaluation.significance import interval
from engine.retrievers.sparse import SparseRetriever
from engine.text.words import words

# Groups of a kind, besides that of the value 0.
MOST = 4


# Kind -> how a group of it is told.
KINDS = {
    "length": "{} words",
    "relevant": "{} relevant",
    "rarest": "rarest word in {} documents",
    "unknown": "words in no document: {}",
    "cold": "relevant to no train query: {}",
    "source": "ids {}...",
}
# What stands before the number of a query's id; of another kind of id nothing is said.
_SOURCE = re.compile(r"(.{0,40}?[^0-9])[0-9]+\Z", re.DOTALL)


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


def features(opened: Build, texts: Mapping[str, str], qrels: Mapping[str, Mapping[str, int]]) -> dict[str, list[Any]]:
    """Kind -> its value of every query of ``qrels``, whose texts are handed over by id.

    Words; documents judged relevant; documents that have the rarest of its words, stop words and words that no document has left
    out, 0 where none is left; words that no document has, which is what most misspellings leave; relevant documents that no
    train query finds relevant, where there is a train split and it is not the one that is asked: to whatever was trained they are
    cold; what stands before the number of its id, for every query or none.
    """
    index = opened.retriever("bm25")
    assert isinstance(index, SparseRetriever)
    asked = [texts[query] for query in qrels]
    relevant = [{document for document, grade in grades.items() if grade > 0} for grades in qrels.values()]
    found: dict[str, list[Any]] = {
        "length": [len(words(text)) for text in asked],
        "relevant": list(map(len, relevant)),
        "rarest": [min(of, default=0) for of in index.frequencies(asked)],
        "unknown": index.unknown(asked),
    }
    train = opened.corpus.qrels.get("train", {})
    if train and not qrels.keys() & train.keys():
        known = {document for grades in train.values() for document, grade in grades.items() if grade > 0}
        found["cold"] = [len(of - known) for of in relevant]
    sources = [_SOURCE.match(query) for query in qrels]
    if all(sources):
        found["source"] = [one[1] for one in sources if one]
    return found


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


def named(values: Sequence[str], most: int = MOST) -> list[tuple[str, np.ndarray]]:
    """Each value with its places, int64, the most frequent first; what is rarer than so many of them is one group, ``other``.

    >>> [(name, places.tolist()) for name, places in named(["web-", "log-", "web-", "a", "b"], 2)]
    [('web-', [0, 2]), ('log-', [1]), ('other', [3, 4])]
    """
    first = [name for name, _ in Counter(values).most_common(most)]
    of = np.array([value if value in first else "other" for value in values])
    rest = ["other"] if len(set(values)) > most else []
    return [(name, np.flatnonzero(of == name)) for name in [*first, *rest]]


def groups(by: Mapping[str, Sequence[Any]], values: Mapping[str, np.ndarray]) -> list[Group]:
    """Every group of every kind; ``values`` is name -> one measure's value of each query. A kind with one group says nothing, and
    is left out."""
    found = []
    for kind, of in by.items():
        if kind == "source":
            made = [(KINDS[kind].format(name) if name != "other" else name, places) for name, places in named(of)]
        else:
            made = [(label(kind, one), one.places) for one in buckets(of)]
        for told, places in made if len(made) > 1 else ():
            means = {name: interval(np.asarray(row, np.float64)[places]) for name, row in values.items()}
            found.append(Group(kind, told, len(places), means))
    return found


def label(kind: str, one: Bucket) -> str:
    """A bucket in words.

    >>> label("length", Bucket(4, 6, np.array([0]))), label("rarest", Bucket(1, 1, np.array([0])))
    ('4-6 words', 'rarest word in 1 document')
    """
    told = KINDS[kind].format(f"{one.low:,}" if one.low == one.high else f"{one.low:,}-{one.high:,}")
    return told.removesuffix("s") if one.high == 1 else told
