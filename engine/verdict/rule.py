"""The rule of the verdict: from differences with their intervals, and the time of a search, to one answer of four.

Nothing is chosen on the queries that judge: instead of the difference to the best neighbour, which would be picked by the luck of
these queries, the differences to all of them are taken, and every one has to hold.
"""

import math
from collections.abc import Sequence
from typing import Literal

from engine.data.figures import Stored

Word = Literal["yes", "only as hybrid", "cannot tell", "no"]
# nDCG@10 that generative search may lie below a neighbour and still be level; what a hybrid must be able to gain to matter.
MARGIN = 0.01
# With fewer queries the bootstrap is too sure of itself.
FEWEST = 25
RULES = (
    "Yes: the 95% interval of generative search less each of its neighbours (BM25, dense, late interaction where there are token "
    f"vectors, dense with the same labels, the hybrid without it) lies above -{MARGIN:g} nDCG@10, and the 95th percentile of its "
    "time is within the budget.",
    "Only as hybrid: the interval of the hybrid with it less the hybrid without it lies above 0.",
    f"Cannot tell: neither is so, and the queries leave one of the two open. That is, an interval spans -{MARGIN:g} while none "
    f"lies below it and the time is within the budget, or that of the hybrid spans 0 and reaches +{MARGIN:g}.",
    "No: all else.",
    "Every neighbour has to hold, not only the best: to choose the best on the queries that judge would be a choice by luck.",
    "Pseudo-queries can refute and not confirm: BM25 and the hybrids, which profit from the documents' own words in them, are "
    f"not held against it then, and yes becomes cannot tell. With fewer than {FEWEST} queries it is always cannot tell.",
)
MADE_UP = (
    "These are pseudo-queries, made of the documents' own words: BM25 and the hybrids profit from that, so that they are not "
    "held against it, and nothing here says how people's queries fare. Judged queries would tell."
)


class Compared(Stored):
    """One retriever less another on the same queries.

    Attributes
    ----------
    ours, theirs : str
        Their names.
    called : str
        What the other one is, in words; its name where nothing is said.
    mean, low, high : float
        Mean of the differences of nDCG@10 with its 95% interval.
    needed : int, optional
        Queries that would set the mean apart from what the rule holds it against, four times in five; None where it lies on it.
    counted : bool
        Whether the answer rests on it.
    """

    ours: str
    theirs: str
    called: str = ""
    mean: float
    low: float
    high: float
    needed: int | None = None
    counted: bool = True


class Answer(Stored):
    """The answer, why, a sentence each, and how many queries would settle it where it is ``cannot tell``."""

    word: Word
    because: tuple[str, ...]
    needed: int | None = None


def answer(
    alone: Sequence[Compared], hybrid: Compared | None, p95_ms: float, budget_ms: float, queries: int, made_up: bool = False
) -> Answer:
    """Whether generative retrieval suits a catalogue.

    Parameters
    ----------
    alone : sequence of Compared
        Generative search less each of its neighbours, at least one of them counted.
    hybrid : Compared, optional
        The hybrid with the generative member less the one without; None where the hybrid gives it no weight.
    p95_ms, budget_ms : float
        The 95th percentile of a query's time, encoding included, and what it may be.
    queries : int
        On how many the differences are.
    made_up : bool
        Whether the queries are pseudo-queries.

    >>> level = Compared(ours="generative", theirs="dense", mean=0.0, low=-0.005, high=0.004, needed=900)
    >>> answer([level], None, 10, 100, 300).word, answer([level], None, 110, 100, 300).word
    ('yes', 'no')
    >>> behind, helps = level.model_copy(update={"high": -0.02, "low": -0.04}), level.model_copy(update={"low": 0.001})
    >>> answer([behind], helps, 10, 100, 300).word
    'only as hybrid'
    """
    fast, alone = p95_ms <= budget_ms, [one for one in alone if one.counted]
    hybrid = hybrid if hybrid is not None and hybrid.counted else None
    because = [_level(alone), _time(p95_ms, budget_ms), MADE_UP if made_up else _gain(hybrid)]
    if queries < FEWEST:
        few = f"These are {queries} queries, and fewer than {FEWEST} settle nothing."
        return Answer(word="cannot tell", because=(few, *because), needed=FEWEST)
    if fast and all(one.low > -MARGIN for one in alone):
        return Answer(word="cannot tell" if made_up else "yes", because=tuple(because))
    if hybrid is not None and hybrid.low > 0:
        return Answer(word="only as hybrid", because=tuple(because))
    undecided = [one for one in alone if one.low <= -MARGIN < one.high]
    behind = any(one.high <= -MARGIN for one in alone)
    opened = undecided if fast and not behind else []
    if hybrid is not None and hybrid.low <= 0 and hybrid.high >= MARGIN:
        opened = [*opened, hybrid]
    if opened:
        return Answer(word="cannot tell", because=tuple(because), needed=max(one.needed or 0 for one in opened) or None)
    return Answer(word="no", because=tuple(because))


def told(found: Answer) -> str:
    """The answer in a sentence.

    >>> told(Answer(word="cannot tell", because=(), needed=1200))
    'These queries cannot tell whether generative retrieval suits this catalogue; about 1,200 would.'
    """
    needs = f"; about {found.needed:,} would" if found.needed else ""
    return {
        "yes": "Yes: generative retrieval suits this catalogue, alone.",
        "only as hybrid": "Only as a member of a hybrid: alone it does not suit this catalogue.",
        "cannot tell": f"These queries cannot tell whether generative retrieval suits this catalogue{needs}.",
        "no": "No: generative retrieval does not suit this catalogue.",
    }[found.word]


def signed(value: float) -> str:
    """A difference with its sign, three places, never a zero with one.

    >>> signed(0.0123), signed(-0.00001), signed(-0.0301)
    ('+0.012', '0.000', '-0.030')
    """
    return f"{value:+.3f}" if round(value, 3) else "0.000"


def _interval(one: Compared) -> str:
    return f"{signed(one.mean)} [{signed(one.low)}, {signed(one.high)}]"


def _level(alone: Sequence[Compared]) -> str:
    """Generative search beside its neighbours: those that it is surely behind, else those that are open, else the nearest."""
    behind = [one for one in alone if one.high <= -MARGIN]
    undecided = [one for one in alone if one.low <= -MARGIN < one.high]
    shown = sorted(behind or undecided or alone, key=lambda one: (one.low, one.mean))
    what = (
        f"surely more than {MARGIN:g} behind"
        if behind
        else f"perhaps more than {MARGIN:g} behind, perhaps not, of"
        if undecided
        else f"less than {MARGIN:g} behind every neighbour that counts; nearest is"
    )
    named = ", ".join(f"{one.called or one.theirs} {_interval(one)}" for one in (shown if behind or undecided else shown[:1]))
    return f"Generative search is {what} {named}."


def _time(p95_ms: float, budget_ms: float) -> str:
    within = "within" if p95_ms <= budget_ms else "over"
    shown = f"{p95_ms:.1f}" if math.isfinite(p95_ms) else "unknown"
    return f"95% of its queries take at most {shown} ms, encoding included, {within} the budget of {budget_ms:g} ms."


def _gain(hybrid: Compared | None) -> str:
    if hybrid is None:
        return "The hybrid gives it no weight, so that it adds nothing there."
    if hybrid.low > 0:
        return f"The hybrid with it is better than the one without: {_interval(hybrid)}."
    if hybrid.high < MARGIN:
        return f"The hybrid with it is not {MARGIN:g} better than the one without: {_interval(hybrid)}."
    return f"Whether the hybrid with it is better than the one without is open: {_interval(hybrid)}."
