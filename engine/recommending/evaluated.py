"""Several recommenders beside each other on the same questions: means with intervals, paired tests, by frequency, and
exposure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.data.figures import Difference, Interval
from engine.data.histories import Held
from engine.errors import TriescopeError
from engine.evaluation import interval
from engine.evaluation.exposure import gini
from engine.evaluation.significance import difference, together
from engine.recommending.base import TOGETHER, Recommender
from engine.recommending.judging import MEASURES, judge
from engine.recommending.slates import apart

# How often the right item was taken in training; the last group is open.
FREQUENCIES = ((0, 0), (1, 5), (6, 20), (21, 1 << 30))
COMPARED_BY = "NDCG@10"


def often(times: int) -> str:
    """The group of :data:`FREQUENCIES` that an item taken so often belongs to, in words.

    >>> often(0), often(4), often(1000)
    ('never', '1 to 5', '21 or more')
    """
    low, high = next(of for of in FREQUENCIES if of[0] <= times <= of[1])
    return "never" if not high else f"{low} or more" if high == FREQUENCIES[-1][1] else f"{low} to {high}"


class Group(NamedTuple):
    """Questions whose item was taken ``low`` to ``high`` times in training: how many, and the means of each measure."""

    low: int
    high: int
    questions: int
    values: dict[str, float]


class Shown(NamedTuple):
    """What a recommender shows among its first ten: share of the catalogue that ever comes, Gini of how often each item does, how
    often the shown items were taken in training, on average, and how far apart those of one list lie (one less the cosine)."""

    covered: float
    gini: float
    popularity: float
    apart: float


class Figures(NamedTuple):
    """A recommender: means with intervals, the difference of NDCG@10 to the first one (None for that), by frequency, what it
    shows, NDCG@10 where a question weighs the more the rarer its item (:func:`weights`), with its interval over people, and the
    items that it named first, int64 ``(questions, 10)``, -1 for none."""

    name: str
    means: dict[str, Interval]
    ahead: Difference | None
    groups: list[Group]
    shown: Shown
    fair: Interval
    first: np.ndarray

    def as_json(self) -> dict[str, Any]:
        """Plain values, without the items."""
        return {
            "name": self.name,
            "means": {name: of._asdict() for name, of in self.means.items()},
            "ahead": self.ahead and self.ahead._asdict(),
            "groups": [group._asdict() for group in self.groups],
            "shown": self.shown._asdict(),
            "fair": self.fair.mean,
        }


def evaluate(
    recommenders: Mapping[str, Recommender],
    held: Held,
    popularity: np.ndarray,
    embeddings: np.ndarray,
    seen: bool = False,
    tell: Callable[[str, int, int], None] | None = None,
) -> list[Figures]:
    """Judge recommenders on the same questions.

    Parameters
    ----------
    recommenders : mapping
        Name -> recommender; the others are held against the first.
    held : Held
        Questions.
    popularity : np.ndarray
        How often each item was taken in training, ``(items,)``.
    embeddings : np.ndarray
        Unit vectors of the items, ``(items, d)``: how far apart those of a list lie.
    seen : bool
        Whether items of the history may come again.
    tell : callable, optional
        Progress: ``(name, done, total)``.

    Raises
    ------
    TriescopeError
        There is no question.
    """
    if not len(held.targets):
        raise TriescopeError("there is no question to judge by in this split")
    found = {}
    for place, (name, recommender) in enumerate(recommenders.items()):
        if tell:
            tell(name, place, len(recommenders))
        found[name] = judge(recommender, held, seen)
    first = next(iter(found.values())).values[COMPARED_BY]
    others = [name for place, name in enumerate(found) if place]
    ahead = dict(zip(others, together([difference(found[name].values[COMPARED_BY], first) for name in others]), strict=True))
    taken = popularity[held.targets]
    weight = weights(taken)
    return [
        Figures(
            name,
            {measure: interval(of.values[measure]) for measure in MEASURES},
            ahead.get(name),
            groups(of.values, taken),
            shown(of.first, popularity, embeddings),
            interval(of.values[COMPARED_BY] * weight / weight.mean()),
            of.first,
        )
        for name, of in found.items()
    ]


def weights(taken: np.ndarray) -> np.ndarray:
    """What a question weighs by how often its item was taken: one over the propensity that it was seen at all, which grows with
    the root of that (Yang et al., RecSys 2018).

    >>> weights(np.array([0, 3])).tolist()
    [1.0, 0.5]
    """
    return 1 / np.sqrt(taken + 1.0)


def groups(values: Mapping[str, np.ndarray], taken: np.ndarray) -> list[Group]:
    """Means by how often the right item was taken, ``taken`` a question; groups without a question are left out.

    >>> [(one.low, one.questions) for one in groups({"R@10": np.ones(3)}, np.array([0, 3, 4]))]
    [(0, 1), (1, 2)]
    """
    found = []
    for low, high in FREQUENCIES:
        within = (taken >= low) & (taken <= high)
        if within.any():
            means = {name: float(of[within].mean()) for name, of in values.items()}
            found.append(Group(low, high, int(within.sum()), means))
    return found


def shown(first: np.ndarray, popularity: np.ndarray, embeddings: np.ndarray) -> Shown:
    """What lists show: ``first`` has the items of each, int64 ``(questions, k)``, -1 for none.

    >>> shown(np.array([[0, 1], [0, -1]]), np.array([5, 2, 0, 0]), np.eye(4))
    Shown(covered=0.5, gini=0.5833333333333333, popularity=4.0, apart=1.0)
    """
    items = first[first >= 0]
    times = np.bincount(items, minlength=len(popularity)).astype(np.float64)
    distances = np.concatenate([apart(first[at : at + TOGETHER], embeddings) for at in range(0, len(first), TOGETHER)])
    known = distances[np.isfinite(distances)]
    return Shown(
        float((times > 0).mean()),
        gini(times),
        float(popularity[items].mean()) if len(items) else 0.0,
        float(known.mean()) if len(known) else 0.0,
    )


def lines(found: Sequence[Figures]) -> list[str]:
    """A table for a terminal."""
    from engine.data.figures import told, told_p

    rows = []
    for of in found:
        means = "  ".join(f"{name} {told(of.means[name])}" for name in ("R@10", "NDCG@10"))
        ahead = f"  {told(of.ahead, sign=True)} p {told_p(of.ahead)}" if of.ahead else ""
        rows.append(f"{of.name:<24} {means}{ahead}")
    heads = [f"{group.low}+" if group.high == FREQUENCIES[-1][1] else f"{group.low}-{group.high}" for group in found[0].groups]
    rows.append(
        "R@10 by how often the item was taken in training; then what is shown: share of the catalogue, Gini, popularity, and how "
        "far apart the items of a list lie; then NDCG@10 where the questions for rare items weigh more"
    )
    for of in found:
        cells = [f"{head} ({group.questions:,}) {group.values['R@10']:.3f}" for head, group in zip(heads, of.groups, strict=True)]
        last = f"{of.shown.covered:.1%}, {of.shown.gini:.2f}, {of.shown.popularity:.1f}, {of.shown.apart:.2f}; {told(of.fair)}"
        rows.append(f"{of.name:<24} {'  '.join(cells)}; {last}")
    return rows
