"""All that a verdict rests on, measured part by part, and the answer."""

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from engine.builds import card, layout, runs
from engine.builds.in_use import in_use
from engine.builds.opened import Build
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.evaluation import Asked, device
from engine.evaluation.reachability import SAMPLE, own_queries, own_titles, reachability
from engine.evaluation.run import Tell
from engine.files import sha256
from engine.verdict import facts, quality, scale, scale_shown, sizes
from engine.verdict.judging import Judging, judging
from engine.verdict.rule import Answer, Compared, answer
from engine.verdict.shown import Section, Verdict

PARTS = ("quality", "health", "reachability", "cold", "scale", "sizes")
# Milliseconds that a query may take unless told otherwise: what a person does not notice.
BUDGET_MS = 100.0


def seconds(documents: int) -> int:
    """What a verdict takes on two cores, roughly: with 1,201 documents half a minute, with 5,183 two.

    >>> seconds(1_201), seconds(5_183)
    (40, 130)
    """
    return 10 * round((10 + documents / 43) / 10)


def verdict(
    opened: Build,
    budget_ms: float = BUDGET_MS,
    beams: int = DEFAULT_BEAMS,
    sample: int = SAMPLE,
    seed: int = 0,
    only: Sequence[str] = (),
    split: str = "",
    brought: Asked | None = None,
    tell: Tell = lambda stage, done, total: None,
) -> Verdict:
    """Whether generative retrieval suits a build's catalogue.

    Parameters
    ----------
    opened : Build
        What is judged, with its default scorer.
    budget_ms : float
        What a query may take at its 95th percentile.
    beams : int
        Beam width.
    sample : int
        Documents that are asked for by title, and by their queries; 0 for all.
    seed : int
        Of every draw.
    only : sequence of str
        Parts to measure, of :data:`PARTS`; all where none is named. Without ``quality`` there is no answer.
    split, brought
        Who judges; see :func:`engine.verdict.judging.judging`.
    tell : callable
        Progress: ``(stage, done, total)``; the stage ``build`` counts parts.

    Raises
    ------
    TriescopeError
        There is no such part or split, the build went away meanwhile, or nothing in it can be asked for.
    """
    if unknown := [part for part in only if part not in PARTS]:
        raise TriescopeError(f"a verdict has no part {unknown[0]!r}; it has {', '.join(PARTS)}")
    parts, began, others = [part for part in PARTS if part in (only or PARTS)], time.perf_counter(), busy()
    name, found = opened.folder.name, list[Section]()
    given: Answer | None = None
    compared: tuple[Compared, ...] = ()
    with in_use(opened.folder):
        # Who decodes is read once: a training may end meanwhile.
        scorer, manifest = opened.default_scorer, sha256(opened.folder / layout.MANIFEST)
        stamp, judges = runs.stamp(opened.folder, scorer), judging(opened, seed, split, brought)
        for place, part in enumerate(parts):
            tell("build", place, len(parts))
            if part == "quality":
                made = quality.quality(opened, judges, beams, tell)
                given = answer(made.alone, made.hybrid, made.p95_ms, budget_ms, made.found.queries, judges.made_up)
                given = given.model_copy(update={"because": (*given.because, *made.by_heart)})
                compared = (*made.alone, *([made.hybrid] if made.hybrid else []))
                found += quality.sections(opened, made, judges, name)
            else:
                again = f"python -m engine verdict {name} --only {part} --beams {beams} --seed {seed}"
                again += f" --split {judges.split}" if split else ""
                found += _measured(opened, part, judges, beams, sample, seed, again, tell)
        tell("build", len(parts), len(parts))
        if opened.default_scorer != scorer:
            raise TriescopeError(f"{name}: another scorer became the default while this one was measured; ask again")
    return Verdict(
        build=name,
        corpus=opened.name,
        documents=len(opened.documents),
        manifest=manifest,
        scorer=scorer,
        scorer_stamp=stamp,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        device=device(),
        busy=others,
        seconds=round(time.perf_counter() - began, 1),
        seed=seed,
        beams=beams,
        budget_ms=budget_ms,
        judged_by=judges.told,
        made_up=judges.made_up,
        answer=given,
        compared=compared,
        sections=tuple(found),
    )


def _measured(
    opened: Build, part: str, judges: Judging, beams: int, sample: int, seed: int, again: str, tell: Tell
) -> list[Section]:
    """The sections of a part, other than quality."""
    name = opened.folder.name
    if part == "health":
        tell("health", 0, 0)
        return [facts.health_section(card.health(opened), name)]
    if part == "reachability":
        if not any(len(asked.rows) for asked in (own_queries(opened), own_titles(opened))):
            return [facts.nothing_to_ask_by(name)]
        return facts.reachability_sections(reachability(opened, beams, sample, seed, tell=tell), name, sample)
    if part == "cold":
        return [facts.cold_section(opened, name)]
    if part == "scale":
        return scale_shown.sections(opened, scale.scale(opened, judges.asked, beams, seed, tell), beams, again)
    return [sizes.section(opened, sizes.sizes(opened, judges.asked, beams, seed, tell), judges, again)]


def busy() -> str:
    """That others keep this machine busy, so that times are too long, in a sentence; empty where they do not, or where the
    machine does not say."""
    if not hasattr(os, "getloadavg"):
        return ""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load <= cores:
        return ""
    return f"Others worked on this machine when it began (load {load:.1f} on {cores} cores): times are longer than alone."


def stale(opened: Build, found: Verdict) -> str:
    """What has changed since a verdict was made, in a sentence; empty where it still speaks of this build."""
    if sha256(opened.folder / layout.MANIFEST) != found.manifest:
        return "The build was made anew since: this verdict is of the one before."
    now = opened.default_scorer
    if now != found.scorer:
        return f"The default scorer is {now} now: this verdict is of {found.scorer}."
    if runs.stamp(opened.folder, now) != found.scorer_stamp:
        return f"The scorer {now} was trained anew since: this verdict is of the one before."
    return ""
