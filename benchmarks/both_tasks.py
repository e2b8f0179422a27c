"""One model for search and recommendation on Amazon Beauty: each task alone beside both together.

    python -m benchmarks.both_tasks FOLDER [--only SHARE]

``FOLDER`` holds ``items.jsonl`` and ``sequences.txt``. No set here has both tasks: queries are made from titles and keyphrases
(:mod:`engine.recommending.queries`) and find the item that they were made from. The same tree is trained three times, on
histories alone, on queries alone, and on both. Writes ``benchmarks/results/both_tasks.md``; trained models are kept in the home's
cache; ``--only`` trains one of them.
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
SHARES = {BOTH: "both", 0.0: "histories alone", 1.0: "queries alone"}
PASSES, SEARCHED, MEASURE = 8, 3000, "R@10"
# Share of the passes, their end, in which the rate falls.
COOLING = 0.5
# How the share was chosen.
TRIED = (
    "Development's R@10 of the next item and of search (5,000 queries) is .0914 and .4142 alone; with .5 .0923 and .3988, with "
    ".8 .0901 and .4038, with .9 .0833 and .4030. A bias of the nodes for queries alone changed nothing at .5 (.0923 and .3984)."
)
# The seed of the queries that judge; those of training and development have 0 and 1.
JUDGING = 7


def spec_for(share: float) -> SequenceSpec:
    """The same model, queries another share of its loss."""
    return SequenceSpec(
        model="joint",
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
    asked = parser.parse_args()
    bench = Bench(asked.folder)
    of = bench.material
    material = of._replace(queries=queries.of_catalogue(of.said, of.embeddings, encode, bench.seed))
    values, minutes = {}, {}
    for share in SHARES if asked.only is None else [asked.only]:
        folder, spec = paths.cache() / "both-tasks" / f"share-{share:g}-{bench.seed}", spec_for(share)
        if not (kept.is_there(folder) and kept.read(folder).digest == spec.digest()):
            start = time.process_time()
            train.train(material, spec, folder, report.tell(SHARES[share]))
            report.say(f"{SHARES[share]}: {(time.process_time() - start) / 60:.1f} minutes of a processor")
        minutes[share] = kept.read(folder).seconds / 60
        if asked.only is None:
            values[share] = judged(bench, material, folder, share)
    if values:
        OUT.write_text("\n".join(lines(bench, material, values, minutes)) + "\n", "utf-8")


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


def lines(bench: Bench, material: Material, values: dict[float, dict[str, np.ndarray]], minutes: dict[float, float]) -> list[str]:
    """The results file."""
    sought, both = made_for_judging(material), values[BOTH]
    nearest = np.array([top_k(found, DEPTH) for found in sought.vectors @ material.embeddings.T])
    dense = measured(ranks(nearest, sought.items))[MEASURE]
    found = [
        "# One model for search and recommendation",
        "",
        f"`python -m benchmarks.both_tasks {bench.folder.name}`. {evaluation.device()}, shared with other work. Seed "
        f"{bench.seed}, one seed a model.",
        "",
        f"Amazon Beauty, {MEASURE}. The next item: {len(bench.split.test.targets):,} people of the test, the whole catalogue, "
        f"items of the history left out. Search: {len(sought.items):,} queries made from titles, brands and categories "
        "(keyphrases, drawn by a seed that no training saw), each of which asks for the item that it was made from; no person "
        f"searched here. The tree is RQ-KMeans 3 x 256 on text, the same for all; {PASSES} passes each, the rate "
        f"falling over the last {COOLING:.0%}; queries have {BOTH:g} of the loss where both are learned. {TRIED}",
        "",
        "| trained on | next item | search | minutes by the clock |",
        "|---|---|---|---|",
    ]
    for share, of in values.items():
        cells = [f"{of[task].mean():.4f} {_within(of[task])}" if task in of else "" for task in ("next item", "search")]
        found.append(f"| {SHARES[share]} | {' | '.join(cells)} | {minutes[share]:.1f} |")
    found += [f"| nothing: dense search over the same vectors | | {dense.mean():.4f} {_within(dense)} | |", ""]
    for task, alone in (("next item", values[0.0]), ("search", values[1.0])):
        less = difference(both[task], alone[task])
        near = "within" if abs(less.mean) <= 0.01 else "not within"
        found.append(f"Both together less {task} alone: {told(less, sign=True)}, {near} .01.")
    return found


def _within(values: np.ndarray) -> str:
    of = interval(values)
    return f"[{of.low:.4f}, {of.high:.4f}]"


if __name__ == "__main__":
    main()
