"""What is asked of a fine-tuning, as data that can be written down, hashed and read back."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engine.options import checked


class TuneSpec(BaseModel):
    """Everything that decides what a fine-tuning yields, apart from the build.

    >>> TuneSpec(minutes=1).digest() == TuneSpec(minutes=9).digest()
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    minutes: float = Field(20.0, ge=0.01, le=10_000, title="Minutes", description="Time to train, evaluations included.")
    steps: int = Field(0, ge=0, title="Steps", description="Steps to train in place of minutes.")
    train: str = Field("train", title="Learn from split", description="Split of judged queries to learn from.")
    dev: str = Field("dev", title="Watch split", description="Split to choose by; a part is held out where the build lacks it.")
    negatives: int = Field(
        1,
        ge=0,
        le=8,
        title="Hard negatives a pair",
        description="Hard negatives a pair (DPR), beside the other documents of the batch.",
    )
    batch: int = Field(48, ge=2, le=4096, title="Pairs a step", description="Pairs a step.")
    tokens: int = Field(
        128, ge=8, le=8192, title="Tokens of a document", description="Tokens of a document that are read while it learns."
    )
    learning_rate: float = Field(5e-5, ge=1e-7, le=1e-2, title="Learning rate", description="Of all layers.")
    average: float = Field(
        0.0, ge=0, le=0.9999, title="Average of weights", description="Of the weights over the steps; 0 for none."
    )
    evaluate_every: int = Field(
        0,
        ge=0,
        title="Evaluate every",
        description="Steps between evaluations; 0: as many as take a third of the time, at most fifteen.",
        json_schema_extra={"flags": ["--every"]},
    )
    patience: int = Field(4, ge=1, title="Patience", description="Evaluations without a better one until it stops.")
    seed: int = Field(0, ge=0, lt=1 << 31, title="Seed", description="Seed of everything random.")

    def digest(self) -> str:
        """SHA-256 of what decides the course of the training; how long it goes on does not."""
        value = self.model_dump(exclude={"minutes", "steps"})
        return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


class CrossSpec(TuneSpec):
    """The same of a cross-encoder, which reads every query with every document of a step: fewer pairs, more hard negatives.

    >>> CrossSpec(minutes=1).digest() == CrossSpec(minutes=9).digest() != TuneSpec().digest()
    True
    """

    negatives: int = Field(
        3,
        ge=1,
        le=32,
        title="Hard negatives a pair",
        description="Documents that search ranks high for the query, among which its own is to be found.",
    )
    batch: int = Field(8, ge=2, le=4096, title="Pairs a step", description="Pairs a step.")
    tokens: int = Field(
        128,
        ge=8,
        le=8192,
        title="Tokens of a pair",
        description="Tokens of a query with a document that are read, then and later.",
    )
    learning_rate: float = Field(1e-4, ge=1e-7, le=1e-2, title="Learning rate", description="Of all layers.")


def spec_of(asked: Mapping[str, Any]) -> TuneSpec:
    """The spec that a person asked for, field by field.

    Raises
    ------
    TriescopeError
        A value cannot be used; it says which.
    """
    return checked(TuneSpec, asked)


def cross_spec_of(asked: Mapping[str, Any]) -> CrossSpec:
    """The same of a cross-encoder."""
    return checked(CrossSpec, asked)
