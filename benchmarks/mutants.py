"""How much of a change to the code the tests notice: ``make mutants``, or ``python -m benchmarks.mutants --count 300 --seed 0``.

A mutant is the code with one operator, number, comparison or branch changed (cosmic-ray makes them). A test that fails kills it;
one that no test notices survives, and stands in ``docs/mutation.md`` with a word: equivalent, or what now catches it. Places are
drawn first and then what is done to them, since cosmic-ray has ten things to do to a plus and one to a ``break``.

cosmic-ray's own runner starts Python anew for each mutant, which takes longer than the tests. Here one process imports the
libraries and forks; the child imports the engine with the mutant in the place of its module, so nothing on disk is touched.
"""

import argparse
import importlib
import importlib.abc
import importlib.util
import json
import os
import random
import signal
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from scipy.stats import binomtest

from engine.evaluation import device
from engine.paths import ROOT

OUT = ROOT / "docs" / "mutation.md"
FOUND = ROOT / "benchmarks" / "results" / "mutants.json"
# What is mutated, and the tests that would have to notice. Those that take a moment come first.
TESTS = {
    "engine/evaluation": ["tests/engine/evaluation", "tests/engine/studies"],
    "engine/retrievers/fusion.py": ["tests/engine/retrievers"],
    "engine/retrievers/tuning.py": ["tests/engine/retrievers", "tests/engine/builds"],
    "engine/training/batches.py": ["tests/engine/training"],
    "engine/training/material.py": ["tests/engine/training"],
    "engine/training/pairs": ["tests/engine/training"],
    "engine/training/losses": ["tests/engine/training"],
    "engine/trie": ["tests/engine/trie", "tests/engine/decoding", "tests/engine/explaining"],
    "engine/decoding": ["tests/engine/decoding", "tests/engine/explaining", "tests/engine/live"],
}
# Left out of training's tests here: whole trainings, which take minutes; what they notice of a loss, a faster test has to.
SLOW = ("test_train_every_scheme.py",)
LIMIT = 240.0


class Mutant(NamedTuple):
    """One change: a file, a line from 1, what is done there, and the code that results."""

    path: str
    line: int
    operator: str
    before: str
    after: str
    code: str
    tests: tuple[str, ...]

    @property
    def key(self) -> str:
        """What stays the same while lines are added elsewhere."""
        return f"{self.path}: {self.before} -> {self.after}"


def places(path: Path) -> list[tuple[tuple[int, int], list[tuple[str, dict, int]]]]:
    """Places of a file that can be changed, in order, each with its (operator, arguments, occurrence)."""
    from cosmic_ray import plugins
    from cosmic_ray.ast import ast_nodes, get_ast_from_path

    tree, found = get_ast_from_path(path), {}
    for name in plugins.operator_names():
        operator = plugins.get_operator(name)
        if operator.arguments():
            continue
        spots = [spot for node in ast_nodes(tree) for spot in _positions(operator(), node)]
        for occurrence, (start, annotation) in enumerate(spots):
            if not annotation:
                found.setdefault(start, []).append((name, {}, occurrence))
    return sorted(found.items())


def _positions(operator, node) -> list[tuple[tuple[int, int], bool]]:
    return [(start, _is_annotation(node)) for start, _ in operator.mutation_positions(node)]


def _is_annotation(node) -> bool:
    """Types are never run: ``int | None`` with another operator is the same program."""
    while node.parent is not None:
        if node.type in {"annassign", "tfpdef"} or (node.parent.type == "funcdef" and node is node.parent.annotation):
            return node.type != "annassign" or "=" not in [child.type for child in node.children]
        node = node.parent
    return False


def draw(count: int, seed: int) -> list[Mutant]:
    """Mutants drawn by ``seed``: every place has the same chance, then every change of the place.

    A place draws its lot from its own text, so that the same places are drawn after a change elsewhere.
    """
    from cosmic_ray import plugins
    from cosmic_ray.mutating import mutate_code

    lots = []
    for target, tests in TESTS.items():
        files = sorted((ROOT / target).rglob("*.py")) if (ROOT / target).is_dir() else [ROOT / target]
        for path in files:
            lines = path.read_text("utf-8").splitlines()
            for (line, column), changes in places(path):
                lot = random.Random(f"{seed} {path.relative_to(ROOT)} {column} {lines[line - 1]}")
                lots.append((lot.random(), path, line, lot.choice(changes), tuple(tests)))
    drawn: list[Mutant] = []
    for _, path, line, (name, arguments, occurrence), tests in sorted(lots):
        if len(drawn) == count:
            break
        source = path.read_text("utf-8")
        code = mutate_code(source, plugins.get_operator(name)(**arguments), occurrence)
        if code is None:
            continue
        pairs = zip(source.splitlines(), code.splitlines(), strict=False)
        before, after = next(((old.strip(), new.strip()) for old, new in pairs if old != new), ("", ""))
        drawn.append(Mutant(str(path.relative_to(ROOT)), line, name.removeprefix("core/"), before, after, code, tests))
    return sorted(drawn)


class Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from the text of a mutant."""

    def __init__(self, mutant: Mutant):
        parts = Path(mutant.path).with_suffix("").parts
        self.name, self.mutant = ".".join(parts).removesuffix(".__init__"), mutant

    def find_spec(self, name, path=None, target=None):
        """The mutant for its module; all others are looked for elsewhere."""
        if name != self.name:
            return None
        inside = [str((ROOT / self.mutant.path).parent)] if self.mutant.path.endswith("__init__.py") else None
        spec = importlib.util.spec_from_file_location(
            name, ROOT / self.mutant.path, loader=self, submodule_search_locations=inside
        )
        return spec

    def exec_module(self, module):
        """Run the mutant's code as the module."""
        exec(compile(self.mutant.code, str(ROOT / self.mutant.path), "exec"), module.__dict__)


def survives(mutant: Mutant | None, tests: tuple[str, ...]) -> tuple[bool, float]:
    """Whether all tests pass, and the seconds; a run that takes too long is noticed, hence no survivor."""
    start, child = time.perf_counter(), os.fork()
    if child == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(null, stream)
        os._exit(_test(mutant, tests))
    while time.perf_counter() - start < LIMIT:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0, time.perf_counter() - start
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False, LIMIT


def _test(mutant: Mutant | None, tests: tuple[str, ...]) -> int:
    import pytest

    for name in [name for name in sys.modules if name.split(".")[0] in {"engine", "app", "tests", "benchmarks"}]:
        del sys.modules[name]
    if mutant is not None:
        sys.meta_path.insert(0, Instead(mutant))
        tests = (mutant.path, *tests)  # its doctests
    left_out = [f"--ignore-glob=*/{name}" for name in SLOW]
    return int(pytest.main(["-x", "-q", "-n0", "-p", "no:cacheprovider", "-m", "not slow and not browser", *left_out, *tests]))


def _warm() -> None:
    """Import what takes long, so that every child has it; one thread each, since threads do not survive a fork."""
    for name in ("bm25s", "duckdb", "hypothesis", "ir_measures", "numba", "pandas", "pydantic", "sentence_transformers"):
        importlib.import_module(name)
    import faiss
    import torch

    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)


def _work(jobs, results) -> None:
    _warm()
    while (job := jobs.get()) is not None:
        place, mutant = job
        results.put((place, *survives(mutant, mutant.tests)))


def run(mutants: list[Mutant], workers: int) -> list[bool]:
    """Which mutants survive."""
    context = get_context("spawn")
    jobs, results = context.Queue(), context.Queue()
    for job in [*enumerate(mutants), *[None] * workers]:
        jobs.put(job)
    crew = [context.Process(target=_work, args=(jobs, results)) for _ in range(workers)]
    for worker in crew:
        worker.start()
    survived = [False] * len(mutants)
    for count in range(1, len(mutants) + 1):
        place, alive, seconds = results.get()
        survived[place] = alive
        if alive:
            print(f"{count}/{len(mutants)} survives after {seconds:.0f} s: {mutants[place].key}", flush=True)
    for worker in crew:
        worker.join()
    return survived


def page(found: list[dict], seed: int) -> str:
    """The page: the share killed with its interval, and every survivor with its word."""
    alive = [row for row in found if row["survived"]]
    killed = len(found) - len(alive)
    equivalent = sum(row["word"].startswith("equivalent") for row in alive)
    low, high = binomtest(killed, len(found)).proportion_ci(method="wilson")
    by_room = {}
    for row in found:
        room = "/".join(row["path"].split("/")[1:2])
        by_room.setdefault(room, []).append(not row["survived"])
    rooms = "".join(f"| {room} | {len(kills)} | {sum(kills)} |\n" for room, kills in sorted(by_room.items()))
    rows = ""
    for row in alive:
        cells = (row["path"].removeprefix("engine/"), _cell(row["before"]), _cell(row["after"]))
        rows += "| " + " | ".join(f"`{cell}`" for cell in cells) + f" | {row['word'] or '?'} |\n"
    return (
        f"# Mutants\n\nMade by `make mutants` (`python -m benchmarks.mutants --count {len(found)} --seed {seed}`; "
        f"{device()}).\n\n"
        f"{len(found)} changes of one place each, drawn by seed {seed}: **{killed} killed, {killed / len(found):.1%} "
        f"[{low:.1%}, {high:.1%}]** (95%, Wilson). Of the {len(alive)} survivors {equivalent} change nothing that could be seen "
        f"(equivalent); each has its word below. Types and docstrings are not mutated; compiled kernels have twins instead.\n\n"
        f"| room | mutants | killed |\n|---|---|---|\n{rooms}\n| file | was | became | word |\n|---|---|---|---|\n{rows}"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


def main() -> None:
    """Draw, run, write; words given to survivors before are kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="Only files whose path contains this; nothing is written.")
    parser.add_argument("--page", action="store_true", help="Only write the page again, from the figures there are.")
    asked = parser.parse_args()
    known = json.loads(FOUND.read_text("utf-8")) if FOUND.is_file() else []
    if not asked.page:
        drawn = [mutant for mutant in draw(asked.count, asked.seed) if asked.only in mutant.path]
        survived = run(drawn, asked.workers)
        if asked.only:
            return
        words = {row["key"]: row["word"] for row in known}
        fields = ("path", "line", "operator", "before", "after")
        known = [
            {field: getattr(mutant, field) for field in fields}
            | {"key": mutant.key, "survived": alive, "word": words.get(mutant.key, "") if alive else ""}
            for mutant, alive in zip(drawn, survived, strict=True)
        ]
        FOUND.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", "utf-8")
    OUT.write_text(page(known, asked.seed), "utf-8")


if __name__ == "__main__":
    main()
