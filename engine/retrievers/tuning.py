"""Weights of a fusion, and the threshold of its fallback, chosen by nDCG@10 on development queries.

Nothing here reads judgements by itself: whoever calls hands over those that may be looked at.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from engine.retrievers.base import Opened, Queries, Retriever
from engine.retrievers.fusion import DEPTH, FALLBACK, GUARDED, MEMBERS, Fallback, Tuning, reciprocal_ranks
from engine.retrievers.generative import GenerativeRetriever

# Weights are multiples of a tenth. Thresholds are the 5% steps of the confidences seen, up to the median.
STEPS = 10
QUANTILES = np.arange(0.05, 0.55, 0.05)
CUT = 10


def tune_hybrid(
    opened: Opened, generator: GenerativeRetriever, queries: Queries, gains: Sequence[Mapping[int, int]], told: str = ""
) -> Tuning:
    """The tuning of ``hybrid`` with a generator of this build, which need not be stored yet; see :func:`tune`."""
    members = {name: generator if name == GUARDED else opened.retriever(name) for name in MEMBERS}
    return tune(members, queries, gains, Fallback(of=GUARDED, by=opened.retriever(FALLBACK)), told)


def tune(
    members: Mapping[str, Retriever],
    queries: Queries,
    gains: Sequence[Mapping[int, int]],
    fallback: Fallback | None = None,
    told: str = "",
) -> Tuning:
    """Choose weights, then the threshold.

    Parameters
    ----------
    members : mapping of str to Retriever
        Any retrievers, by name.
    queries : Queries
        Development queries with their vectors.
    gains : sequence of mapping
        Document row -> grade, a query each, parallel to ``queries``.
    fallback : Fallback, optional
        Who may answer in the place of a member that decodes; without one there is no threshold.
    told : str
        Which queries they are, in words.

    Returns
    -------
    Tuning
        Weights from the grid 0, .1 .. 1 that sum to 1; then the threshold among the 5% steps of the confidences seen.
        Of equal settings the more even weights and the lower threshold win.
    """
    lists = {name: member.search(queries, DEPTH).rows for name, member in members.items()}
    grid = weights_of(len(members))
    plain = _quality(list(lists.values()), grid, gains)
    best = int(plain.mean(axis=0).argmax())
    tuning = Tuning(
        weights=dict(zip(members, map(float, grid[best]), strict=True)),
        chosen_on=told or f"{len(gains)} development queries, nDCG@{CUT}",
    )
    generator = members[fallback.of] if fallback else None
    if not fallback or not isinstance(generator, GenerativeRetriever):
        return tuning
    confidence = generator.search_with_confidence(queries, 1)[1]
    stood_in = lists | {fallback.of: fallback.by.search(queries, DEPTH).rows}
    replaced = _quality(list(stood_in.values()), grid[best : best + 1], gains)
    thresholds = np.concatenate([[0.0], np.quantile(confidence, QUANTILES)])
    with_fallback = np.where(confidence[:, None] < thresholds, replaced, plain[:, best : best + 1]).mean(axis=0)
    return tuning.model_copy(update={"threshold": float(thresholds[with_fallback.argmax()])})


def weights_of(members: int) -> np.ndarray:
    """Every way to share 1 among members in tenths, float64 ``(ways, members)``; the most even first.

    >>> weights_of(2)[:3].tolist()
    [[0.5, 0.5], [0.4, 0.6], [0.6, 0.4]]
    """
    # Ten tenths in a row and the bars between members among them: what lies between two bars is a member's.
    ways = list(combinations(range(STEPS + members - 1), members - 1))
    bars = np.array(ways, np.int64).reshape(len(ways), members - 1)
    ends = np.pad(bars, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, STEPS + members - 1)))
    grid = (np.diff(ends, axis=1) - 1) / STEPS
    return grid[np.argsort(np.abs(grid - 1 / members).sum(axis=1), kind="stable")]


def _quality(lists: Sequence[np.ndarray], weights: np.ndarray, gains: Sequence[Mapping[int, int]]) -> np.ndarray:
    """nDCG@10 of each query (row) under each weighting (column); ``lists`` are rows ``(queries, depth)``, a member each."""
    return np.array([ndcg_of_weights([rows[place] for rows in lists], weights, of) for place, of in enumerate(gains)])


def ndcg_of_weights(lists: Sequence[np.ndarray], weights: np.ndarray, gains: Mapping[int, int]) -> np.ndarray:
    """nDCG@10 of one query under each weighting of its lists: ``weights`` is float64 ``(ways, lists)``."""
    found = np.unique(np.concatenate(lists))
    found = found[found >= 0]
    scores = reciprocal_ranks(lists, found) @ weights.T
    gain = np.array([gains.get(int(row), 0) for row in found], float)[:, None] * (scores > 0)  # weight 0 brings nothing
    order = np.argsort(-scores, axis=0, kind="stable")[:CUT]
    discount = 1 / np.log2(np.arange(2, CUT + 2))
    ideal = sorted(gains.values(), reverse=True)[:CUT]
    best = float(np.sum(np.array(ideal) * discount[: len(ideal)]))
    ranked = np.take_along_axis(gain, order, axis=0)
    return (ranked * discount[: len(order), None]).sum(axis=0) / best if best else np.zeros(len(weights))
