"""Hooks of mkdocs: a page for every room of the engine, from the README's table and the docstrings, and the README's own pages.

Nothing is written twice: what a room is stands in the README, what its files do in their first sentences, the API in docstrings.
"""

import ast
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
# Links to files of the repository.
LINK = re.compile(r"\[([^][]*)\]\((?:docs/|(?=CONTRIBUTING|SECURITY|CHANGELOG|benchmarks|\.\./benchmarks))([^)#]*)\)")
ROLE = re.compile(r":(?:mod|func|class|meth|attr|data|exc):`~?([^`]*)`")
# Files of the repository that are pages as they are; links to others lead to their names.
WHOLE = {
    "security.md": "SECURITY.md",
    "contributing.md": "CONTRIBUTING.md",
    "changes.md": "CHANGELOG.md",
    "scale.md": "docs/scale.md",
    "systems.md": "docs/systems.md",
}


def rooms() -> dict[str, str]:
    """Rooms of the engine and what each is, in the README's order."""
    table = (ROOT / "README.md").read_text("utf-8").split("| room of `engine/` |")[1].split("\n\n")[0]
    return {
        name.strip("/"): what
        for cell, what in re.findall(r"^\| `([^`]+)` \| (\S.{20,}) \|$", table, re.M)
        for name in cell.split()
    }


def modules(room: str) -> list[tuple[str, str]]:
    """Modules of a room, dotted, each with the first sentence of its docstring."""
    place = ROOT / "engine" / room
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    listed = []
    for path in files:
        told = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0].replace("\n", " ")
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        listed.append((name, told))
    return listed


def room_page(room: str, what: str) -> str:
    """The page of a room."""
    listed = modules(room)
    lines = [f"# {room}", "", what[:1].upper() + what[1:] + ".", "", "| file | what it is |", "|---|---|"]
    lines += [f"| [`{name}`][{name}] | {_cell(told)} |" for name, told in listed]
    for name, _ in listed:
        lines += ["", f"::: {name}", "    options:", "      show_submodules: false"]
    return "\n".join(lines) + "\n"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The order of the pages."""
    found: list[dict[str, Any]] = [{room: f"rooms/{room}.md"} for room in rooms()]
    config.nav = [
        {"Triescope": "index.md"},
        {"Architecture": "architecture.md"},
        {"Rooms": found},
        {"Scale": "scale.md"},
        {"Systems": "systems.md"},
        {"Contributing": "contributing.md"},
        {"Security": "security.md"},
        {"Changes": "changes.md"},
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    made = {f"rooms/{room}.md": room_page(room, what) for room, what in rooms().items()}
    for page, source in {"index.md": "README.md", **WHOLE}.items():
        made[page] = LINK.sub(_link, (ROOT / source).read_text("utf-8"))
    for page, text in made.items():
        files.append(File.generated(config, page, content=text))
    for picture in sorted((ROOT / "docs").glob("*.[pg][ni][gf]")):
        files.append(File.generated(config, f"pictures/{picture.name}", abs_src_path=str(picture)))
    return files


def _cell(text: str) -> str:
    """A docstring's first sentence in a table."""
    return ROLE.sub(r"`\1`", text).replace("|", "\\|")


def _link(found: re.Match[str]) -> str:
    """Pictures lie in one folder here; files that are pages here keep their link, of others the text stays."""
    text, name = found.groups()
    if name.endswith((".png", ".gif")):
        return f"[{text}](pictures/{name})"
    page = next((page for page, source in WHOLE.items() if source.removeprefix("docs/") == name), "")
    return f"[{text}]({page})" if page else text
