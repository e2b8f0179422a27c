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

POWERS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
SLATES = (*(Slate(quota=n) for n in (3, 2, 1)), *(Slate(mmr=n) for n in (0.9, 0.7, 0.5, 0.3)), *(Slate(rare=n) for n in POWERS))
SAMPLE = 4000
RESULTS = Path(__file__).parent / "results" / "slates.md"


def main(folder: str, model: str = "item-item") -> None:
    """Measure, print and write."""
    build = as_made(Build(Path(folder)))
    opened = kinds.Opened(build)
    test = opened.known.test
    held = test.pick(np.sort(np.random.default_rng(0).permutation(len(test.targets))[:SAMPLE]))
    of = opened.get(model)
    by = build.trie, build.embeddings, opened.known.popularity
    asked = {slate.told() or "as ranked": slates.Arranged(of, slate, *by) for slate in (Slate(), *SLATES)}
    found = evaluated.evaluate(asked, held, opened.known.popularity, build.embeddings)
    lines = [
        "# What variety costs",
        "",
        f"`python -m benchmarks.slates BUILD {model}`: {build.name}, {len(build.documents):,} items, identifiers "
        f"{build.manifest.spec.scheme} {' x '.join(map(str, build.manifest.identifiers.vocabulary))}; {len(held.targets):,} test "
        f"questions, seed 0. {evaluation.device()}.",
        "",
        "The first hundred of each list in another order: *quota*, at most so many of the first ones below one first code; "
        "*mmr*, maximal marginal relevance, an item's own score by this share and the rest its likeness to those above; *rare*, "
        "the popularity dial, an item's score over this power of how often it was taken. Apart is one less the mean cosine "
        "between the items of the first ten. *Rare ones weigh more*: NDCG@10 where a question weighs by one over the root of "
        "how often its item was taken. *Taken*: how often those shown were, in training, on average.",
        "",
        "| list | apart | R@10 | NDCG@10 | against as ranked | rare ones weigh more | taken | catalogue | Gini |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        ahead = f"{told(one.ahead, sign=True)}, p {told_p(one.ahead)}" if one.ahead else ""
        lines.append(
            f"| {one.name} | {one.shown.apart:.3f} | {told(one.means['R@10'])} | {one.means['NDCG@10'].mean:.4f} | {ahead} | "
            f"{one.fair:.4f} | {one.shown.popularity:.1f} | {one.shown.covered:.1%} | {one.shown.gini:.2f} |"
        )
    text = "\n".join(lines) + "\n"
    RESULTS.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
