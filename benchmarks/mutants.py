"""How much of a change to the code the tests notice: ``make mutants``, or ``python -m benchmarks.mutants --count 300 --seed 0``.

A test that fails kills a mutant (:mod:`benchmarks.mutant_draw`); one that no test notices survives, and stands in
``docs/mutation.md`` with a word: equivalent, or what now catches it. Each result is written as it comes, so a run that is
killed goes on where it stopped; ``--again`` asks the survivors anew, after tests were added.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import get_context

from scipy.stats import binomtest

from benchmarks.mutant_draw import Mutant, draw
from benchmarks.mutant_tests import EXAMPLES, Seen, judge, warm
from engine.evaluation import device
from engine.files import replace_json
from engine.paths import ROOT

OUT = ROOT / "docs" / "mutation.md"
FOUND = ROOT / "benchmarks" / "results" / "mutants.json"
EQUIVALENT, CAUGHT = "equivalent", "now caught by "


def keys_of(mutants: list[Mutant]) -> list[str]:
    """What stays the same while lines are added elsewhere; equal lines of a file are told apart by their number."""
    seen: dict[str, int] = {}
    keys = []
    for mutant in mutants:
        key = f"{mutant.path}: {mutant.before} -> {mutant.after}"
        seen[key] = seen.get(key, 0) + 1
        keys.append(key if seen[key] == 1 else f"{key} ({seen[key]})")
    return keys


def run(mutants: list[tuple[str, Mutant]], workers: int) -> Iterator[tuple[str, Seen]]:
    """What the tests say to each mutant, as it comes."""
    context = get_context("spawn")
    jobs, results = context.Queue(), context.Queue()
    for job in [*mutants, *[None] * workers]:
        jobs.put(job)
    crew = [context.Process(target=_work, args=(jobs, results)) for _ in range(workers)]
    for worker in crew:
        worker.start()
    for _ in mutants:
        key, seen = results.get()
        if isinstance(seen, str):
            raise SystemExit(seen)
        yield key, seen
    for worker in crew:
        worker.join()


def _work(jobs, results) -> None:
    warm()
    while (job := jobs.get()) is not None:
        key, mutant = job
        try:
            results.put((key, judge(mutant)))
        except RuntimeError as error:
            results.put((key, str(error)))


def row_of(key: str, mutant: Mutant, seen: Seen) -> dict:
    """What is kept of a mutant."""
    told = {field: getattr(mutant, field) for field in ("path", "line", "operator", "before", "after")}
    return {"key": key} | told | {"killed_by": seen.killed_by, "seconds": round(seen.seconds, 1), "word": ""}


def page(found: list[dict], count: int, seed: int) -> str:
    """The page: the share killed with its interval, and every survivor with its word."""
    alive = [row for row in found if not row["killed_by"]]
    killed = len(found) - len(alive)
    equivalent = sum(row["word"].startswith(EQUIVALENT) for row in alive)
    caught = sum(row["word"].startswith(CAUGHT) for row in alive)
    by_room: dict[str, list[bool]] = {}
    for row in found:
        by_room.setdefault(row["path"].split("/")[1], []).append(bool(row["killed_by"]))
    rooms = "".join(f"| {room} | {len(kills)} | {sum(kills)} |\n" for room, kills in sorted(by_room.items()))
    rows = ""
    for row in sorted(alive, key=lambda row: (row["path"], row["line"])):
        cells = (row["path"].removeprefix("engine/"), _cell(row["before"]), _cell(row["after"]))
        rows += "| " + " | ".join(f"`{cell}`" for cell in cells) + f" | {row['word'] or 'not caught yet'} |\n"
    drawn = f"{len(found)} changes" if len(found) == count else f"The first {len(found)} of {count} changes"
    return (
        f"# Mutants\n\nMade by `make mutants` (`python -m benchmarks.mutants --count {count} --seed {seed}`; {device()}).\n\n"
        f"{drawn} of one place each, drawn by seed {seed} and tried in the order in which they were drawn: "
        f"**{killed} killed, {_share(killed, len(found))}** (95%, Wilson). {equivalent} of the {len(alive)} that survived change "
        f"nothing that could be seen (equivalent, judged by reading); without them it is "
        f"{_share(killed, len(found) - equivalent)}. {caught} survivors are caught by tests written since, which says nothing of "
        f"the changes that were not tried.\n\nTypes and docstrings are not mutated. The tests of a mutant are those of its own "
        f"and its nearest rooms, doctests included, without those marked `slow` and without a browser, properties with "
        f"{EXAMPLES} examples; one that does not end counts as failed.\n\n"
        f"| room | mutants | killed |\n|---|---|---|\n{rooms}\n| file | was | became | word |\n|---|---|---|---|\n{rows}"
    )


def _share(part: int, whole: int) -> str:
    low, high = binomtest(part, whole).proportion_ci(method="wilson")
    return f"{part / whole:.1%} [{low:.1%}, {high:.1%}]"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def main() -> None:
    """Draw, run what has no result yet, write; words given to survivors before are kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="Only files whose path contains this.")
    parser.add_argument("--again", action="store_true", help="Ask the survivors anew; the word of a killed one is its test.")
    parser.add_argument("--page", action="store_true", help="Only write the page again, from the figures there are.")
    asked = parser.parse_args()
    found = json.loads(FOUND.read_text("utf-8")) if FOUND.is_file() else []
    if not asked.page:
        row_by_key = {row["key"]: row for row in found}
        drawn = draw(asked.count, asked.seed)
        mutants = dict(zip(keys_of(drawn), drawn, strict=True))
        with tempfile.TemporaryDirectory() as home:  # one cache of embeddings for all
            os.environ["TRIESCOPE_TEST_HOME"] = home
            alive = [row for row in found if not row["killed_by"] and not row["word"].startswith(EQUIVALENT)]
            due = {row["key"] for row in alive} if asked.again else mutants.keys() - row_by_key.keys()
            jobs = [(key, mutant) for key, mutant in mutants.items() if key in due and asked.only in mutant.path]
            start = time.perf_counter()
            for number, (key, seen) in enumerate(run(jobs, asked.workers), 1):
                if asked.again:
                    row_by_key[key]["word"] = f"{CAUGHT}`{seen.killed_by}`" if seen.killed_by else row_by_key[key]["word"]
                else:
                    row_by_key[key] = row_of(key, mutants[key], seen)
                found = [row_by_key[kept] for kept in mutants if kept in row_by_key]
                replace_json(FOUND, found)
                minutes = (time.perf_counter() - start) / 60
                said = f"killed by {seen.killed_by}" if seen.killed_by else "SURVIVES"
                print(f"{number}/{len(jobs)} {minutes:.1f} min, {seen.seconds:.0f} s: {key}: {said}", flush=True)
    OUT.write_text(page(found, asked.count, asked.seed), "utf-8")


if __name__ == "__main__":
    main()
