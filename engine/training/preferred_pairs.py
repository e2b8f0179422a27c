"""Preferences of two documents, and the update of a node scorer by them.

A judged query gives pairs: a document of a higher grade before one of a lower; where it has relevant ones alone, before those
that stand above them in the list and that nobody judged (Joachims 2002). The loss is that of direct preference optimisation
(Rafailov et al. 2023) on whole identifiers,

    -log sigmoid(beta * (how much further apart the two are than before the update))

which stops pulling once a pair stands as it should. Alone it makes whatever was liked likelier for everybody, and loses what it
was not asked about: so for other queries, documents' own vectors, every node is held to the score that it had.
"""

import copy
from typing import Any, NamedTuple

import numpy as np

from engine.builds import runs
from engine.builds.opened import Build
from engine.evaluation.run import Tell, _silent
from engine.scorers import kinds
from engine.scorers.centroid import SCALE, holders
from engine.scorers.node import NodeScorer

STEPS, BATCH, BETA, RATE = 60, 128, 0.1, 1e-4
# Weight of keeping, for so many other queries a step, the scores of all nodes: mean squared nats.
KEEP, OTHERS = 1.0, 64


class Pairs(NamedTuple):
    """Queries by their place, and the rows that are to stand before others, int64 ``(pairs,)`` each."""

    query: np.ndarray
    better: np.ndarray
    worse: np.ndarray


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

    model = create(opened.parts, settings_of(opened, name) | {"dropout": 0.0}, seed)
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


def settings_of(opened: Build, name: str) -> dict[str, Any]:
    """Settings of the node scorer that an update of a scorer is."""
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
