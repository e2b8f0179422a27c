"""Running retrievers on judged queries: quality in batches, latency query by query on a sample, and how much better or worse
they are than one of them."""

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from engine.builds.in_use import in_use
from engine.builds.opened import Build
from engine.builds.opening import check_encoder
from engine.data.coverage import Coverage, coverage
from engine.data.figures import Difference, Interval
from engine.errors import TriescopeError
from engine.evaluation.filtered import Filtered, under
from engine.evaluation.measures import MEASURES, depth_for, measure, parse, run_of
from engine.evaluation.significance import difference, interval, together
from engine.retrievers import DEFAULT_BEAMS, Queries, Ranking
from engine.text import embed

# Queries that are timed, spread over the split: a median of so many is steady, and a thousand need not wait for it.
TIMED = 100
# Scores that a batch of queries may have at once, in all documents: 128 MB of float32.
SCORES = 1 << 25


class Latency(NamedTuple):
    """Milliseconds: median, and what 95% of the queries stay below."""

    p50: float
    p95: float


class Measured(NamedTuple):
    """One retriever: measure -> mean with its interval, and its latency."""

    measures: dict[str, Interval]
    latency_ms: Latency


class Evaluation(NamedTuple):
    """Retrievers on the judged queries of one split.

    Attributes
    ----------
    corpus, split : str
        Names.
    queries : int
        Judged queries.
    coverage : Coverage
        What the judgements have of the corpus.
    left_out : int
        Queries that are a document of the corpus; each one's own document was left out of what was found for it.
    beams : int
        Beam width of those that decode.
    timed : int
        Queries that latencies were measured on, one at a time, warm, spread evenly over the split.
    encoding_ms : Latency
        Encoding a query anew, apart; a retriever's latency starts with the encoded query.
    device : str
        Where it was measured.
    retrievers : dict
        Name -> what was measured.
    against : str
        The retriever that the others are compared with.
    differences : dict
        Name of every other -> measure -> difference to that one; corrected among the retrievers, measure by measure.
    filtered : Filtered or None
        What a filter left; None where there was none. The counts above are of what was left.
    """

    corpus: str
    split: str
    queries: int
    coverage: Coverage
    left_out: int
    beams: int
    timed: int
    encoding_ms: Latency
    device: str
    retrievers: dict[str, Measured]
    against: str
    differences: dict[str, dict[str, Difference]]
    filtered: Filtered | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values. A retriever's measures and its ``latency_ms`` stand side by side; ``filtered`` only under a filter."""
        known = {name: value for name, value in self._asdict().items() if name != "filtered"}
        known |= {"filtered": self.filtered._asdict()} if self.filtered else {}
        return known | {
            "coverage": self.coverage._asdict(),
            "encoding_ms": self.encoding_ms._asdict(),
            "retrievers": {
                name: {m: found._asdict() for m, found in row.measures.items()} | {"latency_ms": row.latency_ms._asdict()}
                for name, row in self.retrievers.items()
            },
            "differences": {name: {m: found._asdict() for m, found in row.items()} for name, row in self.differences.items()},
        }


