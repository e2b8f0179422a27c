"""The next title written by a local language model on Amazon Beauty, zero-shot and after LoRA: share of hits and minutes.

    python -m benchmarks.titles_next BUILD MODEL [MODEL ...] [--people 40] [--now 8]

``BUILD`` has interactions joined, a ``MODEL`` is a language model known by name (`make lm`, `python -m engine models`; a tuned
one by `python -m engine tune-titles`). A few people of the test, drawn by a seed, for each takes seconds; the item-item matrix
and popularity answer the same ones. Answers are kept in the home's cache; ``--now`` asks for so many more and ends. Writes
``benchmarks/results/titles_next.md`` when all are there.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from engine import evaluation, paths
from engine.builds.opened import Build
from engine.data.figures import told
from engine.data.histories import Held
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
    parser.add_argument("models", nargs="+")
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--now", type=int, default=1 << 30)
    asked = parser.parse_args()
    build = Build(asked.build)
    opened = Opened(build)
    test = opened.known.test
    held = test.pick(np.sort(np.random.default_rng(0).permutation(len(test.targets))[: asked.people]))
    values, minutes, left = {}, {}, asked.now
    for model in asked.models:
        answers, left = answered(opened, model, held, left)
        if len(answers) < len(held.targets):
            print(f"{model}: {len(answers)} of {len(held.targets)} answered")
            return
        rows = np.full((len(answers), 10), -1)
        for place, one in enumerate(answers):
            rows[place, : len(one["rows"])] = one["rows"]
        name = f"{IN_WORDS}{model}"
        values[name], minutes[name] = hits(rows, held), sum(one["seconds"] for one in answers) / 60
    for name in OTHERS:
        recommender, start = opened.get(name), time.process_time()
        values[name] = hits(recommender.recommend(held.histories, 10).rows, held)
        minutes[name] = (time.process_time() - start) / 60
    OUT.write_text("\n".join(lines(asked.build.name, build, asked.models, values, minutes)) + "\n", "utf-8")


def hits(rows: np.ndarray, held: Held) -> np.ndarray:
    """Whether the item that came is among the ten, of each person."""
    return measured(ranks(rows, held.targets))["R@10"]


def answered(opened: Opened, model: str, held: Held, left: int) -> tuple[list[dict[str, Any]], int]:
    """Answers of a model, ``left`` of them asked for now where they are not kept; how many may still be asked."""
    path = paths.cache() / "titles-next" / f"{model}.json"
    kept = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    for place, person in enumerate(held.people.tolist()):
        if str(person) not in kept and left > 0:
            recommender, start = opened.get(f"{IN_WORDS}{model}"), time.process_time()
            found = recommender.recommend(held.histories.pick(np.array([place])), 10).rows[0]
            kept[str(person)] = {"rows": found[found >= 0].tolist(), "seconds": time.process_time() - start}
            path.write_text(json.dumps(kept), "utf-8")
            left -= 1
    return [kept[str(person)] for person in held.people.tolist() if str(person) in kept], left


def lines(name: str, build: Build, models: list[str], values: dict[str, np.ndarray], minutes: dict[str, float]) -> list[str]:
    """The results file."""
    people = len(next(iter(values.values())))
    found = [
        "# The next title, written by a language model",
        "",
        f"`python -m benchmarks.titles_next {name} {' '.join(models)} --people {people}`. {evaluation.device()}, shared with "
        f"other work. {people} people of Amazon Beauty's test (seed 0), R@10, items of the history left out. The model reads "
        f"the last {LAST} titles and writes {BEAMS} under the trie of all {len(build.documents):,}, each of at most {LONGEST} "
        "tokens.",
        "",
        "| recommender | R@10 | minutes of a processor |",
        "|---|---|---|",
    ]
    found += [f"| {name} | {told(interval(of))} | {minutes[name]:.2f} |" for name, of in values.items()]
    first, *others = (f"{IN_WORDS}{model}" for model in models)
    for less, than in ((first, "item-item"), *((other, first) for other in others)):
        found += ["", f"{less} less {than}: {told(difference(values[less], values[than]), sign=True)}."]
    return found


if __name__ == "__main__":
    main()
