"""Mutants: the engine's code with one operator, number, comparison or branch changed, drawn by a seed (cosmic-ray makes them).

Places are drawn first and then what is done to them, since cosmic-ray has ten things to do to a plus and one to a ``break``.
"""

import random
from pathlib import Path
from typing import NamedTuple

from engine.paths import ROOT

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

    They come in the order of their lots, so that the first of them are a fair sample too. A place draws its lot from its own
    text: the same places are drawn after a change elsewhere.
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
    return drawn