def evaluate(
    opened: Build,
    split: str,
    names: Sequence[str],
    beams: int = DEFAULT_BEAMS,
    against: str = "",
    measures: Sequence[str] = MEASURES,
    filter: str = "",
) -> Evaluation:
    """Evaluate retrievers on one split: quality in batches, latency on a sample of its queries.

    Parameters
    ----------
    opened : Build
        Where they search.
    split : str
        Whose judged queries.
    names : sequence of str
        Retrievers.
    beams : int
        Beam width of those that decode.
    against : str
        The retriever that the others are compared with, the first one unless given; it need not be among the names.
    measures : sequence of str
        As :func:`engine.evaluation.measures.parse` reads them.
    filter : str
        Only documents that pass are searched, and only judgements of them count (:mod:`engine.evaluation.filtered`).

    Raises
    ------
    TriescopeError
        The build has no such split, there is no such retriever or measure, or the filter is none or leaves nothing.
    """
    qrels: Mapping[str, Mapping[str, int]] | None = opened.corpus.qrels.get(split)
    if not qrels:
        splits = ", ".join(opened.corpus.qrels) or "none"
        raise TriescopeError(f"{opened.name} has no judged queries in split {split!r}; it has {splits}")
    for one in measures:
        parse(one)
    against = against or names[0]
    allowed, filtered = opened.allowed(filter), None
    if allowed is not None:
        qrels, filtered = under(qrels, opened.row_of, allowed, filter, opened.left_aside(filter))
    values, latency = {}, {}
    with in_use(opened.folder):
        searchers = {name: opened.retriever(name, beams) for name in dict.fromkeys([against, *names])}
        sample = _spread(len(qrels))
        queries, encoding = _encoded(opened, qrels, sample, any(searcher.needs_vectors for searcher in searchers.values()))
        for name, searcher in searchers.items():
            find = partial(searcher.search, k=depth_for(qrels, opened.row_of), allowed=allowed)
            values[name] = measure(qrels, _run(opened, find, qrels, queries), measures)
            latency[name] = _timed(find, queries, sample)
    measured = {
        name: Measured({m: interval(of_queries) for m, of_queries in values[name].items()}, latency[name])
        for name in dict.fromkeys(names)
    }
    return Evaluation(
        corpus=opened.name,
        split=split,
        queries=len(qrels),
        coverage=coverage(qrels, opened.row_of),
        left_out=sum(query in opened.row_of for query in qrels),
        beams=beams,
        timed=len(sample),
        encoding_ms=encoding,
        device=device(),
        retrievers=measured,
        against=against,
        differences=differences(values, against),
        filtered=filtered,
    )


def differences(values: Mapping[str, Mapping[str, np.ndarray]], against: str) -> dict[str, dict[str, Difference]]:
    """Name of every system but one -> measure -> its difference to that one; p is corrected among the systems (Holm).

    ``values`` is system -> measure -> float64 ``(queries,)``.
    """
    others = [name for name in values if name != against]
    found: dict[str, dict[str, Difference]] = {name: {} for name in others}
    for one, floor in values[against].items():
        corrected = together([difference(values[name][one], floor) for name in others])
        for name, of in zip(others, corrected, strict=True):
            found[name][one] = of
    return found


def device() -> str:
    """Where figures were measured, in a line."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}, CPU"


def _spread(queries: int) -> list[int]:
    """Places of the queries that are timed."""
    return np.unique(np.linspace(0, queries - 1, min(queries, TIMED)).astype(int)).tolist()


def _encoded(opened: Build, qrels: Mapping[str, Any], sample: Sequence[int], needed: bool) -> tuple[Queries, Latency]:
    """The queries, with their vectors where a retriever needs them, and what encoding one takes."""
    texts = [opened.corpus.queries[query] for query in qrels]
    if not needed:
        return Queries(texts, None), _percentiles([])
    check_encoder(opened.manifest)
    vectors = embed.embed(texts, opened.model, role="query")
    encode = embed.query_way(opened.model)
    return Queries(texts, vectors), _percentiles(_took(lambda place: encode(texts[place]), sample))


def _run(opened: Build, find: Callable[[Queries], Ranking], qrels: Mapping[str, Any], queries: Queries) -> dict[str, list[str]]:
    """What a retriever finds for every query."""
    ids = [document.id for document in opened.corpus.documents]
    step = max(1, SCORES // max(1, len(ids)))
    starts = range(0, len(qrels), step)
    found = [row for start in starts for row in find(_part(queries, start, start + step)).rows]
    return run_of(qrels, found, ids)


def _timed(find: Callable[[Queries], Ranking], queries: Queries, sample: Sequence[int]) -> Latency:
    """What one query at a time takes, of those that were chosen for it."""
    return _percentiles(_took(lambda place: find(_part(queries, place, place + 1)), sample))


def _part(queries: Queries, start: int, stop: int) -> Queries:
    vectors = None if queries.vectors is None else queries.vectors[start:stop]
    return Queries(queries.texts[start:stop], vectors)


def _took(work: Callable[[int], object], places: Sequence[int]) -> list[float]:
    """Milliseconds of each; the first is done twice, since it warms what the others find warm."""
    took = []
    for place in [places[0], *places]:
        start = time.perf_counter()
        work(place)
        took.append((time.perf_counter() - start) * 1e3)
    return took[1:]


def _percentiles(milliseconds: Sequence[float]) -> Latency:
    if not len(milliseconds):
        return Latency(0.0, 0.0)
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return Latency(round(float(p50), 3), round(float(p95), 3))
