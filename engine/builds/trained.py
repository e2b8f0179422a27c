"""A trained scorer as its file says: what made it, how it went, and what its figures on development queries rest on."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.builds.history import Evaluation
from engine.data.figures import Stored, StoredDifference, StoredInterval, better, told, told_p
from engine.data.halves import FEWEST
from engine.retrievers.fusion import StoredTuning


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


class Cold(Stored):
    """Documents kept out of the training, and the judged development queries that ask for these alone."""

    documents: int
    queries: int
    centroid: dict[str, StoredInterval] = Field(default_factory=dict)
    trained: dict[str, StoredInterval] = Field(default_factory=dict)


class Run(Stored):
    """All that is known of a trained scorer. ``labelled``: the development queries are judged ones, not pseudo-queries.
    ``beats_centroid``: it is the better on average; whether that is more than chance, :meth:`certain` says."""

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

    @property
    def certain(self) -> bool:
        """Whether it may become the default by itself: judged queries on which nothing was chosen say that it is better."""
        return self.labelled and self.dev.apart and self.dev.difference is not None and better(self.dev.difference)

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
        return "these are pseudo-queries, made of the documents, and not what people ask"
    if run.certain:
        return ""
    return "that is within what chance does; more development queries would tell" if run.beats_centroid else "it is not better"


def verdict(run: Run) -> str:
    """Whether a run beats the centroid scorer, on what that rests, and whether it can be the default by itself."""
    dev = run.dev
    ours, floor = dev.trained[dev.measure], dev.centroid[dev.measure]
    apart = f" that nothing was chosen on, {dev.chosen_on:,} others were for that" if dev.apart else ""
    compared = (
        f"difference {told(dev.difference, sign=True)}, paired p {told_p(dev.difference)}" if dev.difference else f"p {dev.p:.4f}"
    )
    sentence = (
        f"{run.name} {'beats' if run.beats_centroid else 'does not beat'} the centroid scorer on {dev.queries:,} development "
        f"queries ({dev.source}){apart}: {dev.measure} {told(ours)} against {told(floor)}, {compared}."
    )
    if not run.beats_centroid:
        return f"{sentence} So it is not made the build's default."
    if reason := rests_on(run):
        return f"{sentence} It is not made the build's default by itself: {reason}."
    return sentence
