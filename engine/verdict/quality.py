"""Quality with intervals beside every neighbour, on the queries that judge; what the rule asks for, and two sections of it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine import evaluation
from engine.builds.opened import Build
from engine.builds.runs import CENTROID
from engine.data.coverage import told as told_of_coverage
from engine.evaluation import Evaluation, power
from engine.evaluation.run import Tell
from engine.verdict import twins
from engine.verdict.field import KEYWORDS, LABELLED, Field, field
from engine.verdict.judging import DEV, TRUST, Judging
from engine.verdict.rule import MARGIN, Compared, signed
from engine.verdict.shown import Dot, Picture, Section

MEASURES = ("nDCG@10", "Recall@100")


class Quality(NamedTuple):
    """The retrievers that were compared, what evaluation found, the differences that the rule takes, the time of a query of
    generative search at its 95th percentile, encoding included, ms, and what is to be said of queries whose answers may be known
    by heart."""

    field: Field
    found: Evaluation
    alone: list[Compared]
    hybrid: Compared | None
    p95_ms: float
    by_heart: list[str]


def quality(opened: Build, judges: Judging, beams: int, tell: Tell) -> Quality:
    """Evaluate generative search, its neighbours and the hybrid with it on the queries that judge."""
    tell("tuning", 0, 0)
    who = field(opened, judges.choosing, beams)
    learned = opened.default_scorer != CENTROID or set(who.alone) & set(LABELLED)
    line, many = twins.told(opened, judges.asked) if learned else ("", False)
    if line:
        who = who._replace(notes=[*who.notes, line])
    names = list(dict.fromkeys([who.generative, *who.neighbours, *([who.with_it] if who.with_it else []), *who.others]))
    found = evaluation.evaluate(
        opened, judges.split, names, beams, who.generative, MEASURES, asked=judges.asked, tell=_stages(tell)
    )
    of = {name: values[MEASURES[0]] for name, values in found.values.items()}
    # Made-up queries have the documents' own words, and flatter whoever goes by words.
    flattered = {KEYWORDS, who.without} if judges.made_up else set()
    alone = [
        compared(of, who.generative, name, -MARGIN, who.called(name)).model_copy(update={"counted": name not in flattered})
        for name in dict.fromkeys(who.neighbours)
    ]
    hybrid = compared(of, who.with_it, who.without, 0.0, who.called(who.without)) if who.with_it else None
    if hybrid and judges.made_up:
        hybrid = hybrid.model_copy(update={"counted": False})
    timed = found.retrievers[who.generative].latency_ms
    assert timed is not None
    return Quality(who, found, alone, hybrid, found.encoding_ms.p95 + timed.p95, [line] if many else [])


def compared(values: dict[str, np.ndarray], ours: str, theirs: str, held_against: float, called: str) -> Compared:
    """One retriever less another; ``needed`` are the queries that would set the difference apart from ``held_against``."""
    less = values[ours] - values[theirs]
    found = evaluation.interval(less)
    needed = power.needed(less, held_against)
    return Compared(ours=ours, theirs=theirs, called=called, mean=found.mean, low=found.low, high=found.high, needed=needed)


def sections(opened: Build, made: Quality, judges: Judging, build: str) -> list[Section]:
    """What was found, as two sections: differences, on which the answer rests, and means with times."""
    flags = command(build, judges, list(made.found.retrievers), made.found.beams)
    return [_differences(made, judges, flags), _means(opened, made, judges, flags)]


def command(build: str, judges: Judging, names: Sequence[str], beams: int) -> str:
    """The line of the shell that measures it again; where the queries are in no split, the verdict's own."""
    if judges.made_up or (judges.split == DEV and judges.choosing.qrels):
        asked = "" if judges.made_up else f" --split {DEV}"
        return f"python -m engine verdict {build} --only quality --beams {beams}{asked}"
    return f"python -m engine evaluate {build} --split {judges.split} --beams {beams} " + " ".join(f"-r {name}" for name in names)


