"""One model for search and recommendation on Amazon Beauty: each task alone beside both together.

    python -m benchmarks.both_tasks FOLDER [--only SHARE --seed SEED]

``FOLDER`` holds ``items.jsonl`` and ``sequences.txt``. No set here has both tasks: queries are made from titles and keyphrases
(:mod:`engine.recommending.queries`) and find the item that they were made from. The same tree is trained three times, on
histories alone, on queries alone, and on both, from each of three seeds. Writes ``benchmarks/results/both_tasks.md``; trained
models are kept in the home's cache; ``--only`` trains one of them.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks import recommendation_report as report
from benchmarks.recommendation import Bench
from engine import evaluation, paths
from engine.data.figures import told
from engine.evaluation import interval
from engine.evaluation.significance import difference
from engine.kernels.top_k import top_k
from engine.recommending import queries
from engine.recommending.base import Material
from engine.recommending.judging import judge, measured, ranks
from engine.recommending.models import kept, networks, train
from engine.recommending.models.joint import DEPTH, searched
from engine.recommending.models.spec import SequenceSpec
from engine.recommending.queries import Asked
from engine.text import embed

OUT = Path(__file__).parent / "results" / "both_tasks.md"
# Share of the loss that queries have where both are learned, by development.
BOTH = 0.8
TASKS = ("next item", "search")
SHARES = {BOTH: "both", 0.0: "histories alone", 1.0: "queries alone"}
PASSES, SEARCHED, MEASURE = 8, 3000, "R@10"
# Share of the passes, their end, in which the rate falls.
COOLING = 0.5
# How the share was chosen.
TRIED = (
    "Development's R@10 of the next item and of search (5,000 queries) is .0914 and .4142 alone; with .5 .0923 and .3988, with "
    ".8 .0901 and .4038, with .9 .0833 and .4030. A bias of the nodes for queries alone changed nothing at .5 (.0923 and .3984)."
)
# Of the models; queries, identifiers and questions are the same for all.
SEEDS = (0, 1, 2)
# The seed of the queries that judge; those of training and development have 0 and 1.
JUDGING = 7


def spec_for(share: float, seed: int) -> SequenceSpec:
    """The same model, queries another share of its loss."""
    return SequenceSpec(
        model="joint",
        seed=seed,
        asked=share,
        epochs=PASSES,
        dropout=0.2,
        learning_rate=3e-3,
        cooling=COOLING,
        longest=20,
        patience=99,
    )


def encode(texts: list[str]) -> np.ndarray:
    """Vectors of queries."""
    return np.asarray(embed.embed(texts, embed.DEFAULT_MODEL, role="query"))


def main() -> None:
    """Train what is not there, judge all, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", type=float, choices=list(SHARES))
    parser.add_argument("--seed", type=int, choices=SEEDS, default=0, help="of the one that --only trains")
    asked = parser.parse_args()
    bench = Bench(asked.folder)
    of = bench.material
    material = of._replace(queries=queries.of_catalogue(of.said, of.embeddings, encode, bench.seed))
    if asked.only is not None:
        trained(material, asked.only, asked.seed)
        return
    values, minutes = {}, {}
    for share in SHARES:
        folders = [trained(material, share, seed) for seed in SEEDS]
        minutes[share] = [kept.read(folder).seconds / 60 for folder in folders]
        values[share] = [judged(bench, material, folder, share) for folder in folders]
    OUT.write_text("\n".join(lines(bench, material, values, minutes)) + "\n", "utf-8")


def trained(material: Material, share: float, seed: int) -> Path:
    """Where a model lies, trained unless it was there."""
    folder, spec = paths.cache() / "both-tasks" / f"share-{share:g}-{seed}", spec_for(share, seed)
    if not (kept.is_there(folder) and kept.read(folder).digest == spec.digest()):
        start = time.process_time()
        train.train(material, spec, folder, report.tell(SHARES[share]))
        report.say(f"{SHARES[share]}, seed {seed}: {(time.process_time() - start) / 60:.1f} minutes of a processor")
    return folder


