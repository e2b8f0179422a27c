"""LETTER's two regularisers of an RQ-VAE on Amazon Beauty: what they do to codes, and to what is written with them.

    python -m benchmarks.letter FOLDER

``FOLDER`` holds ``items.jsonl`` and ``sequences.txt``. The same RQ-VAE over the texts, with each regulariser alone at a few
weights and with both; its identifiers are judged as such and under the counting scorer at 10 beams, which needs no training.
Nothing is chosen: every weight is shown. Writes ``benchmarks/results/letter.md``.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recommendation import CHOOSING, NARROW, RANK, Bench
from engine import evaluation, identifiers
from engine.data.figures import told, told_p
from engine.evaluation import interval
from engine.evaluation.significance import difference
from engine.health.agreement import entropy_bits
from engine.identifiers.base import Identifiers
from engine.recommending import factors
from engine.recommending.judging import judge
from engine.trie import build

OUT = Path(__file__).parent / "results" / "letter.md"
LEVELS, CODES = 3, 256
# What is asked for; the paper's own weight of diversity is the first, under a reconstruction that is a mean.
WAYS: dict[str, dict[str, Any]] = {
    "none": {},
    "diverse .0001": {"diverse": 1e-4},
    "diverse .1": {"diverse": 0.1},
    "diverse 1": {"diverse": 1.0},
    "collaborative 10": {"collaborative": 10.0},
    "collaborative 100": {"collaborative": 100.0},
    "both, 100 and .1": {"collaborative": 100.0, "diverse": 0.1},
}
HEAD = "| regulariser | reconstruction | codes are as varied as | alone | R@10 | less none | s |"


def main() -> None:
    """Fit, judge and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    bench = Bench(parser.parse_args().folder)
    places = np.sort(np.random.default_rng([bench.seed, 4]).permutation(len(bench.split.test.targets))[:CHOOSING])
    test = bench.split.test.pick(places)
    behaviour = factors.factors(bench.matrix.weights, RANK, bench.seed)
    lines, first = [], np.empty(0)
    for way, settings in WAYS.items():
        start = time.process_time()
        asked = {"levels": LEVELS, "codes": CODES} | settings
        fitted = identifiers.fit("rq-vae", bench.material.embeddings, asked, bench.seed, behaviour=behaviour)
        seconds = time.process_time() - start
        found = judge(bench.counting(build(fitted.codes), NARROW), test).values["R@10"]
        first = first if len(first) else found
        of, ahead = interval(found), difference(found, first)
        less = f"{told(ahead, sign=True)}, p {told_p(ahead)}" if way != "none" else ""
        cells = f"{fitted.arrays['history_loss'][-1]:.1f} | {varied(fitted)} | {alone(fitted):.1%}"
        lines.append(f"| {way} | {cells} | {of.mean:.4f} [{of.low:.4f}, {of.high:.4f}] | {less} | {seconds:.0f} |")
        print(lines[-1], flush=True)
    OUT.write_text("\n".join([*head(bench), *lines]) + "\n", "utf-8")


def varied(fitted: Identifiers) -> str:
    """How many codes used evenly would be as varied as those of each level of content."""
    return ", ".join(f"{2 ** entropy_bits(np.bincount(column)):.0f}" for column in fitted.codes.T[:LEVELS])


def alone(fitted: Identifiers) -> float:
    """Share of items that no other has the codes of."""
    _, place, items = np.unique(fitted.codes[:, :LEVELS], axis=0, return_inverse=True, return_counts=True)
    return float((items[place.ravel()] == 1).mean())


def head(bench: Bench) -> list[str]:
    """What stands above the table."""
    return [
        "# LETTER's regularisers",
        "",
        f"`python -m benchmarks.letter {bench.folder.name}`. {evaluation.device()}, shared with other work. Seed {bench.seed}.",
        "",
        f"RQ-VAE, {LEVELS} levels of {CODES} codes over the texts of Amazon Beauty's {len(bench.rows):,} items. *Codes are as "
        "varied as* so many used evenly, a level each; *alone* is the share of items that no other shares its codes with; R@10 "
        f"is of the counting scorer at {NARROW} beams, {CHOOSING:,} people of the test, items of the history left out. Where "
        "vectors are to be diverse, codebooks learn by gradients, else by moving averages. p is not corrected for six "
        "rows. Seconds are of a processor.",
        "",
        HEAD,
        "|---" * 7 + "|",
    ]


if __name__ == "__main__":
    main()
