"""What a training is given, and what it has come to between two looks at it."""

from typing import NamedTuple, Protocol


class Stretch(NamedTuple):
    """The steps since the evaluation before, as :class:`engine.builds.history.Evaluation` has them."""

    step: int
    seconds: float
    steps_per_second: float
    loss: float | None
    losses: dict[str, float]


class Budget(Protocol):
    """What the loop reads of a spec: how long, how often it looks, when it has waited enough, and what decides its course."""

    @property
    def minutes(self) -> float:
        """Time to train, where ``steps`` is 0."""
        ...

    @property
    def steps(self) -> int:
        """Steps to train."""
        ...

    @property
    def evaluate_every(self) -> int:
        """Steps between evaluations; 0 leaves it to the loop."""
        ...

    @property
    def patience(self) -> int:
        """Evaluations without a better one until it stops."""
        ...

    @property
    def average(self) -> float:
        """Of the weights over the steps; 0 for none."""
        ...

    @property
    def seed(self) -> int:
        """Of everything random."""
        ...

    def digest(self) -> str:
        """SHA-256 of what decides the course."""
        ...
