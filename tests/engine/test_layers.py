"""What may import what, and that everything public is explained."""

import ast
import re
import subprocess
import sys

import pytest

from engine.paths import ROOT

FILES = sorted((ROOT / "engine").rglob("*.py"))
FORBIDDEN = {"streamlit", "app", "pages"}
# A room imports only rooms that stand before it; README gives each a sentence, in this order.
ROOMS = (
    "errors options paths files progress plugins stored data filters text kernels identifiers trie scorers decoding live "
    "explaining pictures health bridge retrievers builds answers evaluation training recommending studies verdict claims jobs "
    "workspace export serve scale cli"
).split()
MOST_AT_THE_ROOT = 8


def imported(tree):
    """Top names of all imports in a file, also those inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "").split(".")[0]


def imports(path):
    """Rooms of the engine that a file imports, each with the line that does."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "engine":
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("engine."):
            yield node.module.split(".")[1], node.lineno
        elif isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[1], node.lineno) for alias in node.names if alias.name.startswith("engine."))


def against_the_order(path, room):
    """Imports of a file in ``room`` that run down the list of rooms, as ``line: room``."""
    return [f"line {line}: {other}" for other, line in imports(path) if ROOMS.index(other) > ROOMS.index(room)]


def room_of(path):
    """The room that a file of the engine stands in: its folder, or its own name at the root."""
    return path.relative_to(ROOT / "engine").parts[0].removesuffix(".py")


def public(tree, inside=""):
    """Public functions, classes and methods, with their qualified names; what a function defines for itself is its own."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield f"{inside}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node, f"{node.name}.")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_of_the_engine_imports_the_window(path):
    names = set(imported(ast.parse(path.read_text("utf-8"))))
    assert not names & FORBIDDEN
    assert not any(name.startswith(".") for name in names)


@pytest.mark.parametrize("path", [p for p in FILES if not room_of(p).startswith("__")], ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path):
    assert against_the_order(path, room_of(path)) == []


def test_an_import_against_the_order_is_seen_however_it_is_written(tmp_path):
    path = tmp_path / "one.py"
    path.write_text(
        "from engine import trie, cli\n\n\ndef run():\n    from engine.builds.make import make\n    import engine.jobs\n"
    )
    assert against_the_order(path, "decoding") == ["line 1: cli", "line 5: builds", "line 6: jobs"]


def test_every_room_is_on_the_list_and_the_root_is_small():
    found = {room_of(path) for path in FILES}
    assert [room for room in ROOMS if room not in found] == []
    assert found - {"__init__", "__main__"} <= set(ROOMS)
    assert len([path for path in FILES if path.parent == ROOT / "engine"]) <= MOST_AT_THE_ROOT


def test_the_readme_gives_every_room_a_sentence_in_this_order():
    table = (ROOT / "README.md").read_text("utf-8").split("| room of `engine/` |")[1].split("\n\n")[0]
    cells = re.findall(r"^\| `([^`]+)` \| \S.{20,} \|$", table, re.MULTILINE)
    assert [name.strip("/") for cell in cells for name in cell.split()] == ROOMS


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_public_has_a_docstring(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree)
    assert [name for name, node in public(tree) if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("module", ["engine", "engine.cli.main", "engine.builds.opened"])
def test_no_model_library_is_loaded_until_a_text_has_to_be_embedded(module):
    code = f"import sys, {module}; print([n for n in ('torch', 'sentence_transformers', 'transformers') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_of_transformers_come_out_of_its_modules():
    """The package puts another in its own place once it is imported: a second thread that waits for that (Sessions, while a
    first question is made ready) is given the one before, which has none of its names."""
    told = [
        f"{path.relative_to(ROOT)}, line {node.lineno}"
        for path in FILES + sorted((ROOT / "app").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "transformers"
    ]
    assert not told
