"""Studies of identifiers beside the main table of ``benchmarks.recommendation``: how wide a beam each wants where the matrix is
summed over its tree, books that halve, and ours beside those that were published with the set."""

from typing import TYPE_CHECKING

import numpy as np

from engine.data.figures import told
from engine.data.histories import Histories
from engine.evaluation import interval
from engine.evaluation.significance import difference
from engine.recommending import factors
from engine.recommending.base import Ranked
from engine.recommending.item_item import ItemItem
from engine.recommending.judging import judge
from engine.trie import Trie

if TYPE_CHECKING:
    from benchmarks.recommendation import Bench

WIDTHS = (5, 10, 20, 50, 100, 200)
SQUEEZED = (128, 256, 512)
# What :mod:`benchmarks.squeezed_picture` draws of this section.
PICTURE = "![R@10 of the matrix as one vector a history, by its numbers, and written code by code, by beams](squeezed.svg)"
SAMPLE = 4000


class Squeezed:
    """The item-item matrix as products of some numbers an item: what one vector a history can keep of it."""

    def __init__(self, of: ItemItem, width: int):
        self.name, self.of = f"squeezed-{width}", of
        both = factors.factors(of.weights, width)
        self.read, self.found = both[:, :width], both[:, width:]

    def scores(self, histories: Histories) -> np.ndarray:
        """Float32 ``(histories, items)``."""
        weights = self.of.recency.weights(histories, self.of.items).astype(np.float32)
        return (weights @ self.read) @ self.found.T


def widths(bench: "Bench") -> list[str]:
    """The counting scorer by width on several identifiers, beside the matrix it marginalises and that matrix squeezed."""
    places = np.sort(np.random.default_rng(0).permutation(len(bench.split.test.targets))[:SAMPLE])
    held = bench.split.test.pick(places)
    exact = judge(Ranked(bench.matrix), held).values["R@10"]
    lines = [f"R@10 on {len(places):,} test users (seed 0); the matrix itself, exactly: {exact.mean():.4f}.", ""]
    lines += ["| identifiers | " + " | ".join(f"beam {width}" for width in WIDTHS) + " |", "|---" * (len(WIDTHS) + 1) + "|"]
    chosen, trie = bench.identifiers
    others = [("behaviour", 2, 32), ("behaviour", 2, 64), ("behaviour", 3, 32), ("text", 3, 256), ("text", 3, 32)]
    tries = {f"RQ-KMeans {levels} x {codes} on {on}": bench.trie(on, levels, codes) for on, levels, codes in others}
    tries[f"dealt out at random, in the shape of {chosen[1]} x {chosen[2]} on {chosen[0]}"] = bench.dealt(trie)
    for name, tree in tries.items():
        reached = [judge(bench.counting(tree, width), held).values["R@10"].mean() for width in WIDTHS]
        lines.append(f"| {name} | " + " | ".join(f"{one:.4f}" for one in reached) + " |")
    lines += ["", "| the matrix as one vector a history | R@10 |", "|---|---|"]
    for width in SQUEEZED:
        lines.append(f"| {width} numbers | {judge(Ranked(Squeezed(bench.matrix, width)), held).values['R@10'].mean():.4f} |")
    lines.append(
        f"| all of it, summed over the tree, 50 beams | {judge(bench.counting(trie, 50), held).values['R@10'].mean():.4f} |"
    )
    return [*lines, "", PICTURE]


def books(bench: "Bench") -> list[str]:
    """BARGE's books, each level half as large as the one before, coding orthogonal parts in turn, under the counting scorer."""
    places = np.sort(np.random.default_rng(0).permutation(len(bench.split.test.targets))[:SAMPLE])
    held = bench.split.test.pick(places)
    tries = {
        "2 x 32": bench.trie("behaviour", 2, 32),
        "4 x 64": bench.trie("behaviour", 4, 64),
        "512, 256, 128, 64, one book": bench.trie("behaviour", 4, 512, halving=1),
        "512, 256, 128, 64 in two orthogonal books (BARGE)": bench.trie("behaviour", 4, 512, halving=1, books=2),
        "64, 32, 16, 8 in two orthogonal books": bench.trie("behaviour", 4, 64, halving=1, books=2),
    }
    lines = [f"RQ-KMeans on behaviour, R@10 of the counting scorer on {len(places):,} test users (seed 0).", ""]
    lines += ["| codes | beam 10 | beam 50 | beam 10 less that of 2 x 32 |", "|---|---|---|---|"]
    first = None
    for name, tree in tries.items():
        narrow, wide = (judge(bench.counting(tree, width), held).values["R@10"] for width in (10, 50))
        first = narrow if first is None else first
        less = "" if narrow is first else told(difference(narrow, first), sign=True)
        lines.append(f"| {name} | {narrow.mean():.4f} | {wide.mean():.4f} | {less} |")
    return lines


def published(bench: "Bench") -> list[str]:
    """Our identifiers and those that came with the set under the same models: the counting scorer, and the tree that learns."""
    test = bench.split.test
    held = test.pick(np.sort(np.random.default_rng(0).permutation(len(test.targets))[:SAMPLE]))
    found: dict[str, tuple[str, Trie] | None] = {
        "RQ-KMeans 3 x 32 on behaviour": None,
        "published: LETTER's `letter_sid`": ("published", bench.published),
    }
    lines = [
        "| identifiers | counting, 10 beams | counting, 50 beams | tree, 12 passes | less ours on behaviour |",
        "|---" * 5 + "|",
    ]
    first = None
    for name, others in found.items():
        trie = others[1] if others else bench.trie("behaviour", 3, 32)
        counted = [judge(bench.counting(trie, width), held).values["R@10"].mean() for width in (10, 50)]
        learned = judge(bench.trained("tree", bench.seed, others=others), test).values["R@10"]
        less = told(difference(learned, first), sign=True) if first is not None else ""
        first = learned if first is None else first
        of = interval(learned)
        cells = " | ".join(f"{one:.4f}" for one in counted)
        lines.append(f"| {name} | {cells} | {of.mean:.4f} [{of.low:.4f}, {of.high:.4f}] | {less} |")
    said = f"R@10; the counting scorer on {SAMPLE:,} people of the test (seed 0), the tree on all of them, trained anew for each."
    return [said, "", *lines]
