"""Verdicts, and what they take: ``python -m benchmarks.verdict [CORPUS ...]``.

A corpus is a data set's name, a file or a BEIR folder; the bundled films when none is given. The table goes to
``benchmarks/results/verdict.md``. Builds are made in the usual place and kept; each has its default scorer.
"""

import sys
from pathlib import Path

from engine import evaluation, paths
from engine.builds.make import make
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.datasets import default_fields, load
from engine.verdict import measure
from engine.verdict.rule import RULES
from engine.verdict.shown import Verdict

OUT = Path(__file__).parent / "results" / "verdict.md"
COLUMNS = ("set", "documents", "judged by", "answer", "took, s")


def main() -> None:
    """Give every corpus named its verdict and write the table."""
    found = [given(source) for source in sys.argv[1:] or ["films"]]
    rules = "".join(f"- {one}\n" for one in RULES)
    command = "python -m benchmarks.verdict" + "".join(f" {Path(source).name}" for source in sys.argv[1:])
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(f"# Verdicts\n\n`{command}`, seed 0. {evaluation.device()}.\n\n{rules}\n{table(found)}", "utf-8")
    print(OUT.read_text("utf-8"))


def given(source: str) -> Verdict:
    """The verdict of one corpus."""
    corpus = load(source)
    spec = BuildSpec(fields=default_fields(source))
    return measure.verdict(Build(make(corpus, spec, paths.builds() / f"bench-{corpus.name}")))


def table(found: list[Verdict]) -> str:
    """Markdown: a line a set, then what each answer rests on."""
    head = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n"
    lines, blocks = "", ""
    for one in found:
        assert one.answer is not None
        lines += f"| {one.corpus} | {one.documents:,} | {one.judged_by} | {one.answer.word} | {one.seconds:.0f} |\n"
        said = [*one.answer.because, *(section.says for section in one.sections), *([one.busy] if one.busy else [])]
        blocks += f"\n## {one.corpus}, scorer {one.scorer}\n\n" + "".join(f"- {sentence}\n" for sentence in said)
    return head + lines + blocks


if __name__ == "__main__":
    main()
