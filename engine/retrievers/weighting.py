"""How members are fused: a method, a weight each, a threshold of the fallback; as a value that a build and a run keep."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, ValidationError, field_validator

from engine.data.figures import Stored
from engine.errors import TriescopeError
from engine.retrievers.generative import SURE_BEAMS
from engine.retrievers.shares import METHODS, RRF, TM2C2, Z, fits

# What ``hybrid`` fuses. With the centroid scorer the last one is dense search through a tree: a copy gets no second vote.
MEMBERS = ("bm25", "dense", "generative")
GUARDED = "generative"
# Beside them where a build has token vectors: the first two hundred of dense search in the order of MaxSim, which takes the same
# time however many documents there are.
LATE = "dense~late"
# What a threshold is compared with (:meth:`GenerativeRetriever.search_with_confidence`); one on another scale says nothing.
CONFIDENCE = f"probability of the best path of {SURE_BEAMS} beams"


class Tuning(Stored):
    """How members are fused.

    Attributes
    ----------
    weights : dict of str to float
        Member -> weight; a member of weight 0 is not asked.
    method : str
        One of :data:`engine.retrievers.shares.METHODS`; earlier versions fused by ranks and do not say so.
    threshold : float
        Confidence below which the ANN index answers in the generator's place; 0 where it must have found nothing at all.
    confidence : str
        What the threshold was chosen among.
    chosen_on : str
        Where method, weights and threshold come from, in words.
    """

    weights: dict[str, float]
    method: str = RRF
    threshold: float = 0.0
    confidence: str = CONFIDENCE
    chosen_on: str = ""

    @field_validator("weights")
    @classmethod
    def _some_weight(cls, weights: dict[str, float]) -> dict[str, float]:
        if not all(0 <= weight < math.inf for weight in weights.values()) or not any(weights.values()):
            raise ValueError("weights are at least 0, one of them more")
        return weights

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        if method not in METHODS:
            raise ValueError(f"a method is one of {', '.join(METHODS)}")
        return method

    @property
    def used(self) -> dict[str, float]:
        """Members that have a weight."""
        return {name: weight for name, weight in self.weights.items() if weight > 0}


# Without labels: on four sets here and on seven others never below the better of the two, which ranks fused were on three.
UNTUNED = Tuning(
    weights={"bm25": 0.2, "dense": 0.8},
    method=TM2C2,
    chosen_on="no development queries: the weights that Bruch et al. 2023 found to serve most sets",
)
# A generator that has learned something of its own shares the vote of the vectors. Its scores have no least one, hence z.
UNTUNED_TRAINED = Tuning(
    weights={"bm25": 0.5, "dense": 0.25, "generative": 0.25},
    method=Z,
    chosen_on="no development queries: keywords weigh as much as vectors and generator together, fallback only for an empty list",
)


# Where a build has token vectors: in tenths, what loses least on the train and the development queries of films and NFCorpus, in
# the mean of the four and on the worst of them, to what is best on each alone (nDCG@10 .813, .416, .357, .339; words and vectors
# by themselves .765 and .348 on train).
UNTUNED_LATE = Tuning(
    weights={"bm25": 0.1, "dense": 0.2, LATE: 0.7},
    method=Z,
    chosen_on="no development queries: the weights that serve two other sets best",
)


def even(members: Sequence[str], floors: Sequence[float | None], weights: Sequence[float] = (), method: str = "") -> Tuning:
    """Named members at the weights named with them, equal ones unless given; by standardised scores, or by rank where one of them
    has no scores to compare, unless a method is named.

    Raises
    ------
    TriescopeError
        The method needs scores that a member does not have.
    """
    taken = method or (Z if fits(Z, floors) else RRF)
    if not fits(taken, floors):
        why = "scores with a least possible value, and one of them has none" if taken == TM2C2 else "scores, and one only ranks"
        raise TriescopeError(f"{'+'.join(members)} cannot be fused {METHODS[taken].told}: that needs {why}")
    told = "the weights named" if weights else "equal weights"
    only_ranks = "" if method or taken == Z else ", for one of them only ranks"
    shares = dict(zip(members, weights or [1.0] * len(members), strict=True))
    return Tuning(weights=shares, method=taken, chosen_on=f"{told}{only_ranks}")


def _named(stored: Any) -> Any:
    """Builds of format 2 have a bare list of weights, in the order of :data:`MEMBERS`, and do not say what a threshold is on."""
    if not isinstance(stored, Mapping):
        return stored
    weights = stored.get("weights")
    named = dict(zip(MEMBERS, weights, strict=False)) if isinstance(weights, list) else weights
    return {"confidence": "", **stored, "weights": named}


def _of_members(tuning: Tuning) -> Tuning:
    """A hybrid that fuses another hybrid, itself even, would have no end; log-probabilities have no least one for TM2C2."""
    if not set(tuning.weights) <= {*MEMBERS, LATE}:
        raise ValueError(f"weights are those of {', '.join((*MEMBERS, LATE))}")
    if tuning.method == TM2C2 and GUARDED in tuning.used:
        raise ValueError(f"{TM2C2} cannot weigh {GUARDED}")
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
