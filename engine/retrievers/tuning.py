"""Method and weights of a fusion, and the threshold of its fallback, chosen by nDCG@10 on development queries.

Nothing here reads judgements by itself: whoever calls hands over those that may be looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from engine.retrievers.base import Retriever
from engine.retrievers.fusion import DEPTH, FALLBACK, Fallback, floats, floor_of, listed, pooled
from engine.retrievers.generative import GenerativeRetriever
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries
from engine.retrievers.shares import METHODS, Pool, fits, fused
from engine.retrievers.weighting import GUARDED, LATE, MEMBERS, Tuning

# Weights are multiples of a tenth. Thresholds are the 5% steps of the confidences seen, up to the median.
STEPS = 10
QUANTILES = np.arange(0.05, 0.55, 0.05)
CUT = 10
NEAR = ", the usual weights as far as these do not tell"


class Way(NamedTuple):
    """One way to fuse: a method, and weights float64 ``(members,)`` that sum to 1."""

    method: str
    weights: np.ndarray


def tune_hybrid(
    opened: Opened,
    generator: GenerativeRetriever | None,
    queries: Queries,
    gains: Sequence[Mapping[int, int]],
    told: str = "",
    late: bool = False,
    near: Tuning | None = None,
) -> Tuning:
    """The tuning of ``hybrid`` with a generator of this build, which need not be stored yet; see :func:`tune`.

    Without one, words and vectors alone: the centroid scorer is dense search through a tree. ``late``: with token vectors too.
    """
    names = [*(name for name in MEMBERS if generator or name != GUARDED), *([LATE] if late else [])]
    members = {name: generator if generator and name == GUARDED else opened.retriever(name) for name in names}
    fallback = Fallback(of=GUARDED, by=opened.retriever(FALLBACK)) if generator else None
    return tune(members, queries, gains, fallback, told, near)


def tune(
    members: Mapping[str, Retriever],
    queries: Queries,
    gains: Sequence[Mapping[int, int]],
    fallback: Fallback | None = None,
    told: str = "",
    near: Tuning | None = None,
) -> Tuning:
    """Choose method and weights, then the threshold.

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
    near : Tuning, optional
        What has served other sets, and is left only as far as these queries say for sure (:func:`nearest`).

    Returns
    -------
    Tuning
        One of the methods that can fuse these members, weights from the grid 0, .1 .. 1 that sum to 1; then the threshold among
        the 5% steps of the confidences seen. Of equal settings the more even weights, the method listed first and the lower
        threshold win.
    """
    lists = {name: listed(name, member, queries, DEPTH) for name, member in members.items()}
    floors = [floor_of(member) for member in members.values()]
    ways = list(ways_of(floors))
    plain = _quality(pooled(list(lists.values()), queries, None not in floors), floors, ways, gains)
    best = nearest(plain, ways, near, list(members)) if near else int(plain.mean(axis=0).argmax())
    tuning = Tuning(
        weights=dict(zip(members, map(float, ways[best].weights), strict=True)),
        method=ways[best].method,
        chosen_on=(told or f"{len(gains)} development queries, nDCG@{CUT}") + (NEAR if near else ""),
    )
    generator = members[fallback.of] if fallback else None
    if not fallback or not isinstance(generator, GenerativeRetriever) or not tuning.weights[fallback.of]:
        return tuning
    confidence = generator.search_with_confidence(queries, 1)[1]
    stood_in = lists | {fallback.of: listed(fallback.source, fallback.by, queries, DEPTH)}
    pools = pooled(list(stood_in.values()), queries, None not in floors)
    replaced = _quality(pools, floors, ways[best : best + 1], gains)
    thresholds = np.concatenate([[0.0], np.quantile(confidence, QUANTILES)])
    with_fallback = np.where(confidence[:, None] < thresholds, replaced, plain[:, best : best + 1]).mean(axis=0)
    return tuning.model_copy(update={"threshold": float(thresholds[with_fallback.argmax()])})


def nearest(quality: np.ndarray, ways: Sequence[Way], near: Tuning, members: Sequence[str]) -> int:
    """Place of the way, fused as ``near`` is, whose weights lie nearest to those of ``near``, among the ways that are at most one
    standard error behind the best (Breiman et al. 1984); the best one, where none of that method is among them.

    ``quality`` is float64 ``(queries, ways)``.
    """
    best = int(quality.mean(axis=0).argmax())
    behind = quality[:, [best]] - quality
    error = behind.std(axis=0) / np.sqrt(max(len(quality) - 1, 1))
    able = [place for place in np.flatnonzero(behind.mean(axis=0) <= error).tolist() if ways[place].method == near.method]
    wanted = np.array([near.weights.get(name, 0.0) for name in members])
    return min(able, key=lambda place: float(np.abs(ways[place].weights - wanted).sum()), default=best)


def ways_of(floors: Sequence[float | None]) -> Iterator[Way]:
    """Every way to fuse members whose scores have these floors, the most even weights first. One member alone is itself by any
    method, and is listed once."""
    for weights in weights_of(len(floors)):
        used = [floor for floor, weight in zip(floors, weights, strict=True) if weight]
        able = [method for method in METHODS if fits(method, used)]
        yield from (Way(method, weights) for method in (able if len(used) > 1 else able[:1]))


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


def _quality(
    pools: Sequence[Pool], floors: Sequence[float | None], ways: Sequence[Way], gains: Sequence[Mapping[int, int]]
) -> np.ndarray:
    """nDCG@10 of each query (row) fused each way (column)."""
    found = np.zeros((len(pools), len(ways)))
    # Ways that use the same members by the same method share a pool, and differ in weights alone.
    alike: dict[tuple[str, bytes], list[int]] = {}
    for place, way in enumerate(ways):
        alike.setdefault((way.method, (way.weights > 0).tobytes()), []).append(place)
    for (method, _), places in alike.items():
        used = np.flatnonzero(ways[places[0]].weights)
        weights = np.array([ways[place].weights[used] for place in places]).T
        for query, (pool, of_query) in enumerate(zip(pools, gains, strict=True)):
            some = pool.of(used.tolist())
            found[query, places] = ndcg(some.rows, fused(some, floats(floors)[used], method, weights), of_query)
    return found


def ndcg(rows: np.ndarray, scores: np.ndarray, gains: Mapping[int, int]) -> np.ndarray:
    """nDCG@10 of one query under each column of ``scores``, float ``(documents, ways)``; ``rows`` are ascending, so equal scores
    stand in document order."""
    gain = np.array([gains.get(int(row), 0) for row in rows], float)
    order = np.argsort(-scores, axis=0, kind="stable")[:CUT]
    discount = 1 / np.log2(np.arange(2, CUT + 2))
    ideal = sorted(gains.values(), reverse=True)[:CUT]
    best = float(np.sum(np.array(ideal) * discount[: len(ideal)]))
    return (gain[order] * discount[: len(order), None]).sum(axis=0) / best if best else np.zeros(scores.shape[1])
