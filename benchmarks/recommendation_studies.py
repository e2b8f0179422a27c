"""Studies beside the main table of ``benchmarks.recommendation``: what order carries, cold items, the dial, seeds."""

import time
from typing import TYPE_CHECKING

import numpy as np

from engine.data.figures import told
from engine.data.histories import Held, Histories, without
from engine.evaluation import interval
from engine.evaluation.significance import difference
from engine.recommending import evaluated, hybrid, item_item, liger, matrix
from engine.recommending.base import Material, Ranked, Scores
from engine.recommending.item_item import ItemItem, Parts
from engine.recommending.judging import judge
from engine.recommending.matrix import Recency
from engine.recommending.models.writing import Writing
from engine.recommending.plain import Semantic
from engine.recommending.shelf import Shelf

if TYPE_CHECKING:
    from benchmarks.recommendation import Bench

# What :mod:`benchmarks.dial_picture` draws of the dial.
COST = "![NDCG@10, as it is and weighed by inverse propensity, by how far the popularity dial is turned](dial.svg)"
COLD_SHARE, SHOWN = 0.05, ("R@5", "NDCG@5", "R@10", "NDCG@10")
SAMPLE = 4000
# People for whom TIGER writes all identifiers, and the beams that are held against that.
FEW, WRITTEN = 1000, (5, 10, 20, 50, 100)
# Models that are trained from several seeds; so many passes of those whose own take too long.
SEEDED = {
    "tree": 0,
    "irgan": 0,
    "one-pass": 0,
    "mult-vae": 0,
    "diffrec": 0,
    "bert4rec": 0,
    "sasrec": 12,
    "tree-distilled": 12,
    "tiger": 2,
    "tiger-distilled": 2,
}
SEEDS = (0, 1, 2)


def row(values: dict[str, np.ndarray]) -> str:
    """Means as cells of a table, with the interval of R@10."""
    of = interval(values["R@10"])
    cells = [f"{values[name].mean():.4f}" for name in SHOWN]
    cells[2] += f" [{of.low:.4f}, {of.high:.4f}]"
    return " | ".join(cells)


def shuffled(held: Held, seed: int) -> Held:
    """The same questions, each history in an order drawn by the seed."""
    rng = np.random.default_rng(seed)
    order = np.lexsort((rng.random(len(held.histories.items)), held.histories.person))
    return held._replace(histories=Histories(held.histories.starts, held.histories.items[order]))


def protocol(bench: "Bench") -> list[str]:
    """Seen items left out or not, development in the matrix or not, the history shuffled."""
    test, lines = bench.split.test, ["| item-item + text | R@5 | N@5 | R@10 | N@10 |", "|---|---|---|---|---|"]
    lines.append(f"| seen items left out (text {bench.matrix.share:g}) | {row(judge(Ranked(bench.matrix), test).values)} |")
    again = bench.matrix_for(seen=True)
    lines.append(f"| seen items may come (text {again.share:g}) | {row(judge(Ranked(again), test, seen=True).values)} |")
    log = Histories(test.histories.starts, test.histories.items)
    behaviour = matrix.evened(matrix.together(log, len(bench.rows)))
    late = ItemItem(matrix.mixed(behaviour, bench.parts.text, bench.matrix.share), Recency(), bench.matrix.share)
    lines.append(f"| left out, development's items in the matrix too | {row(judge(Ranked(late), test).values)} |")
    lines.append(f"| left out, history shuffled (seed 0) | {row(judge(Ranked(bench.matrix), shuffled(test, 0)).values)} |")
    alone = ItemItem(bench.matrix.weights, Recency(last=1), bench.matrix.share)
    lines.append(f"| left out, the last item alone | {row(judge(Ranked(alone), test).values)} |")
    text = ItemItem(bench.parts.text.astype(np.float32).tocsr(), Recency(), 1.0)
    lines.append(f"| left out, text alone | {row(judge(Ranked(text), test).values)} |")
    return lines


def again(bench: "Bench") -> list[str]:
    """Every model of the main table where items of the history may come again: what leaving them out is worth."""
    lines = ["| model | R@10 | NDCG@10 | R@10 less that without them |", "|---" * 4 + "|"]
    for name in bench.main:
        recommender, test = bench.get(name), bench.split.test
        found, without_them = (judge(recommender, test, seen=seen).values for seen in (True, False))
        of = interval(found["R@10"])
        less = told(difference(found["R@10"], without_them["R@10"]), sign=True)
        lines.append(f"| {name} | {of.mean:.4f} [{of.low:.4f}, {of.high:.4f}] | {found['NDCG@10'].mean():.4f} | {less} |")
    said = "What was chosen for lists without them stays (share of text, weights, when to stop); above the matrix is chosen anew."
    return [said, "", *lines]


