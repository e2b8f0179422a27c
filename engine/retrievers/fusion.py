"""Fusion: ranked lists of any retrievers made one, by reciprocal ranks (RRF, Cormack et al. 2009).

A document scores ``sum_m weight_m / (60 + rank_m)``. Equal weights lose to the best member where one is much the stronger, so
``hybrid`` has weights chosen on development queries where there are any (:mod:`engine.retrievers.tuning`). It has a fallback
too: where the generator is less sure of its best path (:mod:`engine.decoding.confidence`) than a threshold, its list is
replaced by that of the ANN index, which also holds documents that have no identifier yet.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import AfterValidator, BeforeValidator, TypeAdapter, ValidationError, field_validator

from engine.data.figures import Stored
from engine.errors import TriescopeError
from engine.kernels.top_k import top_k
from engine.retrievers.base import Found, Method, Named, Opened, Queries, Ranking, Retriever, pack, vectors_of
from engine.retrievers.generative import SURE_BEAMS, GenerativeRetriever

RRF_K = 60
# Results taken from each member before fusing.
DEPTH = 100
# What ``hybrid`` fuses; the list of the last one is replaced where it is unsure.
MEMBERS = ("bm25", "dense", "generative")
GUARDED, FALLBACK, REPLACED = "generative", "dense-hnsw", "ann"
# What a threshold is compared with (:meth:`GenerativeRetriever.search_with_confidence`); one on another scale says nothing.
CONFIDENCE = f"probability of the best path of {SURE_BEAMS} beams"


class Tuning(Stored):
    """How members are fused.

    Attributes
    ----------
    weights : dict of str to float
        Member -> weight; a member of weight 0 is not asked.
    threshold : float
        Confidence below which the ANN index answers in the generator's place; 0 where it must have found nothing at all.
    confidence : str
        What the threshold was chosen among.
    chosen_on : str
        Where weights and threshold come from, in words.
    """

    weights: dict[str, float]
    threshold: float = 0.0
    confidence: str = CONFIDENCE
    chosen_on: str = ""

    @field_validator("weights")
    @classmethod
    def _some_weight(cls, weights: dict[str, float]) -> dict[str, float]:
        if not all(0 <= weight < math.inf for weight in weights.values()) or not any(weights.values()):
            raise ValueError("weights are at least 0, one of them more")
        return weights

    @property
    def used(self) -> dict[str, float]:
        """Members that have a weight."""
        return {name: weight for name, weight in self.weights.items() if weight > 0}


UNTUNED = Tuning(
    weights=dict.fromkeys(MEMBERS, 1.0),
    chosen_on="no development queries: equal weights, fallback only for an empty generative list",
)


def _named(stored: Any) -> Any:
    """Builds of format 2 have a bare list of weights, in the order of :data:`MEMBERS`, and do not say what a threshold is on."""
    if not isinstance(stored, Mapping):
        return stored
    weights = stored.get("weights")
    named = dict(zip(MEMBERS, weights, strict=False)) if isinstance(weights, list) else weights
    return {"confidence": "", **stored, "weights": named}


def _of_members(tuning: Tuning) -> Tuning:
    """A hybrid that fuses another hybrid, itself even, would have no end."""
    if not set(tuning.weights) <= set(MEMBERS):
        raise ValueError(f"weights are those of {', '.join(MEMBERS)}")
    return tuning


def _on_this_confidence(tuning: Tuning) -> Tuning:
    """The threshold of format 2 is on a share among the beams, which fell with their number. The weights hold; such a threshold
    does not, so it is left aside, and ``chosen_on`` says so."""
    if tuning.threshold and tuning.confidence != CONFIDENCE:
        why = f"{tuning.chosen_on}; no fallback: its threshold {tuning.threshold:.3g} was tuned on another confidence"
        return tuning.model_copy(update={"threshold": 0.0, "confidence": CONFIDENCE, "chosen_on": why})
    return tuning


# As a field of a file that pydantic reads; what format 2 wrote is brought up to date.
StoredTuning = Annotated[Tuning, BeforeValidator(_named), AfterValidator(_of_members), AfterValidator(_on_this_confidence)]


def read_tuning(stored: Any, path: Path | str = "") -> Tuning:
    """A tuning as it was stored, in the file that the message shall name.

    Raises
    ------
    TriescopeError
        It is damaged.
    """
    try:
        return TypeAdapter(StoredTuning).validate_python(stored)
    except ValidationError as error:
        raise TriescopeError(f"{path}: the tuning of the hybrid is damaged".removeprefix(": ")) from error


class Fallback(NamedTuple):
    """Who answers in the place of the member ``of``, and what the hits are then said to come from."""

    of: str
    by: Retriever
    source: str = REPLACED


class FusedRetriever:
    """Fuses what its members find; one of them may have a stand-in where it is unsure.

    Parameters
    ----------
    members : mapping of str to Retriever
        By the names that the tuning knows them by; those that it gives a weight must be there.
    tuning : Tuning
        Weights and threshold.
    fallback : Fallback, optional
        The stand-in for a member that decodes.
    """

    name = "hybrid"

    def __init__(self, members: Mapping[str, Retriever], tuning: Tuning, fallback: Fallback | None = None):
        self.members, self.tuning, self.fallback = members, tuning, fallback

    @property
    def needs_vectors(self) -> bool:
        """Whether a member needs them."""
        return any(self.members[name].needs_vectors for name in self.tuning.used)

    def search(self, queries: Queries, k: int, allowed: np.ndarray | None = None) -> Ranking:
        """See :class:`engine.retrievers.base.Retriever`; ``sources`` names the members that brought each hit.

        A filter is each member's own: ranks are those among the documents that pass.
        """
        depth = max(k, DEPTH)
        lists: list[dict[str, np.ndarray]] = [{} for _ in queries.texts]
        for name in self.tuning.used:
            for of_query, (source, rows) in zip(lists, self._lists(name, queries, depth, allowed), strict=True):
                of_query[source] = rows
        results, sources = [], []
        for of_query in lists:
            found, scores, brought = fuse(of_query, list(self.tuning.used.values()))
            best = top_k(scores, k, found)
            results.append((found[best], scores[best]))
            sources.append([brought[i] for i in best])
        return pack(results, k)._replace(sources=sources)

    def _lists(self, name: str, queries: Queries, depth: int, allowed: np.ndarray | None) -> list[tuple[str, np.ndarray]]:
        """A member's rows of each query, with whom they are said to come from."""
        member = self.members[name]
        if not (self.fallback and name == self.fallback.of and isinstance(member, GenerativeRetriever)):
            return [(name, rows) for rows in member.search(queries, depth, allowed).rows]
        if self.tuning.threshold:
            ranking, confidence = member.search_with_confidence(queries, depth, allowed)
        else:
            # How sure it is decides nothing.
            ranking, confidence = member.search(queries, depth, allowed), np.zeros(len(queries.texts))
        found = [(name, rows) for rows in ranking.rows]
        unsure = np.flatnonzero((confidence < self.tuning.threshold) | (ranking.rows[:, 0] < 0)).tolist()
        if unsure:
            asked = Queries([queries.texts[place] for place in unsure], vectors_of(name, queries)[unsure])
            for place, rows in zip(unsure, self.fallback.by.search(asked, depth, allowed).rows, strict=True):
                found[place] = self.fallback.source, rows
        return found


