"""What is asked of a training, as data that can be written down, hashed and read back."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engine.options import check_options
from engine.scorers.kinds import kind

# With judged queries: two of three examples retrieve, one indexes, as DSI mixes its two tasks (Tay et al. 2022).
WITH_LABELS = {"judged": 2.0, "title": 1.0}
# Without: what the documents themselves give, led by the teacher's ranking, for codes alone teach too little.
WITHOUT_LABELS = {"title": 1.0, "sentence": 2.0, "span": 1.0}
# And the teacher's ranking alone: on SciFact the codes by themselves gain nothing.
TEACHER_ALONE = {"next_code": 0.0, "soft": 1.0}


class TrainSpec(BaseModel):
    """Everything that decides what a training yields, apart from the build.

    >>> TrainSpec(minutes=1).digest() == TrainSpec(minutes=9).digest()
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scorer: str = Field("node", description="Kind of scorer.")
    settings: dict[str, int | float | str | None] = Field(default_factory=dict, description="The scorer's options.")
    train: str = Field("train", description="Split of judged queries to learn from; empty for none.")
    dev: str = Field("dev", description="Split to watch; a part of the training queries is held out where the build has none.")
    mix: dict[str, float] = Field(default_factory=dict, description="Share of each source of pairs; by what there is if empty.")
    losses: dict[str, float] = Field(default_factory=dict, description="Weights of the losses; by what there is if empty.")
    teacher: str = Field("dense", description="Whose ranking the soft targets follow: dense, bm25+dense, or a cross-encoder.")
    generator: str = Field("", description="Query generator: a folder or a hub name; template and span queries without.")
    per_document: int = Field(4, ge=1, le=100, description="Pseudo-queries of each kind a document.")
    cold: float = Field(0.0, ge=0, le=0.5, description="Share of documents kept out of the training.")
    average: float = Field(0.99, ge=0, lt=1, description="Of the weights over the steps; 0 takes them as they are.")
    batch: int = Field(256, ge=2, le=65536, description="Pairs a step.")
    beams: int = Field(100, ge=1, le=1000, description="Beams when the development queries are searched.")
    evaluate_every: int = Field(0, ge=0, description="Steps between two evaluations; 0: about fifteen in all.")
    patience: int = Field(5, ge=1, description="Evaluations without a better one after which training stops.")
    minutes: float = Field(3.0, gt=0, le=10_000, description="Time to train, evaluations included.")
    steps: int = Field(0, ge=0, description="Steps to train in place of minutes; 0: by time.")
    watch: tuple[str, ...] = Field((), max_length=3, description="Queries decoded at each evaluation; dev queries if none.")
    seed: int = Field(0, ge=0, lt=1 << 31, description="Seed of everything random.")

    def digest(self) -> str:
        """SHA-256 of what decides the course of the training; how long it goes on and who is watched does not."""
        value = self.model_dump(exclude={"minutes", "steps", "watch"})
        return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def complete(spec: TrainSpec, labelled: bool) -> TrainSpec:
    """The spec with every choice that was left open made.

    Parameters
    ----------
    spec : TrainSpec
        As asked.
    labelled : bool
        Whether there are judged queries to learn from.

    Raises
    ------
    TriescopeError
        An unknown scorer, option, source or loss, or a value out of its range.
    """
    from engine.training.losses import OPTIONS as LOSSES
    from engine.training.pairs.sources import check_mix

    options = kind(spec.scorer).options
    check_options(spec.scorer, options, dict(spec.settings))
    check_options("losses", LOSSES, dict(spec.losses))
    if spec.mix:
        check_mix(spec.mix)
    given = {name: value for name, value in spec.settings.items() if value is not None}
    settings: dict[str, Any] = {option.name: option.default for option in options} | given
    losses = {loss.name: loss.default for loss in LOSSES} | (spec.losses or ({} if labelled else dict(TEACHER_ALONE)))
    mix = dict(spec.mix) or dict(WITH_LABELS if labelled else WITHOUT_LABELS)
    return spec.model_copy(update={"settings": settings, "mix": mix, "losses": losses})
