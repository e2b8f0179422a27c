"""What helps a narrow beam: documents in several leaves, and looking ahead. ``python -m benchmarks.narrow [CORPUS ...]``.

A corpus is a data set's name, a file, a BEIR folder or a build; the bundled films when none is given. The tables go to
``benchmarks/results/narrow.md``. The weight of look-ahead is its default, which was chosen on NFCorpus' development queries.
"""

import sys
from pathlib import Path

import numpy as np

from engine import evaluation, paths
from engine.builds.make import make
from engine.builds.names import find
from engine.builds.opened import Build
from engine.builds.spec import BuildSpec
from engine.data.datasets import default_fields, load
from engine.decoding.strategies import STRATEGIES, decode
from engine.studies import overlap

WIDTHS, NAMES = (1, 5, 10, 20, 50), ("beam", "look-ahead")
MEASURES = ("Recall@10", "nDCG@10")
OUT = Path(__file__).parent / "results" / "narrow.md"


def main() -> None:
    """Measure every corpus named and write the tables."""
    blocks = [block(opened) for opened in map(built, sys.argv[1:] or ["films"])]
    named = "".join(f" {Path(source).name}" for source in sys.argv[1:])
    OUT.write_text(
        f"# Narrow beams\n\n`python -m benchmarks.narrow{named}`. {evaluation.device()}.\n\n" + "\n".join(blocks), "utf-8"
    )
    print(OUT.read_text("utf-8"))


def built(source: str) -> Build:
    """A build of that name, or one made of a corpus of that name."""
    if (folder := find(Path(source))) and (folder / "manifest.json").is_file():
        return Build(folder)
    corpus = load(source)
    return Build(make(corpus, BuildSpec(fields=default_fields(source)), paths.builds() / f"bench-{corpus.name}"))


def block(opened: Build) -> str:
    """Markdown of one corpus."""
    return f"## {opened.name}, test\n\n{leaves(opened)}\n{ahead(opened)}"


def leaves(opened: Build) -> str:
    """Documents in one, two and three leaves."""
    found = overlap.run(opened, split="test")
    lines = [
        f"Documents in several leaves: {found.documents:,} documents in {found.clusters:,} clusters, {found.queries} queries; "
        f"the gain is that of {overlap.MEASURE} over one leaf at the same width, p corrected for all of the table (Holm).",
        "",
        f"| leaves | MB | beams | {overlap.KEPT} | {overlap.MEASURE} | nodes scored | gain | p |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for tree in found.trees:
        for at in tree.at:
            figures = [evaluation.told(at.measures[name]) for name in (overlap.KEPT, overlap.MEASURE)]
            gain = [evaluation.told(at.gain, sign=True), evaluation.told_p(at.gain)] if at.gain else ["", ""]
            cells = [tree.name, f"{tree.bytes / 1e6:.1f}", str(at.beams), *figures, f"{at.scored:,.0f}", *gain]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def ahead(opened: Build) -> str:
    """Beam search beside looking ahead."""
    qrels, ids = opened.corpus.qrels["test"], [document.id for document in opened.documents]
    queries = opened.embed_queries([opened.corpus.queries[query] for query in qrels])
    (weight,) = STRATEGIES["look-ahead"].options
    lines = [
        f"Looking ahead (weight {weight.default}), centroid scorer, this build's own identifiers; the difference is that of "
        f"{MEASURES[1]}, p corrected for the widths.",
        "",
        f"| beams | {' | '.join(f'{measure}, {name}' for measure in MEASURES for name in NAMES)} | difference | p |",
        "|---|---|---|---|---|---|---|",
    ]
    values = {
        (name, width): evaluation.measure(qrels, evaluation.run_of(qrels, rows(opened, name, queries, width), ids), MEASURES)
        for name in NAMES
        for width in WIDTHS
    }
    compared = evaluation.together(
        [evaluation.difference(values["look-ahead", width][MEASURES[1]], values["beam", width][MEASURES[1]]) for width in WIDTHS]
    )
    for width, less in zip(WIDTHS, compared, strict=True):
        cells = [evaluation.told(evaluation.interval(values[name, width][measure])) for measure in MEASURES for name in NAMES]
        lines.append(f"| {width} | {' | '.join(cells)} | {evaluation.told(less, sign=True)} | {evaluation.told_p(less)} |")
    return "\n".join([*lines, ""])


def rows(opened: Build, strategy: str, queries: np.ndarray, width: int) -> list[np.ndarray]:
    """Document rows of each query by one strategy."""
    tree, scorer = opened.trie, opened.scorer("centroid")
    return [decode(strategy, tree, scorer, query, width).documents(tree, evaluation.DEPTH)[0] for query in queries]


if __name__ == "__main__":
    main()
