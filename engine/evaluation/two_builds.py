"""Two builds side by side: what they were asked for, which documents both have, how much of the identifiers is kept, and which
finds more of what is judged."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.builds.opened import Build
from engine.data.figures import Difference, Interval
from engine.errors import TriescopeError
from engine.evaluation.measures import MEASURES
from engine.evaluation.run import Asked, evaluate
from engine.evaluation.significance import difference, interval, together
from engine.identifiers.churn import Kept, churn
from engine.retrievers import DEFAULT_BEAMS, usual

Tell = Callable[[str, int, int], None]


class Documents(NamedTuple):
    """Documents that both have, those of them that are not the same, and those that only one has."""

    both: int
    changed: int
    only_first: int
    only_second: int


class Figure(NamedTuple):
    """A retriever by a measure in both, and how much better the second is, over the same queries; its p is corrected for all
    figures that were asked for together (Holm)."""

    retriever: str
    measure: str
    first: Interval
    second: Interval
    difference: Difference


class Beside(NamedTuple):
    """What there is to see of two builds without asking them anything.

    ``asked`` names what they were asked for otherwise: a setting, and its value in each.
    """

    asked: list[tuple[str, Any, Any]]
    documents: Documents
    kept: list[Kept]


def beside(first: Build, second: Build) -> Beside:
    """Hold two builds against each other."""
    one, other = (_settings(build) for build in (first, second))
    asked = [(name, one.get(name), other.get(name)) for name in {**one, **other} if one.get(name) != other.get(name)]
    both = [(row, second.row_of[id]) for id, row in first.row_of.items() if id in second.row_of]
    rows = np.array(both, np.int64).reshape(-1, 2).T
    changed = sum(first.documents[row] != second.documents[place] for row, place in both)
    told = Documents(len(both), changed, len(first.documents) - len(both), len(second.documents) - len(both))
    return Beside(asked, told, churn(first.codes[rows[0]], second.codes[rows[1]]))


def _settings(build: Build) -> dict[str, Any]:
    spec = build.manifest.spec.model_dump()
    settings = spec.pop("settings")
    return spec | {f"{spec['scheme']} {name}": value for name, value in settings.items()} | {"documents": len(build.documents)}


def figures(
    first: Build,
    second: Build,
    split: str,
    names: Sequence[str] = (),
    beams: int = DEFAULT_BEAMS,
    measures: Sequence[str] = MEASURES,
    tell: Tell | None = None,
) -> tuple[int, list[Figure]]:
    """How well each finds what is judged in both, and how many queries that rests on.

    Raises
    ------
    TriescopeError
        No query of that split is judged alike in both; or as :func:`engine.evaluation.run.evaluate`.
    """
    tell = tell or (lambda stage, done, total: None)
    here, there = (build.corpus.qrels.get(split, {}) for build in (first, second))
    of_both = [query for query, grades in here.items() if there.get(query) == grades]
    shared = {query: here[query] for query in of_both if first.corpus.queries[query] == second.corpus.queries[query]}
    if not shared:
        raise TriescopeError(f"no query of split {split!r} is judged alike in {first.folder.name} and {second.folder.name}")
    asked = Asked({query: first.corpus.queries[query] for query in shared}, shared)
    found = [
        evaluate(build, split, names or usual(), beams, measures=measures, asked=asked, tell=tell) for build in (first, second)
    ]
    pairs = {
        (name, measure): (one, found[1].values[name][measure])
        for name, of in found[0].values.items()
        for measure, one in of.items()
    }
    differences = together([difference(second, first) for first, second in pairs.values()])
    return len(shared), [
        Figure(*of, interval(first), interval(second), less)
        for (of, (first, second)), less in zip(pairs.items(), differences, strict=True)
    ]
