"""The claims made anew on the bundled films, for those who open the page Claims first: ``python -m benchmarks.claims [KEY ...]``.

They go to ``data/films/claims``, and the table of all of them to ``benchmarks/results/claims.md``. The build is made in the usual
place and kept.
"""

import sys
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


def main() -> None:
    """Make those named anew, all of them unless any is."""
    opened = Build(make(load(BUNDLED), BuildSpec(fields=default_fields(BUNDLED)), paths.builds() / BUNDLED))
    for key in sys.argv[1:] or CLAIMS:
        made = measure.finding(opened, CLAIMS[key])
        kept.keep(kept.shipped_folder(), made)
        print(f"{key}: {made.verdict}, {made.seconds} s", file=sys.stderr)
    OUT.write_text(table(), "utf-8")
    print(OUT.read_text("utf-8"))


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
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
