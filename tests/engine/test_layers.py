"""What may import what, and that everything public is explained."""

import ast
import subprocess
import sys

import pytest

from engine.paths import ROOT

FILES = sorted((ROOT / "engine").rglob("*.py"))
FORBIDDEN = {"streamlit", "app", "pages"}


def imported(tree):
    """Top names of all imports in a file, also those inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "").split(".")[0]


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


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_public_has_a_docstring(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree)
    assert [name for name, node in public(tree) if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("module", ["engine.cli.main", "engine.builds.opened"])
def test_no_model_library_is_loaded_until_a_text_has_to_be_embedded(module):
    code = f"import sys, {module}; print([n for n in ('torch', 'sentence_transformers', 'transformers') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
