"""What a study of schemes found: a value that is stored beside the builds, shown on the page, printed by the shell."""

from typing import Any, Self

from pydantic import Field, model_validator

from engine.data.figures import Stored, StoredDifference, StoredInterval
from engine.health.card import Card


class Measured(Stored):
    """One scheme; only ``error`` where it does not fit the catalogue.

    Attributes
    ----------
    vocabulary : list of int
        Codes a level.
    fit_seconds, trie_bytes, trie_nodes
        What it costs.
    report : Card, optional
        Its report card, as :func:`engine.health.report.report` gives it.
    quality : dict
        Measure -> mean with its interval, on the queries to choose by; empty without judged queries.
    behind : Difference, optional
        How far it lies from the scheme that is best at the narrow beam; p is corrected for all schemes of the study.
    """

    error: str = ""
    vocabulary: list[int] = Field(default_factory=list)
    fit_seconds: float = 0.0
    trie_bytes: int = 0
    trie_nodes: int = 0
    report: Card | None = None
    quality: dict[str, StoredInterval] = Field(default_factory=dict)
    behind: StoredDifference | None = None

    @model_validator(mode="after")
    def _judged_or_why_not(self) -> Self:
        if self.report is None and not self.error:
            raise ValueError("neither a report card nor an error")
        return self


class Pair(Stored):
    """Two schemes, and the normalised mutual information of their first codes."""

    a: str
    b: str
    nmi: float


class Best(Stored):
    """The scheme that was best on the queries to choose by, and what it reaches on the test split, which chose nothing.

    The best of several lies too high where it was chosen; its figures on the ``queries`` of ``split`` are what to expect of it.
    ``split`` is empty where there is no such split to judge on.
    """

    scheme: str
    split: str = ""
    queries: int = 0
    quality: dict[str, StoredInterval] = Field(default_factory=dict)


class Study(Stored):
    """Schemes side by side on the ``queries`` of ``split``; ``best`` is None without judged queries."""

    corpus: str
    documents: int
    split: str
    queries: int
    beams: int
    seed: int
    device: str
    schemes: dict[str, Measured]
    nmi: list[Pair]
    best: Best | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values, with the keys of the file: a scheme that does not fit has an ``error`` alone."""
        return self.model_dump(mode="json", exclude_unset=True)


def told(best: Best) -> str:
    """The best scheme and what to expect of it, in a sentence or two."""
    if not best.split:
        return f"Best here: {best.scheme}, on the queries it was chosen on, which flatters it; no other split judges it."
    figures = ", ".join(f"{measure} {of.mean:.3f} [{of.low:.3f}, {of.high:.3f}]" for measure, of in best.quality.items())
    return f"Best here: {best.scheme}. On the {best.queries:,} {best.split} queries, which chose nothing, it reaches {figures}."
