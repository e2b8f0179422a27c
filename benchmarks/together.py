"""Titles of what was taken together as queries (ColaRec): ``python -m benchmarks.together BUILD``.

A build with interactions joined, such as Amazon Beauty. Two node scorers learn by the same steps from the same losses: one that a
title finds its own item, one that the titles of those taken together with it do too. Both are asked for the next item of people
who were kept back, by the title of their last one, seen items left out; beside them the centroid scorer, which learned nothing,
and the item-item matrix on the same last item. ``benchmarks/results/together.md``.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.narrow import built
from engine import evaluation
from engine.builds.opened import Build
from engine.data.histories import Held
from engine.recommending.base import Ranked
from engine.recommending.judging import measured, ranks
from engine.recommending.on_disk import Interactions
from engine.retrievers import Queries
from engine.training.spec import TrainSpec
from engine.training.train import train

OUT = Path(__file__).parent / "results" / "together.md"
MIXES = {"titles": {"title": 1.0}, "together": {"title": 1.0, "together": 1.0}}
SEEDS, STEPS, PEOPLE, DEPTH = (0,), 300, 4000, 60
MEASURE = "R@10"


def main() -> None:
    """Train what is not there yet, and ask."""
    opened = built(sys.argv[1])
    body = "\n".join(report(opened))
    head = f"`python -m benchmarks.together {opened.folder.name}`. {evaluation.device()}."
    OUT.write_text(f"# Titles of what was taken together\n\n{head}\n\n{body}\n", "utf-8")
    print(OUT.read_text("utf-8"))


def report(opened: Build) -> Iterator[str]:
    """The table."""
    found = Interactions(opened)
    held = found.test
    some = np.sort(np.random.default_rng(0).choice(len(held.targets), min(PEOPLE, len(held.targets)), replace=False))
    held = held.pick(some)
    last = Held(held.people, held.histories.last(1), held.targets)
    values = {"centroid": judged(opened, "generative:centroid", held), "dense": judged(opened, "dense", held)}
    rows = Ranked(found.matrix).recommend(held.histories.last(1), DEPTH).rows
    values["item-item, the last item alone"] = measured(ranks(kept(rows, held), last.targets))[MEASURE]
    took = {}
    for label, mix in MIXES.items():
        made = [trained(opened, f"bench-{label}-{seed}", mix, seed) for seed in SEEDS]
        values[label] = np.mean([judged(opened, f"generative:{name}", held) for name, _ in made], axis=0)
        took[label] = ", ".join(told for _, told in made)
    yield (
        f"{len(held.targets):,} people of test, {len(opened.documents):,} items. Node scorer, {STEPS} steps, seed "
        f"{', '.join(map(str, SEEDS))}, 100 beams; the query is the title of the last item taken.\n"
    )
    yield f"| | {MEASURE} | less titles | training |\n|---|---|---|---|"
    for label, of in values.items():
        less = evaluation.difference(of, values["titles"])
        gain = "" if label == "titles" else f"{evaluation.told(less, sign=True)}, p {evaluation.told_p(less)}"
        yield f"| {label} | {evaluation.told(evaluation.interval(of))} | {gain} | {took.get(label, 'none')} |"


def trained(opened: Build, name: str, mix: dict[str, float], seed: int) -> tuple[str, str]:
    """A scorer by its name, trained unless it is there, and what that took."""
    from engine.builds import runs

    if name not in runs.names(opened.folder):
        start = time.process_time()
        spec = TrainSpec(mix=mix, losses={"next_code": 1.0}, steps=STEPS, evaluate_every=100, patience=99, seed=seed)
        train(opened.folder, spec, name)
        print(f"{name}: {(time.process_time() - start) / 60:.1f} minutes of a processor", file=sys.stderr)
    run = runs.read(opened.folder, name)
    return name, f"{run.seconds / 60:.1f} min by the clock, best at {run.best_step}"


def judged(opened: Build, name: str, held: Held) -> np.ndarray:
    """Whether the next item is among the first ten, a person each."""
    titles = [opened.documents[int(held.histories.one(place)[-1])].title for place in range(held.histories.people)]
    asked = Queries(titles, opened.embed_queries(titles))
    return measured(ranks(kept(opened.retriever(name).search(asked, DEPTH).rows, held), held.targets))[MEASURE]


def kept(rows: np.ndarray, held: Held) -> np.ndarray:
    """The first ten of each list that the person has not taken, int64 ``(people, 10)``, -1 filled."""
    first = np.full((len(rows), 10), -1, np.int64)
    for place, row in enumerate(rows):
        new = row[(row >= 0) & ~np.isin(row, held.histories.one(place))][:10]
        first[place, : len(new)] = new
    return first


if __name__ == "__main__":
    main()
