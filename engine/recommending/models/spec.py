"""What is asked of a training of a sequence model, as data that can be written down, hashed and read back."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.options import checked
from engine.recommending.models import pieces

# What stands in the place of the defaults for tiger: what half an hour of a processor can teach something, and TIGER's own sizes
# (Rajput et al. 2023: four blocks each way, six heads of 64 numbers, tokens of people), which want a GPU.
TIGER: Mapping[str, Any] = {"width": 128, "blocks": 3, "heads": 4, "dropout": 0.1, "longest": 20, "batch": 256}
SIZES: Mapping[str, Mapping[str, Any]] = {
    "cpu": TIGER,
    "published": {**TIGER, "blocks": 4, "heads": 6, "head": 64, "between": 1024, "people": 2000},
}
# Share of a history that bert4rec hides, where nothing else is asked for.
HIDDEN = 0.3


class SequenceSpec(BaseModel):
    """Everything that decides what a training yields, apart from the interactions; :data:`SIZES` has other defaults for tiger.

    >>> SequenceSpec(epochs=3).digest() == SequenceSpec(epochs=9).digest()
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _of_the_model(cls, asked: Any) -> Any:
        if not isinstance(asked, Mapping) or asked.get("model") != "tiger":
            return asked
        return {**SIZES.get(str(asked.get("size", "cpu")), TIGER), **asked}

    model: Literal["sasrec", "bert4rec", "tree", "one-pass", "joint", "tiger", "mult-vae", "diffrec", "irgan"] = Field(
        "sasrec",
        description="sasrec reads a history forwards, bert4rec both ways; tree and tiger write the identifier of the next item, "
        "tiger from those of the history; one-pass scores the codes of all levels at once; mult-vae, diffrec "
        "and irgan know no order or little; joint is a tree that answers queries too.",
    )
    minutes: float = Field(30.0, ge=0.01, le=10_000, title="Minutes", description="Time to train, evaluations included.")
    epochs: int = Field(0, ge=0, le=10_000, title="Passes", description="Passes over the histories, in place of minutes.")
    items: Literal["ids", "text", "both", "ngrams", "sentencepiece", "hashed"] = Field(
        "ids",
        title="Items are",
        description="A vector of their own (ids), what their text says (text), or both; or pieces of their identifiers (ngrams, "
        "sentencepiece), or rows dealt out at random (hashed, the control).",
    )
    rows: int = Field(
        2048,
        ge=2,
        le=1_000_000,
        title="Rows of pieces",
        description="Vectors that pieces of identifiers share, where items are such.",
    )
    sampled: int = Field(
        0, ge=0, le=100_000, title="Sampled items", description="Items drawn to stand for all in the loss; 0 for all of them."
    )
    hidden: float = Field(
        HIDDEN, ge=0.01, le=0.99, title="Share hidden", description="Share of a history that bert4rec hides and learns to name."
    )
    distill: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Taught by the matrix",
        description="Share of the loss of a tree or of tiger that the matrix teaches.",
    )
    asked: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Share of queries",
        description="Share of the loss of joint that made queries have; 0 or 1 for one task alone.",
    )
    people: int = Field(
        0, ge=0, le=100_000, title="Tokens of people", description="Tokens that people share, read by tiger first; 0 for none."
    )
    size: Literal["cpu", "published"] = Field(
        "cpu",
        title="Size of TIGER",
        description="What tiger has unless told: three blocks and four heads of 32 numbers, for a CPU; or as its paper, four "
        "blocks, six heads of 64, 2,000 tokens of people.",
    )
    width: int = Field(64, ge=8, le=1024, title="Width", description="Numbers in a state; a multiple of the heads.")
    blocks: int = Field(2, ge=1, le=12, title="Blocks", description="Blocks of attention.")
    heads: int = Field(2, ge=1, le=16, title="Heads", description="Heads of attention.")
    head: int = Field(0, ge=0, le=256, title="Numbers of a head", description="Of tiger; 0 where the heads share the width.")
    between: int = Field(
        0, ge=0, le=8192, title="Width between", description="Numbers between the two layers of a block of tiger; 0 for 4 widths."
    )
    dropout: float = Field(0.5, ge=0, le=0.9, title="Dropout", description="Share of a state that is dropped while it learns.")
    longest: int = Field(
        50, ge=2, le=1000, title="Longest history", description="Items of a history that are read, the last ones."
    )
    batch: int = Field(128, ge=1, le=8192, title="Histories a step", description="Histories a step.")
    learning_rate: float = Field(1e-3, ge=1e-6, le=1e-1, title="Learning rate", description="Of everything.")
    cooling: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Cooling",
        description="Share of the budget, its end, over which the learning rate falls to nothing.",
    )
    patience: int = Field(5, ge=1, title="Patience", description="Evaluations without a better one until it stops.")
    seed: int = Field(0, ge=0, lt=1 << 31, title="Seed", description="Seed of everything random.")

    @property
    def pieced(self) -> bool:
        """Whether an item is pieces of its identifier, or the control of that."""
        return self.items in pieces.WAYS

    def digest(self) -> str:
        """SHA-256 of what decides the course of the training; how long it goes on does not, unless the rate falls at the end."""
        unused = ({"people"} if not self.people else set()) | ({"hidden"} if self.hidden == HIDDEN else set())
        unused |= ({"rows"} if not self.pieced else set()) | ({"asked"} if self.model != "joint" else set())
        unused |= {"size"} | {name for name in ("head", "between") if not getattr(self, name)}
        unused |= {"minutes" if self.epochs else "epochs"} if self.cooling else {"minutes", "epochs", "cooling"}
        value = self.model_dump(exclude=unused)
        return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def spec_of(asked: Mapping[str, Any]) -> SequenceSpec:
    """The spec that a person asked for, field by field.

    Raises
    ------
    TriescopeError
        A value cannot be used; it says which.
    """
    return checked(SequenceSpec, asked)