def fuse(lists: Mapping[str, np.ndarray], weights: Sequence[float]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Weighted RRF of ranked rows (-1 is padding): documents, their scores, and who brought each.

    >>> rows, scores, brought = fuse({"a": np.array([7, 3]), "b": np.array([3, -1])}, (1, 1))
    >>> rows.tolist(), brought
    ([3, 7], ['a + b', 'a'])
    >>> round(float(scores[0]), 6) == round(1 / 62 + 1 / 61, 6)
    True
    """
    found = np.unique(np.concatenate([np.empty(0, np.int64), *(rows[rows >= 0] for rows in lists.values())]))
    parts = reciprocal_ranks(list(lists.values()), found)
    scores = parts @ np.asarray(weights, np.float64)
    names = np.array(list(lists))
    return found, scores.astype(np.float32), [" + ".join(names[row]) for row in parts > 0]


def reciprocal_ranks(lists: Sequence[np.ndarray], found: np.ndarray) -> np.ndarray:
    """``1 / (60 + rank)`` of each document in each list, 0 where absent: float64 ``(documents, lists)``; ``found`` is sorted."""
    parts = np.zeros((len(found), len(lists)))
    for column, rows in enumerate(lists):
        ranks = np.flatnonzero(rows >= 0)
        place = np.searchsorted(found, rows[ranks])
        inside = place < len(found)
        inside[inside] = found[place[inside]] == rows[ranks[inside]]
        parts[place[inside], column] = 1 / (RRF_K + 1 + ranks[inside])
    return parts


def _tuning(opened: Opened, named: Named) -> Tuning:
    """That of the members named, else that of the scorer: each has weights of its own."""
    if named.members:
        return Tuning(weights=dict.fromkeys(named.members, 1.0), chosen_on="equal weights")
    return opened.stored_tuning(named.scorer or opened.default_scorer)


def _open(opened: Opened, beams: int, named: Named) -> FusedRetriever:
    tuning, fallback = _tuning(opened, named), None
    of = {name: name for name in tuning.used}
    if not named.members and GUARDED in of:
        of[GUARDED] = f"{GUARDED}:{named.scorer or opened.default_scorer}"
        fallback = Fallback(of=GUARDED, by=opened.retriever(FALLBACK))
    return FusedRetriever({name: opened.retriever(of[name], beams) for name in of}, tuning, fallback)


def _evidence(found: Found) -> str:
    return f"from {found.source}"


def _told(opened: Opened, named: Named) -> str:
    tuning = _tuning(opened, named)
    return f"{', '.join(f'{name} {weight:g}' for name, weight in tuning.used.items())} ({tuning.chosen_on})"


METHOD = Method(
    name="hybrid",
    summary="fuses lists by rank",
    citation="Cormack et al. 2009",
    color="#CC79A7",
    open=_open,
    evidence=_evidence,
    decodes=True,
    usual=True,
    told=_told,
)
