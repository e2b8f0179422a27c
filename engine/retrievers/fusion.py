"""Fusion: what any retrievers find made one list, by their scores or by their ranks (:mod:`engine.retrievers.shares`).

A document scores ``sum_m weight_m * share_m``. The best method and weights differ from set to set, so ``hybrid`` has some chosen
on development queries where there are any (:mod:`engine.retrievers.tuning`), else those that serve most sets. It has a fallback
too: where a trained generator is less sure of its best path (:mod:`engine.decoding.confidence`) than a threshold, its list is
replaced by that of the ANN index, which also holds documents that have no identifier yet.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.retrievers.base import Found, Method, Named, Retriever, Scoring
from engine.retrievers.generative import GenerativeRetriever
from engine.retrievers.lost import BELOW, NO_MEMBER, Lack, Loss
from engine.retrievers.opened import Opened
from engine.retrievers.ranking import Queries, Ranking, pack, vectors_of
from engine.retrievers.shares import CHOSEN, METHODS, RRF, Pool, fits, fused, ranked
from engine.retrievers.weighting import GUARDED, Tuning, even
from engine.stored import described
from engine.text import token_vectors

# Results taken from each member before fusing.
DEPTH = 200
FALLBACK, REPLACED = "dense-hnsw", "ann"


class Fallback(NamedTuple):
    """Who answers in the place of the member ``of``, and what the hits are then said to come from."""

    of: str
    by: Retriever
    source: str = REPLACED


class Listed(NamedTuple):
    """What a member lists for one query: int64 rows, best first, -1 is padding, and their scores; whom they are said to come
    from, and who can say what it thinks of a document that is not listed."""

    rows: np.ndarray
    scores: np.ndarray
    source: str
    by: Retriever


class Fused(NamedTuple):
    """One query's pool, the fused score of each of its documents, float32, and the name that each member goes by."""

    pool: Pool
    scores: np.ndarray
    sources: list[str]


