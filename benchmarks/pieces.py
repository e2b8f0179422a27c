"""Pieces of identifiers as what an item is to a ranking model, on Amazon Beauty, by how often the item was taken.

    python -m benchmarks.pieces FOLDER [--only NAME]

``FOLDER`` holds ``items.jsonl`` and ``sequences.txt``. The same small model of histories, trained equally long, differs in what
an item is: a vector of its own, n-grams of its identifier, SentencePiece's pieces of it, or as many rows of the same table dealt
out at random. Writes ``benchmarks/results/pieces.md``; trained models are kept in the home's cache; ``--only`` trains one of
them.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks import recommendation_report as report
from benchmarks.recommendation import Bench
from engine import evaluation, paths
from engine.data.figures import told
from engine.evaluation.significance import difference
from engine.recommending.evaluated import FREQUENCIES
from engine.recommending.judging import judge
from engine.recommending.models import kept, networks, train
from engine.recommending.models.spec import SequenceSpec

OUT = Path(__file__).parent / "results" / "pieces.md"
WAYS = ("hashed", "ngrams", "sentencepiece", "ids")
ROWS, PASSES = 2048, 12
MEASURE = "R@10"


def spec_for(way: str, seed: int) -> SequenceSpec:
    """The same small model, an item another thing."""
    return SequenceSpec(
        items=way,  # type: ignore[arg-type]
        rows=ROWS,
        epochs=PASSES,
        sampled=512,
        blocks=1,
        dropout=0.2,
        longest=20,
        learning_rate=3e-3,
        patience=99,
        seed=seed,
    )


def main() -> None:
    """Train what is not there, judge all, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=WAYS)
    asked = parser.parse_args()
    bench, values, minutes, sizes = Bench(asked.folder), {}, {}, {}
    for way in [asked.only] if asked.only else WAYS:
        folder, spec = paths.cache() / "pieces" / f"{way}-{bench.seed}", spec_for(way, bench.seed)
        if not (kept.is_there(folder) and kept.read(folder).digest == spec.digest()):
            start = time.process_time()
            train.train(bench.material, spec, folder, report.tell(way))
            report.say(f"{way}: {(time.process_time() - start) / 60:.1f} minutes of a processor")
        known = kept.read(folder)
        minutes[way], sizes[way] = known.seconds / 60, known.parameters
        if not asked.only:
            values[way] = judge(networks.opened(bench.material, folder), bench.split.test).values[MEASURE]
    if values:
        OUT.write_text("\n".join(lines(bench, values, minutes, sizes)) + "\n", "utf-8")


def lines(bench: Bench, values: dict[str, np.ndarray], minutes: dict[str, float], sizes: dict[str, int]) -> list[str]:
    """The results file."""
    taken = bench.popularity[bench.split.test.targets]
    groups = {"all": np.ones(len(taken), bool)}
    for low, high in FREQUENCIES:
        head = str(low) if low == high else f"{low}-{high}" if high < 1 << 20 else f"> {low - 1}"
        groups[head] = (taken >= low) & (taken <= high)
    heads = " | ".join(f"{head} ({int(of.sum()):,})" for head, of in groups.items())
    found = [
        "# Pieces of identifiers as what an item is",
        "",
        f"`python -m benchmarks.pieces {bench.folder.name}`. {evaluation.device()}, shared with other work. Seed {bench.seed}, "
        "one seed a model.",
        "",
        f"Amazon Beauty's test, {MEASURE}, the whole catalogue ranked, items of the history left out. One block, {PASSES} "
        f"passes, 512 sampled items in the loss; a table of {ROWS:,} rows; identifiers RQ-KMeans 3 x 256 on text, which saw no "
        "interactions. Columns are how often the item was taken in training.",
        "",
        f"| an item is | {heads} | numbers learned | minutes |",
        "|---" * (len(groups) + 3) + "|",
    ]
    for way, of in values.items():
        cells = " | ".join(f"{of[within].mean():.4f}" for within in groups.values())
        found.append(f"| {way} | {cells} | {sizes[way]:,} | {minutes[way]:.1f} |")
    found += ["", "| less hashed | " + " | ".join(groups) + " |", "|---" * (len(groups) + 1) + "|"]
    for way, of in values.items():
        if way != WAYS[0]:
            cells = [told(difference(of[within], values[WAYS[0]][within]), sign=True) for within in groups.values()]
            found.append(f"| {way} | {' | '.join(cells)} |")
    return found


if __name__ == "__main__":
    main()
