"""What variety costs: lists of a build's recommender arranged, ``python -m benchmarks.slates BUILD [MODEL]``.

On a sample of the test's questions, seed 0; it writes ``results/slates.md``, and beside it the curve of the popularity dial.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine import evaluation
from engine.builds.opened import Build
from engine.data.figures import told, told_p
from engine.pictures.colours import BLUE, ORANGE
from engine.recommending import evaluated, kinds, slates
from engine.recommending.on_disk import as_made
from engine.recommending.slates import Slate

DIAL = tuple(Slate(rare=power) for power in (0.05, 0.1, 0.2, 0.3, 0.5, 1.0))
SLATES = (*(Slate(quota=most) for most in (3, 2, 1)), *(Slate(mmr=share) for share in (0.9, 0.7, 0.5, 0.3)), *DIAL)
SAMPLE = 4000
RESULTS = Path(__file__).parent / "results" / "slates.md"
PICTURE = RESULTS.with_name("dial.svg")
WIDTH, HEIGHT, LEFT, TOP, ACROSS, HIGH = 620, 340, 60, 50, 520, 230


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
    curve = [(one.shown.popularity, one.means["NDCG@10"].mean, one.fair) for one in (found[0], *found[-len(DIAL) :])]
    PICTURE.write_text(drawn([0.0, *(slate.rare for slate in DIAL)], curve), "utf-8")
    lines += ["", f"![What the popularity dial costs]({PICTURE.name})"]
    text = "\n".join(lines) + "\n"
    RESULTS.write_text(text, "utf-8")
    print(text)


def drawn(powers: Sequence[float], curve: Sequence[tuple[float, float, float]]) -> str:
    """The curve as SVG: NDCG@10, plain and weighed, over how often the shown items were taken on average."""
    most, high = max(taken for taken, _, _ in curve) * 1.05, max(max(plain, fair) for _, plain, fair in curve) * 1.1

    def at(taken: float, value: float) -> tuple[float, float]:
        return LEFT + ACROSS * (1 - taken / most), TOP + HIGH * (1 - value / high)

    words = "NDCG@10 as the popularity dial is turned up; below: how often the items shown were taken"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="13" role="img">',
        f"<title>{words}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" fill="#333">{words}</text>',
    ]
    for step in range(0, int(high * 100) + 1, 2):
        x, y = at(most, step / 100)
        parts.append(f'<line x1="{x}" x2="{x + ACROSS}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e5e5e5"/>')
        parts.append(f'<text x="{x - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#666">{step / 100:.2f}</text>')
    for place, (name, colour) in enumerate({"NDCG@10": BLUE, "NDCG@10, rare ones weigh more": ORANGE}.items(), start=1):
        points = [at(of[0], of[place]) for of in curve]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in points]
        y = TOP + HIGH - 40 + 18 * place
        parts.append(f'<rect x="{LEFT + 12}" y="{y - 9}" width="12" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + 30}" y="{y - 3}" fill="#333">{name}</text>')
    for power, (taken, plain, fair) in zip(powers, curve, strict=True):
        x, y = at(taken, max(plain, fair))
        parts.append(f'<text x="{x:.1f}" y="{y - 10:.1f}" text-anchor="middle" fill="#666" font-size="11">{power:g}</text>')
        parts.append(
            f'<text x="{x:.1f}" y="{TOP + HIGH + 20}" text-anchor="middle" fill="#666" font-size="11">{taken:.0f}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
