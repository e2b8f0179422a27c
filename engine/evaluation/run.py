"""Running retrievers on judged queries: quality in batches, latency query by query on a sample, and how much better or worse
they are than one of them."""

import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from engine.builds.in_use import in_use
from engine.builds.opened import Build
from engine.builds.opening import check_encoder
from engine.data.coverage import coverage
from engine.data.figures import Difference
from engine.data.looked_up import ids_of
from engine.errors import TriescopeError
from engine.evaluation.evaluated import Evaluation, Latency, Measured
from engine.evaluation.exposure import exposure
from engine.evaluation.filtered import under
from engine.evaluation.groups import features
from engine.evaluation.measures import DEPTH, MEASURES, deepest, depth_for, judged_share, measure, parse, run_of
from engine.evaluation.pairs import pairs
from engine.evaluation.significance import difference, interval, together
from engine.evaluation.trec import Run
from engine.evaluation.widths import WIDTHS, Width
from engine.retrievers import DEFAULT_BEAMS, Queries, Ranking, method_of
from engine.retrievers.generative import GenerativeRetriever
from engine.text import embed, hub

# Queries that are timed, spread over the split: a median of so many is steady, and a thousand need not wait for it.
TIMED = 100
# Scores that a batch of queries may have at once, in all documents: 128 MB of float32.
SCORES = 1 << 25
# Whose judged queries say which documents are asked for often.
TRAIN = "train"
Tell = Callable[[str, int, int], None]