def _differences(made: Quality, judges: Judging, flags: str) -> Section:
    pairs = [*made.alone, *([made.hybrid] if made.hybrid else [])]
    worst = min((one for one in made.alone if one.counted), key=lambda one: one.mean)
    which = "best neighbour that counts" if judges.made_up else "best neighbour here"
    says = (
        f"Generative search less its {which}, {worst.called}, is {signed(worst.mean)} nDCG@10, between "
        f"{signed(worst.low)} and {signed(worst.high)}."
    )
    if made.hybrid:
        says += (
            f" The hybrid with it less the one without is {signed(made.hybrid.mean)}, between {signed(made.hybrid.low)} and "
            f"{signed(made.hybrid.high)}."
        )
    return Section(
        key="differences",
        title="Generative search beside its neighbours",
        says=says,
        picture=Picture(
            kind="dots",
            x="difference of nDCG@10, 95% interval",
            dots=tuple(
                Dot(
                    name=f"{'hybrid with it' if one is made.hybrid else 'generative'} less {one.called}",
                    mean=one.mean,
                    low=one.low,
                    high=one.high,
                    strong=one is made.hybrid,
                )
                for one in pairs
            ),
            at=-MARGIN,
            at_told=f"-{MARGIN:g}",
        ),
        columns=("Retriever", "Less", "Difference", "Low", "High", "Held against", "Queries it needs", "Counts"),
        rows=tuple(
            (
                one.ours,
                one.theirs,
                *(round(value, 4) for value in (one.mean, one.low, one.high)),
                against,
                one.needed,
                "yes" if one.counted else "no",
            )
            for one in pairs
            for against in (0.0 if one is made.hybrid else -MARGIN,)
        ),
        notes=(
            f"On {made.found.queries:,} queries ({judges.told}); differences query by query, 95% bootstrap intervals.",
            *([TRUST] if judges.made_up else []),
            *made.field.notes,
        ),
        command=flags,
    )


def _means(opened: Build, made: Quality, judges: Judging, flags: str) -> Section:
    found = made.found
    shown = sorted(found.retrievers.items(), key=lambda one: -one[1].measures[MEASURES[0]].mean)
    means = {made.field.called(name): row.measures[MEASURES[0]] for name, row in shown}
    (best, highest), *_, (last, lowest) = means.items()
    ours = means["generative"]
    rows = []
    for name, row in shown:
        figures = [round(value, 4) for one in MEASURES for value in row.measures[one]]
        timed = (row.latency_ms.p50, row.latency_ms.p95) if row.latency_ms else (None, None)
        rows.append((made.field.called(name), name, *figures, *timed))
    amiss = told_of_coverage(found.split, found.coverage)
    return Section(
        key="quality",
        title="Quality and time",
        says=(
            f"Best is {best}: nDCG@10 {highest.mean:.3f}. Generative search has {ours.mean:.3f} [{ours.low:.3f}, "
            f"{ours.high:.3f}]. The last, {last}, has {lowest.mean:.3f}. 95% of the queries of generative search take at most "
            f"{made.p95_ms:.1f} ms, {found.encoding_ms.p95:.1f} of that encoding."
        ),
        picture=Picture(
            kind="dots",
            x="nDCG@10, 95% interval",
            dots=tuple(
                Dot(name=made.field.called(name), **row.measures[MEASURES[0]]._asdict(), strong=name == made.field.generative)
                for name, row in shown
            ),
        ),
        columns=(
            "Retriever",
            "Name",
            *(f"{one}{part}" for one in MEASURES for part in ("", ", low", ", high")),
            "Search, ms (p50)",
            "Search, ms (p95)",
        ),
        rows=tuple(rows),
        notes=(
            f"{found.queries:,} queries, {judges.told}. Beam {found.beams}. Times are of {found.timed:,} searches, one by one, "
            "warm, after encoding.",
            *([f"{amiss}."] if amiss else []),
            *([TRUST] if judges.made_up else []),
        ),
        command=flags,
    )


def _stages(tell: Tell) -> Tell:
    """An evaluation counts its own stages; here it is one of several."""

    def told(stage: str, done: int, total: int) -> None:
        if stage != "build":
            tell(stage, done, total)

    return told
