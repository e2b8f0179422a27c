"""A claim of the field, and what was found when it was made anew."""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, get_args

from engine.builds.opened import Build
from engine.data.figures import Interval, Stored, StoredInterval
from engine.evaluation.run import Tell
from engine.verdict.shown import Cell, Picture, Section

Verdict = Literal["holds", "holds partly", "does not hold here", "not testable here"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
Figures = Mapping[str, Interval]


class Measured(NamedTuple):
    """What a claim's measurement gives.

    Attributes
    ----------
    figures : dict
        Name -> value with its interval: all that the verdict rests on.
    says : str
        What was found, in plain sentences.
    picture : Picture
        The one picture.
    columns, rows
        The table.
    notes : tuple of str
        How it was measured and what was left aside.
    queries : int
        That were asked.
    beside : Picture, optional
        A second picture.
    """

    figures: dict[str, Interval]
    says: str
    picture: Picture
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]
    queries: int
    beside: Picture | None = None


class Claim(NamedTuple):
    """A statement that is repeated, with how to test it.

    Attributes
    ----------
    number, key : int, str
        In the field's list, and in addresses and the shell.
    statement, source : str
        The claim in a sentence, and who makes it.
    rule : str
        What makes it hold, hold partly or not hold, in words.
    change : str
        What could change the verdict.
    seconds : int
        What measuring takes on two idle cores and the bundled catalogue, roughly.
    refuses : callable
        ``refuses(opened)``: why it cannot be tested on a build, in a sentence; empty where it can.
    measure : callable
        ``measure(opened, seed, tell)`` -> :class:`Measured`.
    judge : callable
        ``judge(figures)``: the verdict, from the figures and nothing else.
    """

    number: int
    key: str
    statement: str
    source: str
    rule: str
    change: str
    seconds: int
    refuses: Callable[[Build], str]
    measure: Callable[[Build, int, Tell], Measured]
    judge: Callable[[Figures], Verdict]


class Finding(Stored):
    """A claim made anew on a build, as it is kept.

    Attributes
    ----------
    key : str
        Of the claim.
    build, corpus, manifest : str
        Folder and catalogue, and the SHA-256 of the build's manifest.
    documents, queries, seed : int
        Of the catalogue, asked, and of all draws.
    made, device, seconds
        When (UTC), where, and how long it took.
    figures : dict
        See :class:`Measured`; empty where it could not be tested.
    verdict : str
        One of :data:`VERDICTS`.
    section : Section
        What is shown: sentences, picture, table, notes, command.
    """

    key: str
    build: str
    corpus: str
    manifest: str
    documents: int
    queries: int
    seed: int
    made: str
    device: str
    seconds: float
    figures: dict[str, StoredInterval]
    verdict: Verdict
    section: Section


JUDGES = ("test", "dev")


def judging(opened: Build) -> str:
    """The split that judges: test, or else dev; empty where neither has judged queries."""
    return next((split for split in JUDGES if opened.corpus.qrels.get(split)), "")


def needs_queries(opened: Build) -> str:
    """Why a claim that asks judged queries cannot be tested."""
    return "" if judging(opened) else "the catalogue has no judged queries in split test or dev"
