"""Which documents come back at all: for the queries that people judged them to answer, and for their own titles.

A document that no query brings is lost, however good the list of every query looks. One is reached within k where at least one of
its own queries, or its title, has it among the first k; a query that has more answers than places cannot bring all of them, which
is why one query is enough. Beside generative search stand its neighbours, on the same texts.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from engine.builds.in_use import in_use
from engine.builds.opened import Build
from engine.data.figures import Interval
from engine.errors import TriescopeError
from engine.evaluation.run import SCORES, Tell, device, part_of
from engine.retrievers import DEFAULT_BEAMS, Queries, Retriever

DEPTHS = (10, 100)
# Documents of each kind that are asked for where there are more, and of the unreached how many are listed.
SAMPLE, LISTED = 1000, 50
SPLITS = ("test", "dev")
NEIGHBOURS = ("dense", "bm25")
QUERIES, TITLES = "own queries", "own title"


class Asked(NamedTuple):
    """Texts that documents are asked for by.

    Attributes
    ----------
    kind : str
        :data:`QUERIES` or :data:`TITLES`.
    texts : list of str
        What is searched.
    rows, text : np.ndarray
        Int64 ``(pairs,)``: a document row, and the place of a text that should bring it.
    """

    kind: str
    texts: list[str]
    rows: np.ndarray
    text: np.ndarray


class Reached(NamedTuple):
    """Documents of one kind: how many were asked for, of how many, by how many texts; retriever -> depth -> the share that came
    back, with its interval."""

    kind: str
    documents: int
    there: int
    texts: int
    shares: dict[str, dict[int, Interval]]


class Unreached(NamedTuple):
    """A document that generative search brings neither for its title nor for a query of its own: which it has, and why."""

    id: str
    title: str
    asked_by: str
    why: str


class Reachability(NamedTuple):
    """What was found.

    Attributes
    ----------
    corpus : str
        Name.
    retriever : str
        Generative search, by name.
    beams, seed : int
        Beam width; of the draw.
    kinds : list of Reached
        Own queries, where there are any, and titles.
    looked_at, unreached : int
        Different documents that were asked for, and those of them that come back neither for their title nor for a query.
    listed : list of Unreached
        The first of those, in document order.
    device : str
        Where it was measured.
    """

    corpus: str
    retriever: str
    beams: int
    seed: int
    kinds: list[Reached]
    looked_at: int
    unreached: int
    listed: list[Unreached]
    device: str

    def as_json(self) -> dict[str, Any]:
        """Plain values; depths are texts."""
        kinds = [
            of._asdict()
            | {"shares": {name: {str(depth): share._asdict() for depth, share in row.items()} for name, row in of.shares.items()}}
            for of in self.kinds
        ]
        return self._asdict() | {"kinds": kinds, "listed": [one._asdict() for one in self.listed]}


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def reachability(
    opened: Build,
    beams: int = DEFAULT_BEAMS,
    sample: int = SAMPLE,
    seed: int = 0,
    neighbours: Sequence[str] = NEIGHBOURS,
    tell: Tell = _silent,
) -> Reachability:
    """Measure what comes back of a build.

    Parameters
    ----------
    opened : Build
        Where is searched, by its default scorer.
    beams : int
        Beam width.
    sample : int
        At most so many documents of each kind are asked for, drawn without replacement; 0 for all.
    seed : int
        Of the draw.
    neighbours : sequence of str
        Retrievers beside generative search.
    tell : callable
        Progress: ``(stage, done, total)``.

    Raises
    ------
    TriescopeError
        No document has a title or a judged query.
    """
    with in_use(opened.folder):
        main = f"generative:{opened.default_scorer}"
        every = [asked for asked in (own_queries(opened), own_titles(opened)) if len(asked.rows)]
        if not every:
            raise TriescopeError(f"{opened.name}: no document has a title or a judged query to be asked for by")
        searchers = {name: opened.retriever(name, beams) for name in (main, *neighbours)}
        drawn = [some(asked, draw(np.unique(asked.rows), sample, seed)) for asked in every]
        kinds, looked_at, back, done = list[Reached](), set[int](), set[int](), 0
        for asked, whole in zip(drawn, every, strict=True):
            queries, shares = _queries(opened, asked, tell), {}
            for name, searcher in searchers.items():
                tell("reachability", done, len(every) * len(searchers))
                done += 1
                rows, place = best_places(asked, places(searcher, queries, asked, len(opened.documents)))
                shares[name] = {depth: share(place, depth) for depth in DEPTHS}
                if name == main:
                    looked_at |= set(rows.tolist())
                    back |= set(rows[place > 0].tolist())
            kinds.append(Reached(asked.kind, len(np.unique(asked.rows)), len(np.unique(whole.rows)), len(asked.texts), shares))
        # One that was drawn for its title alone may come back for a query, and the other way round.
        for whole in every:
            asked = some(whole, np.array(sorted(looked_at - back), np.int64))
            if len(asked.rows):
                place = places(searchers[main], _queries(opened, asked, tell), asked, len(opened.documents))
                back |= set(asked.rows[place > 0].tolist())
        lost = sorted(looked_at - back)
        listed = [_unreached(opened, row, every, beams) for row in lost[:LISTED]]
    return Reachability(opened.name, main, beams, seed, kinds, len(looked_at), len(lost), listed, device())


def own_queries(opened: Build) -> Asked:
    """Documents and the test and development queries that they were judged to answer; a query that is the document itself is
    left out, as evaluation leaves it out."""
    pairs = [
        (opened.row_of[document], query)
        for split in SPLITS
        for query, grades in opened.corpus.qrels.get(split, {}).items()
        for document, grade in grades.items()
        if grade > 0 and document in opened.row_of and document != query
    ]
    place = {query: at for at, query in enumerate(dict.fromkeys(query for _, query in pairs))}
    rows, text = (np.array(of, np.int64) for of in ([row for row, _ in pairs], [place[query] for _, query in pairs]))
    return Asked(QUERIES, [opened.corpus.queries[query] for query in place], rows, text)


def own_titles(opened: Build) -> Asked:
    """Documents and their own titles, where they have one."""
    rows = np.array([row for row, document in enumerate(opened.documents) if document.title.strip()], np.int64)
    return Asked(TITLES, [opened.documents[row].title for row in rows], rows, np.arange(len(rows)))


def some(asked: Asked, rows: np.ndarray) -> Asked:
    """What some of the documents are asked for by."""
    kept = np.flatnonzero(np.isin(asked.rows, rows))
    text, place = np.unique(asked.text[kept], return_inverse=True)
    return Asked(asked.kind, [asked.texts[one] for one in text], asked.rows[kept], place)


def _queries(opened: Build, asked: Asked, tell: Tell) -> Queries:
    return Queries(asked.texts, opened.embed_queries(asked.texts, lambda done, total: tell("queries", done, total)))


def draw(rows: np.ndarray, sample: int, seed: int) -> np.ndarray:
    """At most ``sample`` of the rows, in their order; all of them for 0.

    >>> draw(np.arange(5), 2, 0).tolist(), draw(np.arange(3), 0, 0).tolist()
    ([3, 4], [0, 1, 2])
    """
    if not sample or len(rows) <= sample:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, sample, replace=False))


def places(searcher: Retriever, queries: Queries, asked: Asked, documents: int) -> np.ndarray:
    """Place, from 1, of each pair's document in the list of its text, int64 ``(pairs,)``; 0 where it is not in it."""
    found = np.zeros(len(asked.rows), np.int64)
    step = max(1, SCORES // max(1, documents))
    for start in range(0, len(queries.texts), step):
        rows = searcher.search(part_of(queries, start, start + step), DEPTHS[-1]).rows
        inside = np.flatnonzero((asked.text >= start) & (asked.text < start + step))
        hit = rows[asked.text[inside] - start] == asked.rows[inside, None]
        found[inside] = np.where(hit.any(axis=1), hit.argmax(axis=1) + 1, 0)
    return found


def best_places(asked: Asked, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different documents, ascending, and the best place of each over its texts; 0 where none brings it."""
    rows, of = np.unique(asked.rows, return_inverse=True)
    best = np.full(len(rows), np.iinfo(np.int64).max)
    np.minimum.at(best, of, np.where(place > 0, place, np.iinfo(np.int64).max))
    return rows, np.where(best == np.iinfo(np.int64).max, 0, best)


def share(place: np.ndarray, depth: int) -> Interval:
    """Share of the places that are within a depth, with its 95% interval (Wilson), which does not close where all or none are.

    >>> [round(bound, 3) for bound in share(np.array([1, 3, 0, 40]), 10)]
    [0.5, 0.15, 0.85]
    """
    count = int(((place > 0) & (place <= depth)).sum())
    within = stats.binomtest(count, len(place)).proportion_ci(method="wilson")
    return Interval(count / len(place), float(within.low), float(within.high))


def _unreached(opened: Build, row: int, every: Sequence[Asked], beams: int) -> Unreached:
    """A document that did not come back, and why not for its title, or else for the first of its queries."""
    of = {asked.kind: mine.texts[0] for asked in every if (mine := some(asked, np.array([row]))).texts}
    document, kind = opened.documents[row], list(of)[-1]
    try:
        told = opened.why(of[kind], document.id, beams, opened.embed_queries([of[kind]])[0]).verdict
    except TriescopeError as error:
        told = f"{str(error)[:1].upper()}{str(error)[1:]}."
    by = "its title" if kind == TITLES else "the first of its queries"
    return Unreached(document.id, document.title, " and ".join(of), f"For {by}: {told[:1].lower()}{told[1:]}")