def made_for_judging(material: Material) -> Asked:
    """Queries that no training and no choice has seen."""
    some = np.sort(np.random.default_rng([0, 37]).permutation(material.items)[:SEARCHED])
    return queries.made(material.said, some, encode, JUDGING)


def judged(bench: Bench, material: Material, folder: Path, share: float) -> dict[str, np.ndarray]:
    """What a model has on the tasks that it was trained for."""
    found = {}
    if share < 1:
        found["next item"] = judge(networks.opened(material, folder), bench.split.test).values[MEASURE]
    if share > 0:
        found["search"] = searched(networks.opened_joint(material, folder), made_for_judging(material))[MEASURE]
    return found


def lines(
    bench: Bench, material: Material, values: dict[float, list[dict[str, np.ndarray]]], minutes: dict[float, list[float]]
) -> list[str]:
    """The results file; a question's value is the mean over the seeds, and what each seed had stands below."""
    sought = made_for_judging(material)
    nearest = np.array([top_k(found, DEPTH) for found in sought.vectors @ material.embeddings.T])
    dense = measured(ranks(nearest, sought.items))[MEASURE]
    mean = {share: {task: np.mean([one[task] for one in of], axis=0) for task in of[0]} for share, of in values.items()}
    found = [
        "# One model for search and recommendation",
        "",
        f"`python -m benchmarks.both_tasks {bench.folder.name}`. {evaluation.device()}, shared with other work. Seeds "
        f"{', '.join(map(str, SEEDS))}: three trainings of each, the mean of each question over them; queries, identifiers and "
        "questions are the same for all.",
        "",
        f"Amazon Beauty, {MEASURE}. The next item: {len(bench.split.test.targets):,} people of the test, the whole catalogue, "
        f"items of the history left out. Search: {len(sought.items):,} queries made from titles, brands and categories "
        "(keyphrases, drawn by a seed that no training saw), each of which asks for the item that it was made from; no person "
        f"searched here. The tree is RQ-KMeans 3 x 256 on text, the same for all; {PASSES} passes each, the rate "
        f"falling over the last {COOLING:.0%}; queries have {BOTH:g} of the loss where both are learned. {TRIED}",
        "",
        "| trained on | next item | search | minutes by the clock, a seed |",
        "|---|---|---|---|",
    ]
    for share, of in mean.items():
        cells = [f"{of[task].mean():.4f} {_within(of[task])}" if task in of else "" for task in TASKS]
        found.append(f"| {SHARES[share]} | {' | '.join(cells)} | {np.mean(minutes[share]):.1f} |")
    found += [f"| nothing: dense search over the same vectors | | {dense.mean():.4f} {_within(dense)} | |", ""]
    for task, share in zip(TASKS, (0.0, 1.0), strict=True):
        less = difference(mean[BOTH][task], mean[share][task])
        near = "within" if abs(less.mean) <= 0.01 else "not within"
        apart = [both[task].mean() - alone[task].mean() for both, alone in zip(values[BOTH], values[share], strict=True)]
        each = ", ".join(f"{one:+.4f}" for one in apart)
        found.append(f"Both together less {task} alone: {told(less, sign=True)}, {near} .01; of each seed {each}.")
    found += ["", "| trained on | task | of each seed | mean ± standard deviation over the seeds |", "|---|---|---|---|"]
    for share, several in values.items():
        for task in several[0]:
            each_mean = np.array([one[task].mean() for one in several])
            cells = [", ".join(f"{one:.4f}" for one in each_mean), f"{each_mean.mean():.4f} ± {each_mean.std(ddof=1):.4f}"]
            found.append(f"| {SHARES[share]} | {task} | {' | '.join(cells)} |")
    return found


def _within(values: np.ndarray) -> str:
    of = interval(values)
    return f"[{of.low:.4f}, {of.high:.4f}]"


if __name__ == "__main__":
    main()