def one_hop(bench: "Bench") -> str:
    """How many test items followed the last item of the history directly in somebody's training."""
    train, test = bench.split.train, bench.split.test
    same = train.person[:-1] == train.person[1:]
    hops = set(zip(train.items[:-1][same].tolist(), train.items[1:][same].tolist(), strict=True))
    last = test.histories.items[test.histories.starts[1:] - 1]
    share = np.mean([hop in hops for hop in zip(last.tolist(), test.targets.tolist(), strict=True)])
    return f"{share:.1%} of the test items followed the last item of the history directly in somebody's training."


def pace(bench: "Bench") -> str:
    """Milliseconds of one history through the counting scorer at 50 beams."""
    counting, test = bench.counting(bench.identifiers[1], 50), bench.split.test
    took = []
    for place in range(300):
        start = time.perf_counter()
        counting.recommend(test.histories.pick(slice(place, place + 1)), 10)
        took.append((time.perf_counter() - start) * 1e3)
    middle, late = np.percentile(took, [50, 95])
    return f"Counting at 50 beams takes {middle:.2f} ms a history at the median, {late:.2f} ms at the 95th percentile."


def cold(bench: "Bench") -> list[str]:
    """Items that training never saw: 5% of them taken out, asked for; the fallback's weights from warm development."""
    items = np.zeros(len(bench.rows), bool)
    items[np.random.default_rng(0).permutation(len(items))[: round(COLD_SHARE * len(items))]] = True
    split = without(bench.split, items)
    material = Material(
        split._replace(test=split.test.pick(slice(0, 0))), bench.material.said, bench.material.embeddings, bench.material.trie
    )
    share = bench.matrix.share
    behaviour = matrix.evened(matrix.together(split.train, len(items)))
    warm = ItemItem(matrix.mixed(behaviour, bench.parts.text, 0.0), Recency(), 0.0)
    both = ItemItem(matrix.mixed(behaviour, bench.parts.text, share), Recency(), share)
    knn = Semantic(material.embeddings, Recency())
    text = ItemItem(bench.parts.text.astype(np.float32).tocsr(), Recency(), 1.0)
    members: list[Scores] = [both, knn]
    weighed = hybrid.weigh(members, split.dev)
    fused = hybrid.Fused(members, weighed.weights)
    found = {
        "co-occurrence alone": Ranked(warm),
        "semantic kNN": Ranked(knn),
        "text of the matrix alone (TF-IDF)": Ranked(text),
        f"item-item + text (share {share:g})": Ranked(both),
        f"item-item + text and kNN, summed ({weighed.weights[0]:g} / {weighed.weights[1]:g} by warm development)": Ranked(fused),
        "a shelf: 2 of ten places for cold items, by kNN": Shelf(Ranked(both), knn, items),
        "cold items alone, by kNN": Ranked(_Only(knn, items)),
    }
    known = bench.split.test.pick(np.sort(np.random.default_rng(0).permutation(len(bench.split.test.targets))[:SAMPLE]))
    parts = Parts(behaviour, bench.parts.text)
    ours = liger.made(material, parts, both, lambda stage, done, total: None)
    put = ours.chosen.setting
    name = f"LIGER: at most {put.places} of ten for what nobody took, from a cosine of {put.least:.2f} on (development)"
    found[name] = ours
    priced = (Ranked(both), Shelf(Ranked(both), knn, items), ours)
    price = [float(judge(of, known).values["R@10"].mean()) for of in priced]
    dense = liger.Liger(ours.of, ours.by, ours.new, ours.chosen._replace(setting=liger.Setting(share=1.0)))
    alone = float(judge(dense, known).values["R@10"].mean())
    lines = [f"{int(items.sum()):,} items taken out, {len(split.test.targets):,} questions ask for one of them.", ""]
    lines += ["| cold items | R@5 | N@5 | R@10 | N@10 | R@10 less semantic kNN |", "|---" * 6 + "|"]
    judged = {name: judge(of, split.test).values for name, of in found.items()}
    by_text = judged["semantic kNN"]["R@10"]
    for name, of in judged.items():
        less = "" if of["R@10"] is by_text else told(difference(of["R@10"], by_text), sign=True)
        lines.append(f"| {name} | {row(of)} | {less} |")
    priced_at = (
        f"The price on {SAMPLE:,} questions of all kinds: R@10 {price[0]:.4f} without new items, {price[1]:.4f} with the shelf, "
        f"{price[2]:.4f} with LIGER's places. Development gave the dense rank a weight of {put.share:g} beside the odds of what "
        f"is written; what is written ranked by dense alone has {alone:.4f}. LIGER's places and cosine were chosen on "
        f"development, where {ours.chosen.asked:,} questions asked for an item that had been taken out of training for the "
        f"while: R@10 {ours.chosen.new:.4f} there, semantic kNN {ours.chosen.knn:.4f}."
    )
    return [*lines, "", priced_at]


