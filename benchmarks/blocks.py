"""Results as blocks of a Markdown file: a study's block takes the place of the one with its title, the others stay."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from benchmarks.narrow import built
from engine import evaluation
from engine.builds.opened import Build

Studies = Mapping[str, tuple[str, Callable[[Build], Iterable[str]]]]


def replace_block(title: str, body: str, out: Path, head: str) -> None:
    """Put a block into the place of the one with the same title, or at the end; a file that is not there begins with its head."""
    out.parent.mkdir(exist_ok=True)
    old = out.read_text("utf-8") if out.is_file() else f"{head}\n"
    block = f"## {title}\n\n{body.rstrip()}\n"
    pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    new = pattern.sub(lambda _: block + "\n", old) if pattern.search(old) else f"{old.rstrip()}\n\n{block}"
    out.write_text(new.rstrip() + "\n", "utf-8")
    print(block)


def run_named(studies: Studies, module: str, usage: str | None, out: Path, head: str) -> None:
    """Run the study that the command names on every build that it names, the films when none is; a block a build.

    Raises
    ------
    SystemExit
        It names no study; with the ``usage``.
    """
    if len(sys.argv) < 2 or sys.argv[1] not in studies:
        raise SystemExit(usage)
    title, run = studies[sys.argv[1]]
    for source in sys.argv[2:] or ["films"]:
        opened = built(source)
        body = "\n".join(run(opened))
        told = f"`python -m {module} {sys.argv[1]} {opened.name}`. {evaluation.device()}.\n\n{body}\n"
        replace_block(f"{title}: {opened.name}", told, out, head)
