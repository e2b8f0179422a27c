"""Preferences: a scorer moved towards what people judged, by pairs, and away from what it was no further than it must.

A judged query gives pairs: a document of a higher grade before one of a lower; where it has relevant ones alone, before those
that stand above them in the list and that nobody judged (Joachims 2002). Half of the queries teach; on the other half it is said
what that was worth. The loss is that of direct preference optimisation (Rafailov et al. 2023) on whole identifiers,

    -log sigmoid(beta * (how much further apart the two are than before the update))

which stops pulling once a pair stands as it should. Alone it makes whatever was liked likelier for everybody, and loses what it
was not asked about: so for other queries, documents' own vectors, every node is held to the score that it had. The scorer before
stays as it was: the update is a run of its own, and is undone by removing that.
"""

import copy
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
from engine.scorers.centroid import SCALE, holders
from engine.scorers.node import NodeScorer

RUN, MEASURE = "preferred", "nDCG@10"
STEPS, BATCH, BETA, RATE = 60, 128, 0.1, 1e-4
# Weight of keeping, for so many other queries a step, the scores of all nodes: mean squared nats.
KEEP, OTHERS = 1.0, 64
# Of a list, what stands above a relevant document is looked for so deep.
DEPTH = 20


class Pairs(NamedTuple):
    """Queries by their place, and the rows that are to stand before others, int64 ``(pairs,)`` each."""

    query: np.ndarray
    better: np.ndarray
    worse: np.ndarray


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
    after = kinds.kind("node").open(opened.parts, state, _settings(opened, name))
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


def pairs_of(grades: list[dict[int, int]], lists: np.ndarray, places: list[int]) -> Pairs:
    """What is better than what for some of the queries.

    >>> lists = np.array([[7, 5, 3], [9, 8, 2]])
    >>> [part.tolist() for part in pairs_of([{5: 2, 3: 0}, {2: 1}], lists, [0, 1])]
    [[0, 1, 1], [5, 2, 2], [3, 9, 8]]
    """
    found: list[tuple[int, int, int]] = []
    for at in places:
        of = grades[at]
        strict = [(at, better, worse) for better in of for worse in of if of[better] > of[worse]]
        listed = [int(row) for row in lists[at] if row >= 0]
        if not strict:  # relevant ones alone: those above them, which somebody passed over
            lowest = [row for row in of if of[row] > 0]
            strict = [
                (at, better, worse)
                for better in lowest
                for worse in (listed[: listed.index(better)] if better in listed else listed)
                if worse not in of
            ]
        found += strict
    query, better, worse = np.array(found, np.int64).reshape(-1, 3).T
    return Pairs(query, better, worse)


def updated(
    opened: Build, name: str, vectors: np.ndarray, pairs: Pairs, steps: int, seed: int, tell: Tell = _silent
) -> dict[str, np.ndarray]:
    """Weights of the node scorer after the update; every query counts alike, however many pairs it has."""
    import torch
    from torch.nn import functional

    from engine.training.losses import ragged
    from engine.training.models.node import create

    model = create(opened.parts, _settings(opened, name) | {"dropout": 0.0}, seed)
    if name != runs.CENTROID:
        model.load_state_dict(_state(opened, name))
    leaf = torch.from_numpy(opened.trie.leaves_of(np.arange(len(opened.embeddings))).astype(np.int64))

    def paths(some: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities of the better and of the worse identifier of each pair, nats."""
        encoded, asked = model.encode(list(vectors[pairs.query[some]])), torch.arange(len(some))
        better, worse = (
            ragged.path_log_probs(model.candidates(encoded, asked, leaf[torch.from_numpy(rows[some])]), len(some)).sum(1)
            for rows in (pairs.better, pairs.worse)
        )
        return better, worse

    def scores(of: Any, vectors: np.ndarray) -> torch.Tensor:
        """Scores of all nodes for queries, up to the nodes that share theirs."""
        return SCALE * of.encode(list(vectors)) @ of.vectors.T + of.bias

    others, start = np.asarray(opened.embeddings, np.float32), copy.deepcopy(model).requires_grad_(False)
    every = np.arange(len(pairs.query))
    with torch.no_grad():
        known = torch.cat([torch.sub(*paths(some)) for some in np.array_split(every, max(1, len(every) // BATCH))])
    weight = 1 / np.bincount(pairs.query)[pairs.query]
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    for step in range(steps):
        some = np.random.default_rng([seed, step]).choice(len(every), BATCH, p=weight / weight.sum())
        better, worse = paths(some)
        asked = np.random.default_rng([seed, step, 1]).integers(0, len(others), OTHERS)
        moved = (scores(model, others[asked]) - scores(start, others[asked])).square().mean()
        loss = -functional.logsigmoid(BETA * (better - worse - known[some])).mean() + KEEP * moved
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        tell("preferences", step + 1, steps)
    return {key: value.detach().numpy().copy() for key, value in model.state_dict().items()}


def in_order(opened: Build, scorer: Any, vectors: np.ndarray, pairs: Pairs) -> float:
    """Share of pairs whose better document has the higher total; NaN without any."""
    if not len(pairs.query):
        return float("nan")
    leaves = opened.trie.leaves_of(np.arange(len(opened.embeddings)))
    right = [
        np.subtract(*scorer.node_scores(scorer.start(vectors[query]), leaves[[better, worse]])) > 0
        for query, better, worse in zip(*pairs, strict=True)
    ]
    return float(np.mean(right))


def _check(opened: Build, name: str) -> None:
    if opened.grown:
        raise TriescopeError("documents came or went since the build was made: fold that in first (compact)")
    if name == RUN or (name != runs.CENTROID and runs.read(opened.folder, name).scorer != "node"):
        raise TriescopeError(f"{name} cannot be updated by preferences: name the centroid scorer or a run of kind node")


def _settings(opened: Build, name: str) -> dict[str, Any]:
    defaults = {option.name: option.default for option in kinds.kind("node").options}
    return defaults | (dict(runs.read(opened.folder, name).settings) if name != runs.CENTROID else {})


def _state(opened: Build, name: str) -> dict[str, Any]:
    import torch

    known = opened.scorer(name)
    assert isinstance(known, NodeScorer)
    held = np.unique(holders(opened.trie))
    into, into_bias, out, out_bias = known.adapter
    arrays = {"vectors": known.vectors, "bias": known.bias[held]}
    arrays |= {"into.weight": into, "into.bias": into_bias, "out.weight": out, "out.bias": out_bias}
    return {key: torch.from_numpy(np.array(value, np.float32)) for key, value in arrays.items()}


def _ranked(opened: Build, scorer: Any, texts: list[str], vectors: np.ndarray) -> np.ndarray:
    return GenerativeRetriever(opened.trie, scorer, DEFAULT_BEAMS).search(Queries(texts, vectors), DEPTH).rows


def _run(opened: Build, name: str, found: Preferred, values: dict[str, np.ndarray], steps: int, seed: int, told: str) -> Run:
    """The update as a run, judged by the judgements that were held back."""
    against = evaluation.difference(values["after"], values["centroid"])
    base = runs.read(opened.folder, name) if name != runs.CENTROID else None
    return Run(
        name=RUN,
        scorer="node",
        settings=_settings(opened, name),
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
