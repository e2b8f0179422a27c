"""Two evaluations that were kept, held against each other: what changed, for the retrievers and queries that both have."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from engine.data.figures import Difference
from engine.evaluation.significance import difference, together

# What may differ between two evaluations, by the name in what was asked.
SETTINGS = ("split", "beams", "filter", "versions")


class Change(NamedTuple):
    """A retriever in both.

    Attributes
    ----------
    name : str
        What it is called.
    now, before : float
        Means over the queries that both have.
    difference : Difference
        Now less before, query by query; p is corrected for all retrievers of the table (Holm).
    """

    name: str
    now: float
    before: float
    difference: Difference

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"name": self.name, "now": self.now, "before": self.before} | self.difference._asdict()


class Beside(NamedTuple):
    """Two evaluations by one measure: what changed, on how many queries, and retrievers that one of the two does not have."""

    changes: list[Change]
    queries: int
    alone: list[str]


def beside(now: Mapping[str, Any], before: Mapping[str, Any], measure: str) -> Beside:
    """Compare two evaluations, as the workspace keeps them, by a measure that both have; none where one of them does not."""
    at = [{query: place for place, query in enumerate(of["ids"])} for of in (now, before)]
    shared = [query for query in now["ids"] if query in at[1]]
    places = [np.array([of[query] for query in shared], np.int64) for of in at]
    names = [name for name in now["values"] if name in before["values"]]
    alone = [name for of in (now, before) for name in of["values"] if name not in names]
    told = [name for name in names if all(measure in of["values"][name] for of in (now, before))] if shared else []
    values = [
        {name: np.array(of["values"][name][measure], np.float64)[place] for name in told}
        for of, place in zip((now, before), places, strict=True)
    ]
    corrected = together([difference(values[0][name], values[1][name]) for name in told])
    changes = [
        Change(name, float(values[0][name].mean()), float(values[1][name].mean()), of)
        for name, of in zip(told, corrected, strict=True)
    ]
    return Beside(changes, len(shared), list(dict.fromkeys(alone)))


def differs(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """What was asked otherwise, in words; ``now`` and ``before`` are what was asked.

    >>> differs({"split": "dev", "beams": 100, "filter": ""}, {"split": "dev", "beams": 50, "filter": "year > 1990"})
    ['beams 50, now 100', 'filter year > 1990, now none']
    >>> differs({"versions": {"numpy": "2", "faiss": "1"}}, {"versions": {"numpy": "1", "faiss": "1"}})
    ['versions numpy 1, now numpy 2']
    """
    found = []
    for name in SETTINGS:
        then, today = before.get(name), now.get(name)
        if isinstance(then, Mapping) and isinstance(today, Mapping):
            changed = [key for key in dict.fromkeys([*then, *today]) if then.get(key) != today.get(key)]
            then, today = (", ".join(f"{key} {of.get(key, 'none')}" for key in changed) for of in (then, today))
        if then != today:
            found.append(f"{name} {_said(then)}, now {_said(today)}")
    return found


def _said(value: Any) -> str:
    return "none" if value in (None, "") else str(value)