class _Only:
    """Scores of some items alone: what a shelf of new arrivals shows."""

    name = "only"

    def __init__(self, of: Scores, items: np.ndarray):
        self.of, self.items = of, items

    def scores(self, histories: Histories) -> np.ndarray:
        return np.where(self.items, self.of.scores(histories), -np.inf).astype(np.float32)


def dial(bench: "Bench") -> list[str]:
    """The popularity dial: scores divided by a power of how often an item was taken, and what that costs."""
    places = np.sort(np.random.default_rng(0).permutation(len(bench.split.test.targets))[:SAMPLE])
    held, lines = (
        bench.split.test.pick(places),
        ["| power | R@10 | N@10 | N@10, weighed by inverse propensity | mean popularity of what is shown |"],
    )
    lines.append("|---|---|---|---|---|")
    taken = bench.popularity[held.targets]
    weight = evaluated.weights(taken)
    for power in (0.0, 0.1, 0.2, 0.3, 0.5):
        scaled = item_item.ItemItem(
            bench.matrix.weights.multiply((bench.popularity + 1.0) ** -power).tocsr().astype(np.float32),
            Recency(),
            bench.matrix.share,
        )
        found = judge(Ranked(scaled), held)
        gain, shown = found.values["NDCG@10"], found.first[found.first >= 0]
        fair = float((gain * weight).sum() / weight.sum())
        cells = f"{found.values['R@10'].mean():.4f} | {gain.mean():.4f} | {fair:.4f} | {bench.popularity[shown].mean():.1f}"
        lines.append(f"| {power:g} | {cells} |")
    return [*lines, "", COST]


def written(bench: "Bench") -> list[str]:
    """TIGER's beam against all that it could write: a beam as wide as the catalogue."""
    places = np.sort(np.random.default_rng(0).permutation(len(bench.split.test.targets))[:FEW])
    held, tiger = bench.split.test.pick(places), bench.get("tiger")
    assert isinstance(tiger, Writing)
    wide = len(bench.rows)
    found = {beams: judge(Writing(tiger.model, tiger.name, beams), held) for beams in (*WRITTEN, wide)}
    lines = [
        f"The TIGER above on {FEW:,} test users (seed 0); a beam of {wide:,} holds every identifier, so it is exact.",
        "",
        "| beams | R@10 | R@10 less that of the exact list | of the exact first ten |",
        "|---|---|---|---|",
    ]
    exact = found[wide]
    for beams, of in found.items():
        same = np.mean([len(np.intersect1d(*pair)) / 10 for pair in zip(of.first, exact.first, strict=True)])
        less = told(difference(of.values["R@10"], exact.values["R@10"]), sign=True) if beams < wide else ""
        lines.append(f"| {beams:,} | {of.values['R@10'].mean():.4f} | {less} | {same:.1%} |")
    return lines


def seeds(bench: "Bench") -> list[str]:
    """Models trained from several seeds: the mean of each measure and how far they spread."""
    lines = ["| model | R@10 of each seed | R@10 | NDCG@10 |", "|---|---|---|---|"]
    for name, passes in SEEDED.items():
        found = [judge(bench.trained(name, seed, passes), bench.split.test).values for seed in SEEDS]
        means = {measure: np.array([of[measure].mean() for of in found]) for measure in ("R@10", "NDCG@10")}
        cells = [f"{of.mean():.4f} ± {of.std(ddof=1):.4f}" for of in means.values()]
        called = f"{name}, {passes} passes" if passes else name
        lines.append(f"| {called} | {', '.join(f'{one:.4f}' for one in means['R@10'])} | {' | '.join(cells)} |")
    return [*lines, "", "± is the standard deviation over the seeds; the identifiers and the split are the same for all."]
