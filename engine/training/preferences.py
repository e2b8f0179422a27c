"""Preferences: a scorer moved towards what people judged, and what that was worth.

Half of the judged queries teach (:mod:`engine.training.preferred_pairs`); on the other half it is said what that gained. The
scorer before stays as it was: the update is a run of its own, and is undone by removing that.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine import evaluation
from engine.builds import runs
from engine.builds.opened import Build
from engine.builds.trained import Judged, Run
from engine.data.figures import Difference, Interval
from engine.data.halves import FEWEST, halves
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.evaluation.run import Tell, _silent
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.retrievers.weighting import UNTUNED_TRAINED
from engine.scorers import kinds
from engine.training.preferred_pairs import STEPS, in_order, pairs_of, settings_of, updated

RUN, MEASURE = "preferred", "nDCG@10"
# Of a list, what stands above a relevant document is looked for so deep.
DEPTH = 20


class Preferred(NamedTuple):
    """What came of an update.

    Attributes
    ----------
    scorer : str
        That was updated.
    queries, pairs : int
        That taught.
    held_back : int
        Queries that judge.
    before, after : Interval
        nDCG@10 on these.
    gain : Difference
        After less before.
    in_order, in_order_before : float
        Share of the pairs of these queries whose first scores higher, after and before; NaN where there are none.
    seconds : float
        It took.
    """

    scorer: str
    queries: int
    pairs: int
    held_back: int
    before: Interval
    after: Interval
    gain: Difference
    in_order_before: float
    in_order: float
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Plain values, with stable keys."""
        return self._asdict() | {name: getattr(self, name)._asdict() for name in ("before", "after", "gain")}


def prefer(
    folder: Path,
    queries: Mapping[str, str],
    qrels: Mapping[str, Mapping[str, int]],
    scorer: str = "",
    steps: int = STEPS,
    seed: int = 0,
    told: str = "",
    tell: Tell = _silent,
) -> Preferred:
    """Update a scorer by judgements and store it as the run :data:`RUN`.

    Parameters
    ----------
    folder : Path
        The build.
    queries, qrels : mapping
        What was judged: query id -> text, and query id -> document id -> grade.
    scorer : str
        The centroid scorer or a run of kind ``node``; the build's default unless named. The run of an earlier update is none.
    steps, seed : int
        Steps of gradient, and of every draw.
    told : str
        Where the judgements come from, in words.
    tell : callable
        Progress: ``(stage, done, total)``.

    Raises
    ------
    TriescopeError
        There are too few judged queries, none of them says what is better than what, the scorer is of another kind, or the
        catalogue has changed since the build was made.
    """
    start, opened = time.perf_counter(), Build(folder)
    name = scorer or (opened.default_scorer if opened.default_scorer != RUN else runs.CENTROID)
    _check(opened, name)
    judged = {query: dict(grades) for query, grades in qrels.items() if any(one in opened.row_of for one in grades)}
    if len(judged) < FEWEST:
        raise TriescopeError(f"there are {len(judged)} judged queries; with {FEWEST} half can be held back to judge by")
    tell("preferences", 0, steps)
    before = opened.scorer(name)
    texts = [queries[query] for query in judged]
    vectors = opened.embed_queries(texts)
    place = {query: at for at, query in enumerate(judged)}
    lists = _ranked(opened, before, texts, vectors)
    parts = halves(judged)
    teaching, judging = ([place[query] for query in half] for half in (parts.choosing, parts.judging))
    grades = [{opened.row_of[one]: grade for one, grade in of.items() if one in opened.row_of} for of in judged.values()]
    pairs = pairs_of(grades, lists, teaching)
    if not len(pairs.query):
        raise TriescopeError("no judged query says of two documents which one is better")
    state = updated(opened, name, vectors, pairs, steps, seed, tell)
    after = kinds.kind("node").open(opened.parts, state, settings_of(opened, name))
    held = pairs_of(grades, lists, judging)
    asked = [list(judged)[at] for at in judging]
    ids = [document.id for document in opened.documents]
    of_held = {query: judged[query] for query in asked}
    values = {}
    for when, by in (("before", before), ("after", after), ("centroid", opened.scorer(runs.CENTROID))):
        rows = _ranked(opened, by, [texts[at] for at in judging], vectors[judging])
        values[when] = evaluation.measure(of_held, evaluation.run_of(of_held, rows, ids), [MEASURE])[MEASURE]
    gain = evaluation.difference(values["after"], values["before"])
    found = Preferred(
        scorer=name,
        queries=len({int(query) for query in pairs.query}),
        pairs=len(pairs.query),
        held_back=len(judging),
        before=evaluation.interval(values["before"]),
        after=evaluation.interval(values["after"]),
        gain=gain,
        in_order_before=in_order(opened, before, vectors, held),
        in_order=in_order(opened, after, vectors, held),
        seconds=round(time.perf_counter() - start, 1),
    )
    runs.store(folder, _run(opened, name, found, values, steps, seed, told), state)
    return found


def _check(opened: Build, name: str) -> None:
    if opened.grown:
        raise TriescopeError("documents came or went since the build was made: fold that in first (compact)")
    if name == RUN or (name != runs.CENTROID and runs.read(opened.folder, name).scorer != "node"):
        raise TriescopeError(f"{name} cannot be updated by preferences: name the centroid scorer or a run of kind node")


def _ranked(opened: Build, scorer: Any, texts: list[str], vectors: np.ndarray) -> np.ndarray:
    return GenerativeRetriever(opened.trie, scorer, DEFAULT_BEAMS).search(Queries(texts, vectors), DEPTH).rows


def _run(opened: Build, name: str, found: Preferred, values: dict[str, np.ndarray], steps: int, seed: int, told: str) -> Run:
    """The update as a run, judged by the judgements that were held back."""
    against = evaluation.difference(values["after"], values["centroid"])
    base = runs.read(opened.folder, name) if name != runs.CENTROID else None
    return Run(
        name=RUN,
        scorer="node",
        settings=settings_of(opened, name),
        spec=dict(base.spec) if base else {},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        device=evaluation.device(),
        seed=seed,
        steps=steps,
        best_step=steps,
        seconds=found.seconds,
        seconds_before=0.0,
        stopped=f"an update of {name} by {found.pairs:,} preferences",
        parameters=0,
        bytes=0,
        weights="",
        pairs={"preferences": found.pairs},
        history=(),
        dev=Judged.model_validate(
            {
                "queries": found.held_back,
                "from": told or "judgements that were held back",
                "measure": MEASURE,
                "beams": DEFAULT_BEAMS,
                "centroid": {MEASURE: evaluation.interval(values["centroid"])},
                "trained": {MEASURE: found.after},
                "p": against.p,
                "difference": against,
                "apart": True,
                "chosen_on": found.queries,
            }
        ),
        labelled=True,
        beats_centroid=against.mean > 0,
        tuning=UNTUNED_TRAINED,
    )
