"""A trained scorer as its file says: what made it, how it went, and what its figures on development queries rest on."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from engine.builds.history import Evaluation
from engine.data.figures import Stored, StoredDifference, StoredInterval, better, told, told_p
from engine.data.halves import FEWEST
from engine.retrievers.weighting import StoredTuning

# What a trained scorer is held against besides the centroid scorer, and how they are called in a sentence.
BESIDE = {
    "bm25": "BM25",
    "dense": "exact dense search",
    "moved": "dense search over documents moved towards the train queries",
    "tuned": "the fine-tuned encoder",
}
# Of those, what has learned from the train queries: it can stand there where none of the queries asked is one of them.
LABELLED = ("moved", "tuned")


class Judged(Stored):
    """A trained scorer beside the centroid scorer on development queries.

    Attributes
    ----------
    queries : int
        On how many.
    source : str
        Where they come from, in words; ``from`` in the file.
    measure : str
        By which measure the two are compared.
    beams : int
        Beam width.
    centroid, trained : dict
        Measure -> mean with its interval.
    p : float
        Of the paired test on ``measure``.
    difference : Difference, optional
        Trained less centroid by ``measure``; missing in runs of older versions.
    apart : bool
        Whether nothing was chosen on these queries: the weights that were kept, when to stop, the hybrid's weights.
    chosen_on : int
        On how many other development queries that was done; on these very queries where they are not apart.
    beside : dict
        Retriever -> measure -> mean with its interval, on these queries: :data:`BESIDE`. Empty in runs of older versions.
    """

    queries: int
    source: str = Field(alias="from")
    measure: str
    beams: int
    centroid: dict[str, StoredInterval]
    trained: dict[str, StoredInterval]
    p: float
    difference: StoredDifference | None = None
    apart: bool = False
    chosen_on: int = 0
    beside: dict[str, dict[str, StoredInterval]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_what_it_is_compared_by(self) -> Self:
        if any(self.measure not in of for of in (self.centroid, self.trained, *self.beside.values())):
            raise ValueError(f"{self.measure} is compared, and missing")
        return self


class Cold(Stored):
    """Documents kept out of the training, and the judged development queries that ask for these alone."""

    documents: int
    queries: int
    centroid: dict[str, StoredInterval] = Field(default_factory=dict)
    trained: dict[str, StoredInterval] = Field(default_factory=dict)


class Run(Stored):
    """All that is known of a trained scorer. ``labelled``: the development queries are judged ones, not pseudo-queries.
    ``beats_centroid``: it is the better on average; whether that is more than chance, :attr:`surely_better` says."""

    name: str
    scorer: str
    settings: dict[str, int | float | str | None]
    # As plain values: the TrainSpec that reads them belongs to training, which stands on builds.
    spec: Mapping[str, Any]
    created: str
    device: str
    seed: int
    steps: int
    best_step: int
    seconds: float
    seconds_before: float
    stopped: str
    parameters: int
    bytes: int
    weights: str
    pairs: dict[str, int]
    history: tuple[Evaluation, ...]
    dev: Judged
    labelled: bool = False
    beats_centroid: bool
    cold: Cold | None = None
    tuning: StoredTuning

    @model_validator(mode="after")
    def _has_what_is_shown(self) -> Self:
        measure = self.dev.measure
        for entry in self.history:
            known = [entry.dev, *(of for of in (entry.centroid, *entry.beside.values()) if of)]
            if any(measure not in of for of in known):
                raise ValueError(f"{measure} is missing after step {entry.step}")
        if self.cold and not self.cold.trained.keys() <= self.cold.centroid.keys():
            raise ValueError("cold documents lack figures of the centroid scorer")
        return self

    @property
    def surely_better(self) -> bool:
        """Whether the interval of its difference to the centroid scorer lies above zero, and the paired test agrees."""
        return self.dev.difference is not None and better(self.dev.difference)

    @property
    def certain(self) -> bool:
        """Whether it may become the default by itself: judged queries on which nothing was chosen say that it is better."""
        return self.labelled and self.dev.apart and self.surely_better

    @property
    def asked(self) -> str:
        """What kind of queries it was judged on; older versions told by their source alone whether people had judged them."""
        made_up = not self.labelled and "pseudo-queries" in self.dev.source
        return "made-up queries" if made_up else "development queries"

    def as_json(self) -> dict[str, Any]:
        """Plain values, with the keys of the file."""
        return self.model_dump(mode="json", by_alias=True)


def rests_on(run: Run) -> str:
    """What the figures of a run cannot tell, and so why it does not become the default by itself; empty where they can."""
    if not run.dev.apart:
        if run.dev.difference is None:
            return "an older version judged it on the queries that it was chosen on, which flatters it"
        return f"with fewer than {FEWEST} development queries it is judged on those that it was chosen on, which flatters it"
    if not run.labelled:
        return "made-up queries judged it, pseudo-queries, made of the documents, and they are not what people ask"
    if run.certain:
        return ""
    return "that is within what chance does; more development queries would tell" if run.beats_centroid else "it is not better"


def verdict(run: Run) -> str:
    """Whether a run beats the centroid scorer, on what that rests, what keyword and vector search reach on the same queries, and
    whether it can be the default by itself. It is said to beat where :attr:`Run.surely_better`, and nowhere else."""
    dev = run.dev
    ours, floor = dev.trained[dev.measure], dev.centroid[dev.measure]
    apart = f" that nothing was chosen on, {dev.chosen_on:,} others were for that" if dev.apart else ""
    compared = (
        f"difference {told(dev.difference, sign=True)}, paired p {told_p(dev.difference)}" if dev.difference else f"p {dev.p:.4f}"
    )
    above = "beats" if run.surely_better else "is on average above"
    sentence = (
        f"{run.name} {above if run.beats_centroid else 'does not beat'} the centroid scorer on {dev.queries:,} "
        f"{run.asked} ({dev.source}){apart}: {dev.measure} {told(ours)} against {told(floor)}, {compared}."
    )
    if beside := [f"{BESIDE.get(name, name)} reaches {of[dev.measure].mean:.3f}" for name, of in dev.beside.items()]:
        sentence += f" There, {' and '.join(beside)}."
    if not run.beats_centroid:
        return f"{sentence} So it is not made the build's default."
    if reason := rests_on(run):
        return f"{sentence} It is not made the build's default by itself: {reason}."
    return sentence


def head_start(run: Run) -> str:
    """Where most of what the kept weights gain over the centroid scorer was there before the first step, a sentence with the
    figures; else empty. They are those of the queries that the weights were chosen on, for no others were asked at the start."""
    at = {entry.step: entry for entry in run.history}
    if 0 not in at or run.best_step not in at or not (floor := at[0].centroid):
        return ""
    measure = run.dev.measure
    centroid, start, kept = floor[measure], at[0].dev[measure], at[run.best_step].dev[measure]
    if start <= centroid or kept <= centroid or 2 * (start - centroid) <= kept - centroid:
        return ""
    whole = "All" if start >= kept else "Most"
    return (
        f"{whole} of the gain was there before the first step: {measure} {centroid:.3f} with the centroid scorer, {start:.3f} at "
        f"step 0 and {kept:.3f} with the weights kept, on the {run.dev.chosen_on:,} {run.asked} that these were chosen on."
    )
