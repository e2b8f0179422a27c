"""What the width of the beam buys: quality and time of a retriever that decodes, from a few beams to many."""

from typing import Any, NamedTuple

from engine.data.figures import Interval

# Each about twice as wide as the one before.
WIDTHS = (5, 10, 20, 50, 100, 200)


class Width(NamedTuple):
    """One width: measure -> mean with its interval, and the median milliseconds of a search. A narrow beam finds few documents,
    which bounds what is measured deeper than that."""

    beams: int
    measures: dict[str, Interval]
    ms: float

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return self._asdict() | {"measures": {name: of._asdict() for name, of in self.measures.items()}}
