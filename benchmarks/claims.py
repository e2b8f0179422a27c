"""The claims made anew on the bundled films, for those who open the page Claims first: ``python -m benchmarks.claims [KEY ...]``.

They go to ``data/films/claims``, and the table of all of them to ``benchmarks/results/claims.md``. The build is made in the usual
place and kept.

``python -m benchmarks.claims --on SET [KEY ...]`` makes claims 3, 4 and 12, or those named, anew on another data set; they go to
a folder of the set, and the page shows them below those of the films. ``--table`` writes the table alone.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from engine import evaluation, paths
from engine.builds.make import make
from engine.builds.names import BUNDLED
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.claims import CLAIMS, kept, measure
from engine.data.datasets import default_fields, load
from engine.data.figures import told

OUT = Path(__file__).parent / "results" / "claims.md"
BESIDE = "Seconds: some while it did other things."
ELSEWHERE = ("loses-at-scale", "labels-or-generation", "dynamic-corpora")


def main() -> None:
    """Make those named anew, all of them unless any is."""
    words = sys.argv[1:]
    if words[:1] == ["--on"]:
        _, name, *keys = words
        remake(name, keys or ELSEWHERE, kept.elsewhere() / name)
    elif words != ["--table"]:
        remake(BUNDLED, words or CLAIMS, kept.shipped_folder())
    OUT.write_text(table(), "utf-8")
    print(OUT.read_text("utf-8"))


def remake(name: str, keys: Iterable[str], place: Path) -> None:
    """Make some anew on a data set, each kept when it is done."""
    opened = Build(make(load(name), BuildSpec(fields=default_fields(name)), paths.builds() / name))
    for key in keys:
        made = measure.finding(opened, CLAIMS[key])
        kept.keep(place, made)
        print(f"{key} on {name}: {made.verdict}, {made.seconds} s", file=sys.stderr)


def table() -> str:
    """Markdown of all that lie in the repository."""
    lines = ["# Claims", "", f"`python -m benchmarks.claims`, films, seed 0. {evaluation.device()}. {BESIDE}", ""]
    lines += ["| | claim | verdict | what was found | s |", "|---|---|---|---|---|"]
    for claim in CLAIMS.values():
        if found := kept.read(kept.shipped_folder(), claim.key):
            lines.append(
                f"| {claim.number} | {claim.statement} | **{found.verdict}** | {found.section.says} | {found.seconds:.0f} |"
            )
    lines += ["", "The figures that each verdict rests on:", ""]
    for claim in CLAIMS.values():
        if found := kept.read(kept.shipped_folder(), claim.key):
            lines += [f"- {claim.key}: {', '.join(f'{name} {told(of)}' for name, of in found.figures.items())}. {claim.rule}"]
    lines += ["", "On other catalogues, by `python -m benchmarks.claims --on SET` where nothing else is said on the page:", ""]
    lines += ["| | claim | on | documents | verdict | what was found | s |", "|---|---|---|---|---|---|---|"]
    for claim in CLAIMS.values():
        for found in kept.others(claim.key):
            on = f"{found.corpus} | {found.documents:,} | **{found.verdict}** | {found.section.says} | {found.seconds:.0f}"
            lines.append(f"| {claim.number} | {claim.key} | {on} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