class Asked(NamedTuple):
    """Judged queries: query id -> text, and query id -> document id -> grade."""

    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def evaluate(
    opened: Build,
    split: str,
    names: Sequence[str],
    beams: int = DEFAULT_BEAMS,
    against: str = "",
    measures: Sequence[str] = MEASURES,
    filter: str = "",
    runs: Mapping[str, Run] | None = None,
    asked: Asked | None = None,
    tell: Tell = _silent,
    widths: bool = False,
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
    runs : mapping, optional
        Name -> what another system found (:func:`engine.evaluation.trec.read_run`), to stand beside them.
    asked : Asked, optional
        Judged queries that the build does not have; ``split`` is what they are called.
    tell : callable
        Progress: ``(stage, done, total)``.
    widths : bool
        Those that decode are run at every width of :data:`engine.evaluation.widths.WIDTHS` too.

    Raises
    ------
    TriescopeError
        The build has no such split, there is no such retriever or measure, or the filter is none or leaves nothing.
    """
    qrels: Mapping[str, Mapping[str, int]] | None = asked.qrels if asked else opened.corpus.qrels.get(split)
    if not qrels:
        splits = ", ".join(opened.corpus.qrels) or "none"
        raise TriescopeError(f"{opened.name} has no judged queries in split {split!r}; it has {splits}")
    for one in measures:
        parse(one)
    against = against or names[0]
    allowed, filtered = opened.allowed(filter), None
    if allowed is not None:
        qrels, filtered = under(qrels, opened.row_of, allowed, filter, opened.left_aside(filter))
    if taken := sorted(set(runs or {}) & {against, *names}):
        raise TriescopeError(f"{', '.join(taken)}: a run and a retriever of one name")
    values: dict[str, dict[str, np.ndarray]] = {}
    latency: dict[str, Latency | None] = {}
    found: dict[str, Run] = {}
    wide: dict[str, list[Width]] = {}
    sure: dict[str, np.ndarray] = {}
    with in_use(opened.folder):
        searchers = {name: opened.retriever(name, beams) for name in dict.fromkeys([against, *names])}
        sample = spread_over(len(qrels))
        of_queries = asked.queries if asked else opened.corpus.queries
        texts = [of_queries[query] for query in qrels]
        kinds = features(opened, of_queries, qrels)
        needed = any(searcher.needs_vectors for searcher in searchers.values())
        queries, encoding = _encoded(opened, texts, sample, needed, tell)
        for place, (name, searcher) in enumerate(searchers.items(), 1):
            tell("build", place, len(searchers) + 1)
            tell(name, 0, 0)
            find = partial(searcher.search, k=depth_for(qrels, opened.row_of), allowed=allowed)
            found[name] = _run(opened, find, qrels, queries)
            latency[name] = timed(find, queries, sample)
            if isinstance(searcher, GenerativeRetriever):
                sure[name] = searcher.search_with_confidence(queries, 1, allowed)[1]
            for width in WIDTHS if widths and method_of(name)[0].decodes else ():
                tell(f"{name}, {width} beams", 0, 0)
                find = partial(opened.retriever(name, width).search, k=depth_for(qrels, opened.row_of), allowed=allowed)
                of_width = measure(qrels, _run(opened, find, qrels, queries), measures)
                means = {m: interval(of_queries) for m, of_queries in of_width.items()}
                wide.setdefault(name, []).append(Width(width, means, timed(find, queries, sample).p50))
    for name, of_run in (runs or {}).items():
        # As our own: the document with the query's own id is left out, and no deeper than is looked.
        found[name] = {query: [i for i in of_run.get(query, ()) if i != query][:DEPTH] for query in qrels}
        latency[name] = None
    values = {name: measure(qrels, of_name, measures) for name, of_name in found.items()}
    depth = deepest(measures)
    there = min(depth, int(allowed.sum()) if allowed is not None else len(opened.row_of))
    measured = {
        name: Measured(
            {m: interval(of_queries) for m, of_queries in values[name].items()},
            latency[name],
            sum(len(found[name][query]) < there - (query in opened.row_of) for query in qrels),
        )
        for name in dict.fromkeys([*names, *(runs or {})])
    }
    documents = opened.documents
    searched = [of.id for row, of in enumerate(documents) if allowed is None or allowed[row]]
    taught = opened.corpus.qrels.get(TRAIN, {}).values()
    asked_for = Counter(document for grades in taught for document, grade in grades.items() if grade > 0)
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
        pairs=pairs(values),
        deepest=depth,
        runs=found,
        qrels=qrels,
        values=values,
        judged={name: judged_share(qrels, found[name]) for name in measured},
        encode=[name for name in measured if name in searchers and searchers[name].needs_vectors],
        exposure={name: exposure(found[name], searched, asked_for) for name in measured},
        widths=wide,
        features=kinds,
        confidence={name: of for name, of in sure.items() if name in measured},
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


def spread_over(queries: int) -> list[int]:
    """Places of the queries that are timed, of so many."""
    return np.unique(np.linspace(0, queries - 1, min(queries, TIMED)).astype(int)).tolist()


def _encoded(opened: Build, texts: Sequence[str], sample: Sequence[int], needed: bool, tell: Tell) -> tuple[Queries, Latency]:
    """The queries, with their vectors where a retriever needs them, and what encoding one takes."""
    if not needed:
        return Queries(texts, None), _percentiles([])
    check_encoder(opened.manifest)
    vectors = embed.embed(texts, opened.encoder, lambda done, total: tell("queries", done, total), role="query")
    if hub.absent(opened.encoder):  # looked up: that is no time of an encoder
        return Queries(texts, vectors), _percentiles([])
    encode = embed.query_way(opened.encoder)
    return Queries(texts, vectors), _percentiles(_took(lambda place: encode([texts[place]]), sample))


def _run(opened: Build, find: Callable[[Queries], Ranking], qrels: Mapping[str, Any], queries: Queries) -> dict[str, list[str]]:
    """What a retriever finds for every query."""
    ids = ids_of(opened.corpus.documents)
    step = max(1, SCORES // max(1, len(ids)))
    starts = range(0, len(qrels), step)
    found = [row for start in starts for row in find(part_of(queries, start, start + step)).rows]
    return run_of(qrels, found, ids)


def timed(find: Callable[[Queries], Ranking], queries: Queries, sample: Sequence[int]) -> Latency:
    """What one query at a time takes, of those that were chosen for it."""
    return _percentiles(_took(lambda place: find(part_of(queries, place, place + 1)), sample))


def part_of(queries: Queries, start: int, stop: int) -> Queries:
    """Some of the queries that follow one another."""
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
