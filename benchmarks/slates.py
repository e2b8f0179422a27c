"""What variety costs: lists of a build's recommender arranged, ``python -m benchmarks.slates BUILD [MODEL]``.

On a sample of the test's questions, seed 0; it writes ``results/slates.md``.
"""

import sys
from pathlib import Path

import numpy as np

from engine import evaluation
from engine.builds.opened import Build
from engine.data.figures import told, told_p
from engine.recommending import evaluated, kinds, slates
from engine.recommending.on_disk import as_made
from engine.recommending.slates import Slate

SLATES = (Slate(), Slate(quota=3), Slate(quota=2), Slate(quota=1), Slate(mmr=0.9), Slate(mmr=0.7), Slate(mmr=0.5), Slate(mmr=0.3))
SAMPLE = 4000
RESULTS = Path(__file__).parent / "results" / "slates.md"


def main(folder: str, model: str = "item-item") -> None:
    """Measure, print and write."""
    build = as_made(Build(Path(folder)))
    opened = kinds.Opened(build)
    test = opened.known.test
    held = test.pick(np.sort(np.random.default_rng(0).permutation(len(test.targets))[:SAMPLE]))
    of = opened.get(model)
    asked = {slate.told() or "as ranked": slates.Arranged(of, slate, build.trie, build.embeddings) for slate in SLATES}
    found = evaluated.evaluate(asked, held, opened.known.popularity, build.embeddings)
    lines = [
        "# What variety costs",
        "",
        f"`python -m benchmarks.slates BUILD {model}`: {build.name}, {len(build.documents):,} items, identifiers "
        f"{build.manifest.spec.scheme} {' x '.join(map(str, build.manifest.identifiers.vocabulary))}; {len(held.targets):,} test "
        f"questions, seed 0. {evaluation.device()}.",
        "",
        "The first hundred of each list in another order: *quota*, at most so many of the first ones below one first code; "
        "*mmr*, maximal marginal relevance, an item's own score by this share and the rest its likeness to those above. Apart is "
        "one less the mean cosine between the items of the first ten.",
        "",
        "| list | apart | R@10 | NDCG@10 | against as ranked | share of the catalogue | Gini |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in found:
        ahead = f"{told(one.ahead, sign=True)}, p {told_p(one.ahead)}" if one.ahead else ""
        lines.append(
            f"| {one.name} | {one.shown.apart:.3f} | {told(one.means['R@10'])} | {one.means['NDCG@10'].mean:.4f} | {ahead} | "
            f"{one.shown.covered:.1%} | {one.shown.gini:.2f} |"
        )
    text = "\n".join(lines) + "\n"
    RESULTS.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
