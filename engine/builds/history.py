"""An evaluation of a scorer while it trains, field by field: what the loop writes down, and whoever watches reads."""

from typing import Annotated, NamedTuple

from pydantic import Field, PlainSerializer

from engine.data.figures import Stored
from engine.health.card import Verdict


class Finding(NamedTuple):
    """What one detector found.

    Attributes
    ----------
    name : str
        The figure's name.
    value : float
        The figure.
    verdict : str
        ``healthy``, ``watch`` or ``broken``.
    says : str
        A sentence for a person, with the remedy where one is needed.
    """

    name: str
    value: float
    verdict: Verdict
    says: str


class WatchedHit(Stored):
    """One of the first hits of a watched query; ``score`` is its total in nats, ``identifier`` its codes, like "3-17"."""

    id: str
    title: str
    score: float
    identifier: str


class WatchedBeam(Stored):
    """One of the best beams of a level: its codes so far, its total in nats, its share of the beam's probability."""

    prefix: str
    total: float
    share: float


class WatchedLevel(Stored):
    """The best beams kept after a level, best first."""

    level: int
    kept: tuple[WatchedBeam, ...]


class Watched(Stored):
    """A query as it was decoded then: first hits, rank of the first document judged relevant (None where it has none), beams."""

    query: str
    hits: tuple[WatchedHit, ...]
    judged_rank: int | None
    levels: tuple[WatchedLevel, ...]


class Evaluation(Stored):
    """How a training stood after a step.

    Attributes
    ----------
    step : int
        Steps done; 0 before the first.
    seconds : float
        Trained so far.
    steps_per_second, loss, losses
        Since the evaluation before: pace, mean loss (None before the first step), and its parts by name.
    dev : dict
        Measure -> mean over the development queries.
    centroid : dict
        The same of the centroid scorer, the line to cross; empty in runs of older versions.
    beside : dict
        Retriever -> the same of what needs no training either: keyword and vector search; empty in runs of older versions.
    code_accuracy : tuple of float
        Share of judged pairs whose next code is the likeliest one, a level each; empty without judged pairs.
    detectors : tuple of Finding
        What the collapse detectors say.
    watched : tuple of Watched
        The watched queries.
    """

    step: int
    seconds: float
    steps_per_second: float
    loss: float | None
    losses: dict[str, float]
    dev: dict[str, float]
    centroid: dict[str, float] = Field(default_factory=dict)
    beside: dict[str, dict[str, float]] = Field(default_factory=dict)
    code_accuracy: tuple[float, ...]
    detectors: tuple[Annotated[Finding, PlainSerializer(Finding._asdict)], ...]
    watched: tuple[Watched, ...]
