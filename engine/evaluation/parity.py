"""Whom lists show, by a column: the share of the first places that each of its values has, held against its share of the
documents (demographic parity) and against its share of what the queries ask for (exposure by merit, Singh and Joachims 2018).

A list that shows a value more often than documents have it may only answer what is asked; one that shows it more often than what
is relevant has it prefers it. A document with several values counts for each.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.builds.opened import Build
from engine.data.figures import Interval
from engine.errors import TriescopeError
from engine.evaluation.evaluated import Evaluation
from engine.evaluation.exposure import CUTOFF
from engine.evaluation.significance import RESAMPLES
from engine.filters.columns import Columns
from engine.filters.facets import facets
from engine.filters.meaning import evaluate

# Values that are told, the most frequent ones; resamples held in memory at once.
MOST, BATCH = 12, 100


class Value(NamedTuple):
    """One value of the column.

    Attributes
    ----------
    value : str
        As it is spelled; numbers in ranges.
    documents : float
        Share of the documents that have it.
    relevant : float
        Share of a query's relevant documents that have it, a mean over the queries.
    shown : dict of str to Interval
        Name -> share of a query's first places, a mean over the queries.
    over : dict of str to Interval
        Name -> that less the share of what is relevant, query by query.
    """

    value: str
    documents: float
    relevant: float
    shown: dict[str, Interval]
    over: dict[str, Interval]


class Parity(NamedTuple):
    """How lists share out their places among the values of a column.

    Attributes
    ----------
    column : str
        Which.
    queries : int
        Those with a relevant document, on which all of it stands.
    values : list of Value
        The most frequent ones.
    others, without : int
        Values that are not told, and documents that have none.
    from_documents, from_relevant : dict of str to Interval
        Name -> how far the shares shown are from those of the documents, or of what is relevant: the mean over the values of the
        difference without its sign. An interval of it never reaches zero, for chance alone sets them apart. In the first,
        ``relevant`` is what the queries themselves ask for.
    """

    column: str
    queries: int
    values: list[Value]
    others: int
    without: int
    from_documents: dict[str, Interval]
    from_relevant: dict[str, Interval]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        plain = {name: {key: of._asdict() for key, of in getattr(self, name).items()} for name in self._fields[5:]}
        rows = [
            one._asdict() | {name: {key: of._asdict() for key, of in getattr(one, name).items()} for name in ("shown", "over")}
            for one in self.values
        ]
        return self._asdict() | plain | {"values": rows}


RELEVANT = "relevant"


def by_column(
    columns: Columns,
    name: str,
    runs: Mapping[str, Sequence[np.ndarray]],
    relevant: Sequence[np.ndarray],
    allowed: np.ndarray | None = None,
) -> Parity:
    """Shares of a column's values.

    Parameters
    ----------
    columns : Columns
        The documents, by columns.
    name : str
        A column.
    runs : mapping
        Name of a system -> for each query the rows of the documents found, best first.
    relevant : sequence of np.ndarray
        For each query the rows of its relevant documents; one without any is left out.
    allowed : np.ndarray, optional
        Bool, an entry a document: those that are searched.

    Raises
    ------
    TriescopeError
        There is no such column, it has no value, or no query has a relevant document.
    """
    found = facets(columns, name, allowed)
    told, kept = found.found[:MOST], [place for place, rows in enumerate(relevant) if len(rows)]
    if not told or not kept:
        what = f"no document has a value of {name!r}" if not told else "no query has a relevant document"
        raise TriescopeError(f"exposure by a column: {what}")
    has = np.column_stack([evaluate(columns, one.filter) for one in told])
    searched = has if allowed is None else has[allowed]
    documents, asked = searched.mean(axis=0), shares(has, [relevant[place] for place in kept])
    values = [Value(one.value, float(documents[at]), float(asked[:, at].mean()), {}, {}) for at, one in enumerate(told)]
    from_documents, from_relevant = {RELEVANT: apart(asked, documents, drawn(asked))}, {}
    for system, of in runs.items():
        lists = shares(has, [of[place][:CUTOFF] for place in kept])
        over = lists - asked
        means, means_over = np.split(drawn(np.hstack([lists, over])), 2, axis=1)
        for at, one in enumerate(values):
            one.shown[system], one.over[system] = _interval(lists[:, at], means[:, at]), _interval(over[:, at], means_over[:, at])
        from_documents[system], from_relevant[system] = apart(lists, documents, means), apart(over, 0.0, means_over)
    others = len(found.found) - len(told) + found.others
    return Parity(name, len(kept), values, others, found.without, from_documents, from_relevant)


def shares(has: np.ndarray, rows: Sequence[np.ndarray]) -> np.ndarray:
    """Share of each query's documents that have each value: float64 ``(queries, values)``; ``has`` is bool ``(documents,
    values)``. A list without a document shows nothing.

    >>> shares(np.array([[True, False], [True, True]]), [np.array([0, 1]), np.array([], int)]).tolist()
    [[1.0, 0.5], [0.0, 0.0]]
    """
    return np.array([has[of].mean(axis=0) if len(of) else np.zeros(has.shape[1]) for of in rows], np.float64)


def drawn(found: np.ndarray, seed: int = 0) -> np.ndarray:
    """Means of resampled queries: of float64 ``(queries, values)``, float64 ``(resamples, values)``."""
    rng, size = np.random.default_rng(seed), len(found)
    some = np.full(size, 1 / size)
    return np.concatenate([rng.multinomial(size, some, BATCH) @ found / size for _ in range(RESAMPLES // BATCH)])


def apart(found: np.ndarray, from_: np.ndarray | float, means: np.ndarray) -> Interval:
    """Mean over the values of how far the mean of the queries ``(queries, values)`` is from something, with its 95% bootstrap
    interval by the means of resamples."""
    low, high = np.quantile(np.abs(means - from_).mean(axis=1), (0.025, 0.975))
    return Interval(float(np.abs(found.mean(axis=0) - from_).mean()), float(low), float(high))


def _interval(found: np.ndarray, means: np.ndarray) -> Interval:
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(found.mean()), float(low), float(high))


def of_runs(
    columns: Columns,
    name: str,
    runs: Mapping[str, Mapping[str, Sequence[str]]],
    qrels: Mapping[str, Mapping[str, int]],
    row_of: Mapping[str, int],
    allowed: np.ndarray | None = None,
) -> Parity:
    """The same of runs and judgements by ids, as an evaluation has them."""
    asked = [rows_of([one for one, grade in grades.items() if grade > 0], row_of) for grades in qrels.values()]
    found = {system: [rows_of(of.get(query, ())[:CUTOFF], row_of) for query in qrels] for system, of in runs.items()}
    return by_column(columns, name, found, asked, allowed)


def of_evaluation(opened: Build, found: Evaluation, name: str, filter_text: str = "") -> Parity:
    """The same of what an evaluation found, under its filter."""
    return of_runs(opened.columns, name, found.runs, found.qrels, opened.row_of, opened.allowed(filter_text))


def rows_of(ids: Sequence[str], row_of: Mapping[str, int]) -> np.ndarray:
    """Rows of those ids that are documents here, int64."""
    return np.array([row_of[one] for one in ids if one in row_of], np.int64)


def lines(found: Parity, asked: str = "queries", wanted: str = "what is relevant") -> list[str]:
    """What it says, a line a value; ``asked`` and ``wanted`` are what is asked and what it asks for, in words."""
    told = [f"by {found.column}, {found.queries:,} {asked}: share of the documents, of {wanted}, of the first {CUTOFF} places"]
    for one in found.values:
        shown = "  ".join(f"{name} {_told(of)}" for name, of in one.shown.items())
        told.append(f"{one.value[:40]:40} {one.documents:6.1%} {one.relevant:6.1%}  {shown}")
    for what, far in (("the documents", found.from_documents), (wanted, found.from_relevant)):
        told.append(f"apart from {what}: " + "  ".join(f"{name} {_told(of)}" for name, of in far.items()))
    if found.others:
        told.append(f"{found.others:,} rarer values are not told.")
    if found.without:
        told.append(f"Documents without a value, which stand in no line: {found.without:,}.")
    return told


def _told(of: Interval) -> str:
    return f"{of.mean:.1%} [{of.low:.1%}, {of.high:.1%}]"
