"""How long an evaluation takes, and whether the hybrid that nobody tuned is ever below its members.

    python -m benchmarks.evaluation [CORPUS ...]

The four usual retrievers on the test queries, five measures, all pairs, latency on a sample; queries are encoded before.
The hybrid without labels is named by its members, so that no development query weighs it.
"""

import sys
import time
from pathlib import Path

from benchmarks.training import built
from engine import evaluation
from engine.builds.opened import Build
from engine.data.datasets import load
from engine.retrievers import usual
from engine.retrievers.weighting import UNTUNED
from engine.verdict.field import named

MEASURE = "nDCG@10"
OUT = Path(__file__).parent / "results" / "evaluation.md"


def main() -> None:
    """Measure every corpus named and write the tables."""
    sources = sys.argv[1:] or ["films"]
    took, untuned = [], []
    for source in sources:
        opened = built(load(source), source)
        took.append(_took(opened))
        untuned.append(_untuned(opened))
    command = "python -m benchmarks.evaluation" + "".join(f" {Path(source).name}" for source in sys.argv[1:])
    lines = [
        "# Evaluations",
        "",
        f"`{command}`. {evaluation.device()}.",
        "",
        "| set | queries | retrievers | seconds, queries encoded before |",
        "|---|---|---|---|",
        *took,
        "",
        f"The hybrid that nobody tuned, {named(UNTUNED)}, beside its members, {MEASURE}:",
        "",
        "| set | bm25 | dense | hybrid without labels | less the better member |",
        "|---|---|---|---|---|",
        *untuned,
    ]
    OUT.write_text("\n".join(lines) + "\n", "utf-8")
    print(OUT.read_text("utf-8"))


def _took(opened: Build) -> str:
    """Seconds of a whole evaluation; the first one, not timed, encodes the queries and compiles the kernels."""
    names = usual()
    evaluation.evaluate(opened, "test", names)
    start = time.perf_counter()
    found = evaluation.evaluate(opened, "test", names)
    seconds = time.perf_counter() - start
    return f"| {opened.name} | {found.queries} | {', '.join(names)} | {seconds:.1f} |"


def _untuned(opened: Build) -> str:
    """Members, their hybrid, and its difference to the better one with an interval."""
    names = ["bm25", "dense", named(UNTUNED)]
    found = evaluation.evaluate(opened, "test", names)
    means = {name: of.measures[MEASURE].mean for name, of in found.retrievers.items()}
    better = max(names[:2], key=lambda name: means[name])
    less = evaluation.difference(found.values[names[2]][MEASURE], found.values[better][MEASURE])
    cells = [evaluation.told(of.measures[MEASURE]) for of in found.retrievers.values()]
    return f"| {opened.name} | {' | '.join(cells)} | {evaluation.told(less, sign=True)} |"


if __name__ == "__main__":
    main()
