"""Many interactions joined to a build: memory and time, ``python -m benchmarks.interactions BUILD [COUNT]``.

Made-up people, seed 0: each takes 5 to 15 items of one of 2,000 groups of the catalogue, the first ones of a group more often
(Zipf), and three in ten take one item from anywhere. They are joined by the shell's command to a copy of the build, in a process
of its own; it writes ``results/interactions.md``.
"""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from engine import evaluation
from engine.builds.opened import Build

COUNT, GROUPS, SHORTEST, LONGEST, STRAY = 1_000_000, 2_000, 5, 15, 0.3
RESULTS = Path(__file__).parent / "results" / "interactions.md"


def main(folder: str, count: int = COUNT) -> None:
    """Measure, print and write."""
    build = Build(Path(folder))
    with tempfile.TemporaryDirectory() as work:
        copy, source = Path(work) / build.folder.name, Path(work) / "taken.txt"
        shutil.copytree(build.folder, copy)
        people = write(build, source, count)
        began = time.perf_counter()
        command = [sys.executable, "-m", "engine", "interactions", str(copy), str(source)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        took, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        mb = source.stat().st_size / 1e6
    text = (
        "# Many interactions\n\n"
        f"`python -m benchmarks.interactions BUILD {count}`: {people:,} made-up people, a text file of {mb:,.0f} MB, joined to "
        f"{len(build.documents):,} items. {evaluation.device()}.\n\n"
        f"{took / 60:.1f} minutes, {(used.ru_utime + used.ru_stime) / 60:.1f} of them a processor's; at most "
        f"{used.ru_maxrss / 1e6:.1f} GB of memory. The shell says:\n\n" + "".join(f"    {line}\n" for line in told.splitlines())
    )
    RESULTS.write_text(text, "utf-8")
    print(text)


def write(build: Build, source: Path, count: int) -> int:
    """A line a person until there are so many interactions; how many people."""
    rng, ids = np.random.default_rng(0), [document.id for document in build.documents]
    members = np.array_split(rng.permutation(len(ids)), min(GROUPS, len(ids)))
    weights = 1 / np.arange(1, max(map(len, members)) + 1) ** 0.8
    people = done = 0
    with source.open("w", encoding="utf-8") as file:
        while done < count:
            items = members[int(rng.integers(len(members)))]
            likely = weights[: len(items)] / weights[: len(items)].sum()
            taken = rng.choice(items, min(int(rng.integers(SHORTEST, LONGEST + 1)), len(items)), replace=False, p=likely)
            if rng.random() < STRAY:
                taken[int(rng.integers(len(taken)))] = rng.integers(len(ids))
            file.write(f"u{people} {' '.join(ids[item] for item in taken)}\n")
            people, done = people + 1, done + len(taken)
    return people


if __name__ == "__main__":
    main(sys.argv[1], *(int(count) for count in sys.argv[2:3]))
