"""Ways of training a scorer from the field, beside the plain one: ``python -m benchmarks.trainings STUDY [BUILD ...]``.

A study is a block a build of ``benchmarks/results/learned.md``, as those of :mod:`benchmarks.learned` are; every training is kept
when it is done, so that a study that was stopped goes on.

    otm      node scorer, taught on what a beam reaches, beside a softmax over the level, at several widths
    distil   node scorer, a teacher's codes learned by the head that is kept or by one that is dropped
    sizes    the same, the teacher a node scorer of several sizes
    stages   node scorer, a contrastive loss beside the generative one, in one stage and in two (CALRec)
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from benchmarks.blocks import run_named
from benchmarks.learned import HEAD, OUT
from benchmarks.training import Values, measured, test_of, trained
from engine import evaluation, paths
from engine.builds import runs
from engine.builds.opened import Build

MEASURE = "nDCG@10"
WIDTHS, SEEDS = (1, 2, 5, 10, 50), (0, 1)
# Chosen on development queries at this width, which is also that of the search that says what is reached.
NARROW = 10
PLAIN = {"scorer": "node", "steps": 400, "evaluate_every": 100, "patience": 99, "beams": NARROW}
CONTRASTIVE = 0.1
TEACHERS = {"dense": "the encoder as it came", "generative:bench-teacher": "a node scorer"}


# Numbers between the two layers of a node scorer that teaches; the pupil has the middle one.
SIZES = (64, 512, 4096)


class Judged(NamedTuple):
    """What came of one training: nDCG@10 of test at each width, minutes of a processor, the best step."""

    at: dict[int, np.ndarray]
    minutes: float
    best: int


def main() -> None:
    """Run the study that is named on every build named."""
    run_named(STUDIES, "benchmarks.trainings", __doc__, OUT, HEAD)


def one(opened: Build, label: str, seed: int, asked: dict[str, Any], keep: bool = False) -> Judged:
    """Train once and judge at every width."""
    name, kept = f"bench-{label}", paths.cache() / "learned" / f"{opened.name}-{label}-{seed}-wide.npz"
    if not kept.is_file():
        start = time.process_time()
        run = trained(opened, name, seed=seed, **asked)
        minutes = (time.process_time() - start) / 60
        at = {str(width): measured(Build(opened.folder), f"generative:{name}", test_of(opened), width) for width in WIDTHS}
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, took=np.array([minutes, run.best_step]), **{width: of[MEASURE] for width, of in at.items()})
        if not keep:
            runs.remove(opened.folder, name)
    with np.load(kept) as found:
        minutes, best = found["took"].tolist()
        return Judged({width: found[str(width)] for width in WIDTHS}, minutes, int(best))


def over_seeds(opened: Build, label: str, asked: dict[str, Any]) -> Judged:
    """The same as a mean over seeds for each query."""
    found = [one(opened, f"{label}-{seed}", seed, asked) for seed in SEEDS]
    at = {width: np.mean([of.at[width] for of in found], axis=0) for width in WIDTHS}
    return Judged(at, float(np.mean([of.minutes for of in found])), round(float(np.mean([of.best for of in found]))))


def cells(values: np.ndarray, against: np.ndarray | None) -> list[str]:
    """A mean with its interval, and the difference to another with its own."""
    less = evaluation.difference(values, against) if against is not None else None
    told = f"{evaluation.told(less, sign=True)}, p {evaluation.told_p(less)}" if less else ""
    return [evaluation.told(evaluation.interval(values)), told]


def otm(opened: Build) -> Iterator[str]:
    """The same scorer for the same steps, against its level and against what a beam reaches."""
    plain = over_seeds(opened, "level", PLAIN | {"settings": {"softmax": "level"}})
    reached = over_seeds(opened, "reached", PLAIN | {"settings": {"softmax": "beam", "reach": NARROW}})
    yield f"| beams | {MEASURE}, against the level | against what a beam reaches | less the level |"
    yield "|---|---|---|---|"
    for width in WIDTHS:
        yield f"| {width} | {cells(plain.at[width], None)[0]} | {' | '.join(cells(reached.at[width], plain.at[width]))} |"
    yield (
        f"\n{PLAIN['steps']} steps, the best by development queries at {NARROW} beams: step {plain.best} and {reached.best} "
        f"in the mean of {len(SEEDS)} seeds; {plain.minutes:.1f} and {reached.minutes:.1f} minutes of a processor. Reached: by "
        f"{NARROW} beams. {len(test_of(opened))} test queries."
    )


def distil(opened: Build) -> Iterator[str]:
    """No teacher, and each teacher followed by the head that is kept or by another."""
    teacher = PLAIN | {"beams": WIDTHS[-1]}
    one(opened, "teacher", 7, teacher, keep=True)
    plain = one(opened, "untaught", 0, teacher).at[WIDTHS[-1]]
    yield from HEADS
    yield f"| none |  | {cells(plain, None)[0]} |  |  |  |  |"
    for name, told in TEACHERS.items():
        yield f"| {told} (`{name.rpartition(':')[2]}`) | {_taught(opened, name, plain)} |"
    yield _said(opened)


def sizes(opened: Build) -> Iterator[str]:
    """A pupil of one size, and node scorers of several to teach it."""
    teacher = PLAIN | {"beams": WIDTHS[-1]}
    plain = one(opened, "untaught", 0, teacher).at[WIDTHS[-1]]
    yield from HEADS
    yield f"| none |  | {cells(plain, None)[0]} |  |  |  |  |"
    for size in SIZES:
        one(opened, f"teacher-{size}", 7, teacher | {"settings": {"hidden": size}}, keep=True)
        known = runs.read(opened.folder, f"bench-teacher-{size}")
        told = f"{size:,} between its layers, {known.parameters / 1e6:.1f} million weights"
        yield f"| {told} | {_taught(opened, f'generative:bench-teacher-{size}', plain)} |"
    yield _said(opened)


HEADS = (
    f"| teacher | its own {MEASURE} | direct | less no teacher | apart | less no teacher | apart less direct |",
    f"|---|{'---|' * 6}",
)


def _taught(opened: Build, name: str, plain: np.ndarray) -> str:
    """Cells of a teacher: its own measure, and what a pupil has that follows it directly or by a head apart."""
    label = name.rpartition(":")[2]
    taught = PLAIN | {"beams": WIDTHS[-1], "teacher": name, "losses": {"next_code": 1.0, "soft": 1.0}}
    direct = one(opened, f"direct-{label}", 0, taught).at[WIDTHS[-1]]
    apart = one(opened, f"apart-{label}", 0, taught | {"settings": {"teacher_head": "apart"}}).at[WIDTHS[-1]]
    own: Values = measured(opened, name, test_of(opened), WIDTHS[-1])
    return " | ".join([cells(own[MEASURE], None)[0], *cells(direct, plain), *cells(apart, plain), cells(apart, direct)[1]])


def _said(opened: Build) -> str:
    return f"\n{PLAIN['steps']} steps, seed 0, {WIDTHS[-1]} beams, weights 1 and 1. {len(test_of(opened))} test queries."


def stages(opened: Build) -> Iterator[str]:
    """One stage, one with the contrastive loss, and two: all of the documents' words first, then what people asked for."""
    half = PLAIN | {"beams": WIDTHS[-1], "steps": PLAIN["steps"] // 2}
    both = {"next_code": 1.0, "contrastive": CONTRASTIVE}
    everything = {"judged": 1.0, "title": 1.0, "sentence": 1.0, "span": 1.0}
    plain = one(opened, "untaught", 0, PLAIN | {"beams": WIDTHS[-1]})
    with_both = one(opened, "contrastive", 0, PLAIN | {"beams": WIDTHS[-1], "losses": both})
    first = one(opened, "stage-one", 0, half | {"losses": both, "mix": everything}, keep=True)
    second = {"losses": both, "mix": {"judged": 1.0}, "begin": "bench-stage-one"}
    two = one(opened, "stage-two", 0, half | second)
    alone = one(opened, "stage-two-plain", 0, half | second | {"losses": {"next_code": 1.0}})
    base = plain.at[WIDTHS[-1]]
    yield f"| | {MEASURE} | less one stage | best step, minutes of a processor |"
    yield "|---|---|---|---|"
    for label, found in (
        ("one stage", plain),
        ("one stage, contrastive too", with_both),
        ("first of two", first),
        ("two stages", two),
        ("two stages, the second without contrastive", alone),
    ):
        row = cells(found.at[WIDTHS[-1]], None if found is plain else base)
        yield f"| {label} | {' | '.join(row)} | {found.best}, {found.minutes:.1f} |"
    yield (
        f"\nOne stage: {PLAIN['steps']} steps of judged pairs and titles, two to one. Two: {half['steps']} steps of judged "
        f"pairs, titles, sentences and spans alike, then as many of judged pairs, from the best of these. Contrastive: weight "
        f"{CONTRASTIVE:g}. Seed 0, {WIDTHS[-1]} beams. {len(test_of(opened))} test queries."
    )


STUDIES: dict[str, tuple[str, Callable[[Build], Iterator[str]]]] = {
    "otm": ("OTM, taught on what a beam reaches", otm),
    "stages": ("CALRec, two losses and two stages", stages),
    "distil": ("Distillation, direct and by an auxiliary head", distil),
    "sizes": ("Distillation by teachers of several sizes", sizes),
}

if __name__ == "__main__":
    main()
