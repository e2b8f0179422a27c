"""The next title written by a local language model on Amazon Beauty, zero-shot: share of hits and minutes.

    python -m benchmarks.titles_next BUILD MODEL [--people 40]

``BUILD`` has interactions joined, ``MODEL`` is a language model known by name (`make lm`, then `python -m engine models`). A few
people of the test, drawn by a seed, for each takes seconds; the item-item matrix and popularity answer the same ones. Writes
``benchmarks/results/titles_next.md``.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from engine import evaluation
from engine.builds.opened import Build
from engine.data.figures import told
from engine.evaluation import interval
from engine.evaluation.significance import difference
from engine.recommending.judging import measured, ranks
from engine.recommending.kinds import IN_WORDS, Opened
from engine.recommending.titled import BEAMS, LAST, LONGEST

OUT = Path(__file__).parent / "results" / "titles_next.md"
OTHERS = ("item-item", "knn", "popularity")


def main() -> None:
    """Ask all of the same people, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("model")
    parser.add_argument("--people", type=int, default=40)
    asked = parser.parse_args()
    build = Build(asked.build)
    opened = Opened(build)
    test = opened.known.test
    held = test.pick(np.sort(np.random.default_rng(0).permutation(len(test.targets))[: asked.people]))
    values, minutes = {}, {}
    for name in (f"{IN_WORDS}{asked.model}", *OTHERS):
        recommender, start = opened.get(name), time.process_time()
        rows = recommender.recommend(held.histories, 10).rows
        minutes[name] = (time.process_time() - start) / 60
        values[name] = measured(ranks(rows, held.targets))["R@10"]
    titles = [document.title for document in build.documents]
    lines = [
        "# The next title, written by a language model",
        "",
        f"`python -m benchmarks.titles_next {asked.build.name} {asked.model} --people {asked.people}`. {evaluation.device()}, "
        f"shared with other work. {asked.people} people of Amazon Beauty's test (seed 0), R@10, items of the history left out. "
        f"The model reads the last {LAST} titles and writes {BEAMS} under the trie of all {len(titles):,}, each of at most "
        f"{LONGEST} tokens; it was not taught who takes what.",
        "",
        "| recommender | R@10 | minutes of a processor |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {told(interval(of))} | {minutes[name]:.2f} |" for name, of in values.items()]
    first = next(iter(values))
    behind = difference(values[first], values["item-item"])
    lines += ["", f"{first} less item-item: {told(behind, sign=True)}."]
    OUT.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
