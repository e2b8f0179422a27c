"""What is asked of a training, as data that can be written down, hashed and read back."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engine.decoding import DEFAULT_BEAMS
from engine.options import check_options, checked

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

    scorer: str = Field("node", title="Scorer", description="Kind of scorer: see `python -m engine scorers`.")
    settings: dict[str, int | float | str | None] = Field(
        default_factory=dict, description="Setting of the scorer, name=value.", json_schema_extra={"flags": ["-o", "--option"]}
    )
    train: str = Field("train", title="Learn from split", description="Split of judged queries to learn from; '' for none.")
    dev: str = Field("dev", title="Watch split", description="Split to watch; a part is held out where the build lacks it.")
    mix: dict[str, float] = Field(
        default_factory=dict,
        description="Share of a source of pairs, like judged=2; repeat for more. together (ColaRec): an experiment.",
    )
    losses: dict[str, float] = Field(
        default_factory=dict,
        description="Weight of a loss, like soft=1; repeat for more.",
        json_schema_extra={"flags": ["--loss"]},
    )
    teacher: str = Field(
        "dense", title="Teacher of soft and prefix", description="dense, bm25+dense, or a cross-encoder by folder or hub name."
    )
    begin: str = Field(
        "", title="Begin with run", description="Run of the same kind whose weights it begins with: a second stage of that."
    )
    generator: str = Field(
        "", title="Query generator", description="Query generator by folder or hub name, for --mix generated=1."
    )
    per_document: int = Field(
        4, ge=1, le=100, title="Pseudo-queries a document", description="Pseudo-queries of each kind a document."
    )
    cold: float = Field(
        0.0, ge=0, le=0.5, title="Kept out, share of documents", description="Share of documents kept out of the training."
    )
    average: float = Field(
        0.99, ge=0, le=0.9999, title="Average of weights", description="Of the weights over the steps; 0 for none."
    )
    batch: int = Field(256, ge=2, le=65536, title="Pairs a step", description="Pairs a step.")
    beams: int = Field(DEFAULT_BEAMS, ge=1, le=1000, title="Beams", description="Beams for the development queries.")
    evaluate_every: int = Field(
        0,
        ge=0,
        title="Evaluate every",
        description="Steps between evaluations; 0: about fifteen in all.",
        json_schema_extra={"flags": ["--every"]},
    )
    patience: int = Field(5, ge=1, title="Patience", description="Evaluations without a better one until it stops.")
    minutes: float = Field(3.0, ge=0.01, le=10_000, title="Minutes", description="Time to train, evaluations included.")
    steps: int = Field(0, ge=0, title="Steps", description="Steps to train in place of minutes.")
    watch: tuple[str, ...] = Field((), max_length=3, description="Query to decode at each evaluation; up to three.")
    seed: int = Field(0, ge=0, lt=1 << 31, title="Seed", description="Seed of everything random.")

    def digest(self) -> str:
        """SHA-256 of what decides the course of the training; how long it goes on and who is watched does not."""
        value = self.model_dump(exclude={"minutes", "steps", "watch"})
        return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def spec_of(asked: Mapping[str, Any]) -> TrainSpec:
    """The spec that a person asked for, field by field.

    Raises
    ------
    TriescopeError
        A value cannot be used; it says which.
    """
    return checked(TrainSpec, asked)


def usual_losses(labelled: bool) -> dict[str, float]:
    """Weights and settings of the losses where none are asked for."""
    from engine.training.losses import OPTIONS

    return {option.name: option.default for option in OPTIONS} | ({} if labelled else TEACHER_ALONE)  # type: ignore[return-value]


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
    from engine.scorers.kinds import kind
    from engine.training.losses import OPTIONS
    from engine.training.pairs.sources import check_mix

    options = kind(spec.scorer).options
    check_options(spec.scorer, options, dict(spec.settings))
    check_options("losses", OPTIONS, dict(spec.losses))
    if spec.mix:
        check_mix(spec.mix)
    given = {name: value for name, value in spec.settings.items() if value is not None}
    settings: dict[str, Any] = {option.name: option.default for option in options} | given
    # Who names any loss weighs against the plain defaults. What was taken together is a label: no teacher's ranking knows it.
    told = labelled or bool(spec.losses) or spec.mix.get("together", 0) > 0
    losses = usual_losses(told) | spec.losses
    mix = dict(spec.mix) or dict(WITH_LABELS if labelled else WITHOUT_LABELS)
    return spec.model_copy(update={"settings": settings, "mix": mix, "losses": losses})