class FusedRetriever:
    """Fuses what its members find; one of them may have a stand-in where it is unsure.

    Parameters
    ----------
    members : mapping of str to Retriever
        By the names that the tuning knows them by; those that it gives a weight must be there.
    tuning : Tuning
        Method, weights and threshold.
    fallback : Fallback, optional
        The stand-in for a member that decodes.

    Raises
    ------
    TriescopeError
        The method needs scores that a member does not have.
    """

    name = "hybrid"

    def __init__(self, members: Mapping[str, Retriever], tuning: Tuning, fallback: Fallback | None = None):
        self.members, self.tuning, self.fallback = members, tuning, fallback
        self.floors = [floor_of(members[name]) for name in tuning.used]
        if not fits(tuning.method, self.floors):
            raise TriescopeError(f"{' + '.join(tuning.used)} cannot be fused {METHODS[tuning.method].told}")

    @property
    def needs_vectors(self) -> bool:
        """Whether a member needs them."""
        return any(self.members[name].needs_vectors for name in self.tuning.used)

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; ``sources`` names the members that brought each hit.

        A filter is each member's own: ranks and the pool are those of the documents that pass.
        """
        results, sources = [], []
        for pool, scores, names in self.fuse(queries, k, allowed):
            best = top_k(scores, k, pool.rows)
            results.append((pool.rows[best], scores[best]))
            sources.append([" + ".join(np.array(names)[of]) for of in pool.ranks[best] > 0])
        return pack(results, k)._replace(sources=sources)

    def fuse(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> list[Fused]:
        """What the first ``k`` of each query are taken from."""
        lists = [self._lists(name, queries, max(k, DEPTH), allowed) for name in self.tuning.used]
        weights = np.array(list(self.tuning.used.values()), np.float64)
        return [
            Fused(
                pool,
                fused(pool, floats(self.floors), self.tuning.method, weights),
                [of_member[place].source for of_member in lists],
            )
            for place, pool in enumerate(pooled(lists, queries, self.tuning.method != RRF, allowed))
        ]

    def _lists(self, name: str, queries: Queries, depth: int, allowed: np.ndarray | None) -> list[Listed]:
        """What a member, or its stand-in, lists for each query."""
        member = self.members[name]
        if not (self.fallback and name == self.fallback.of and isinstance(member, GenerativeRetriever)):
            return listed(name, member, queries, depth, allowed)
        if self.tuning.threshold:
            ranking, confidence = member.search_with_confidence(queries, depth, allowed)
        else:
            ranking = member.search(queries, depth, allowed)
            confidence = np.zeros(len(queries.texts))  # how sure it is decides nothing
        found = of_ranking(name, member, ranking)
        unsure = np.flatnonzero((confidence < self.tuning.threshold) | (ranking.rows[:, 0] < 0)).tolist()
        if unsure:
            asked = Queries([queries.texts[place] for place in unsure], vectors_of(name, queries)[unsure])
            instead = listed(self.fallback.source, self.fallback.by, asked, depth, allowed)
            for place, of_query in zip(unsure, instead, strict=True):
                found[place] = of_query
        return found


def listed(name: str, member: Retriever, queries: Queries, depth: int, allowed: np.ndarray | None = None) -> list[Listed]:
    """What a member lists for each query, at most ``depth`` documents."""
    return of_ranking(name, member, member.search(queries, depth, allowed))


def of_ranking(name: str, member: Retriever, ranking: Ranking) -> list[Listed]:
    """A ranking, query by query."""
    return [Listed(rows, scores, name, member) for rows, scores in zip(ranking.rows, ranking.scores, strict=True)]


def pooled(lists: Sequence[Sequence[Listed]], queries: Queries, scored: bool, allowed: np.ndarray | None = None) -> list[Pool]:
    """The pool of each query; ``lists`` is a member's list a query. Where they are to be ``scored``, whoever did not list a
    document says what it thinks of it."""
    pools = [ranked([of_member[place].rows for of_member in lists]) for place in range(len(queries.texts))]
    if not scored:
        return pools
    for column, of_member in enumerate(lists):
        missing = []
        for pool, one in zip(pools, of_member, strict=True):
            there = pool.ranks[:, column] > 0
            pool.scores[there, column] = one.scores[pool.ranks[there, column] - 1]
            missing.append(np.flatnonzero(~there))
        for by in dict.fromkeys(one.by for one in of_member):
            asked = [place for place, one in enumerate(of_member) if one.by is by and len(missing[place])]
            if not asked or not isinstance(by, Scoring):
                continue
            vectors = None if queries.vectors is None else queries.vectors[asked]
            some = Queries([queries.texts[place] for place in asked], vectors)
            found = by.scores(some, [pools[place].rows[missing[place]] for place in asked], allowed)
            for place, scores in zip(asked, found, strict=True):
                pools[place].scores[missing[place], column] = scores
    return pools


def floor_of(member: Retriever) -> float | None:
    """The least score that a member can give; None where it only ranks."""
    return member.floor if isinstance(member, Scoring) else None


def floats(floors: Sequence[float | None]) -> np.ndarray:
    """Floors as an array, float64; NaN where a member only ranks."""
    return np.array([np.nan if floor is None else floor for floor in floors], np.float64)


def _tuning(opened: Opened, named: Named) -> Tuning:
    """That of the members named, else that of the scorer: each has weights of its own."""
    if not named.members:
        return opened.stored_tuning(named.scorer or opened.default_scorer)
    if named.method == CHOSEN:
        from engine.retrievers.chosen import chosen  # which asks this module for what the members list

        return chosen(opened, named.members)
    floors = [floor_of(opened.retriever(name)) for name in named.members]
    return even(named.members, floors, named.weights, named.method)


def _open(opened: Opened, beams: int, named: Named) -> FusedRetriever:
    tuning, fallback = _tuning(opened, named), None
    of = {name: name for name in tuning.used}
    if not named.members and GUARDED in of:
        of[GUARDED] = f"{GUARDED}:{named.scorer or opened.default_scorer}"
        fallback = Fallback(of=GUARDED, by=opened.retriever(FALLBACK))
    return FusedRetriever({name: opened.retriever(of[name], beams) for name in of}, tuning, fallback)


def _evidence(found: Found) -> str:
    return f"from {found.source}"


def _lost(lack: Lack) -> list[Loss]:
    by, depth = lack.by, max(lack.k, DEPTH)
    assert isinstance(by, FusedRetriever)
    ((pool, scores, sources),) = by.fuse(lack.queries, lack.k, lack.allowed)
    order = top_k(scores, len(pool.rows), pool.rows)
    losses = []
    for row in lack.rows:
        at = np.flatnonzero(pool.rows[order] == row)
        if not len(at):
            losses.append(Loss(NO_MEMBER, f"none of {', '.join(sources)} has it in its first {depth}"))
            continue
        ranks = pool.ranks[order[at[0]]]
        members = (f"{name} {rank}" if rank else f"{name} not in {depth}" for name, rank in zip(sources, ranks, strict=True))
        rank = int(at[0]) + 1
        losses.append(Loss(BELOW, f"rank {rank:,}: {', '.join(members)}", rank, float(scores[order[at[0]]])))
    return losses


def told_of(tuning: Tuning) -> str:
    """How members are fused, in words."""
    weights = ", ".join(f"{name} {weight:g}" for name, weight in tuning.used.items())
    return f"{METHODS[tuning.method].told}: {weights} ({tuning.chosen_on})"


def _told(opened: Opened, named: Named) -> str:
    return told_of(_tuning(opened, named))


METHOD = Method(
    name="hybrid",
    summary="fuses what the others find",
    citation="Bruch, Gai and Ingber 2023, arXiv:2210.11934; Cormack et al. 2009",
    color="#CC79A7",
    open=_open,
    evidence=_evidence,
    decodes=True,
    usual=True,
    stamp=lambda folder: described.stamp(token_vectors.weights_of(folder)),
    told=_told,
    lost=_lost,
)
