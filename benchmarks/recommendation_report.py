"""The results file of ``benchmarks.recommendation``: the main table, and the studies beside it."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import recommendation_studies as studies
from engine import evaluation
from engine.data.figures import told, told_p
from engine.recommending.evaluated import Figures

if TYPE_CHECKING:
    from benchmarks.recommendation import Bench

OUT = Path(__file__).parent / "results" / "recommendation.md"
MEASURES = ("R@5", "NDCG@5", "R@10", "NDCG@10", "MRR")
# What others report on the same set, to be read beside ours; contracts differ.
PUBLISHED = (
    "Published on the same set, R@10 / N@10 (contracts differ): TIGER .0648 / .0384 (Rajput et al. 2023), SASRec with full "
    "cross-entropy .0859 / .0503 in an independent reproduction, S3-Rec .0647 / .0327, MARIUS-COSETTE .1002 / .0546 (arXiv "
    "2508.14910), and .0817 / .0440 when others ran it with five seeds."
)


def say(line: str) -> None:
    """A line for whoever watches."""
    print(line, file=sys.stderr, flush=True)


def tell(name: str) -> Callable[[str, int, int], None]:
    """Progress of a training, now and then."""

    def told_now(stage: str, done: int, total: int) -> None:
        if done % 500 == 0:
            say(f"{name}: {stage} {done:,} of {total:,}")

    return told_now


def write(bench: "Bench", found: Sequence[Figures], folder: str, left: Sequence[str]) -> None:
    """Put everything into the file; ``left`` were not asked for."""
    chosen, _ = bench.identifiers
    lines = [
        "# What comes next",
        "",
        f"`python -m benchmarks.recommendation {folder}`. {evaluation.device()}. Seed {bench.seed}; one seed a trained model.",
        "",
        f"Amazon Beauty (5-core): {len(bench.log.users):,} people, {len(bench.rows):,} items, {len(bench.log.histories.items):,} "
        "interactions. The last item of each person is the test, the one before it development, the rest training; the whole "
        "catalogue is ranked; items of the history are left out; what was taken on one day stands in the file's order. "
        "Development chooses, test judges. Differences are of NDCG@10, with their interval and the p of a paired test, corrected "
        "by Holm.",
        "",
        "| model | " + " | ".join(MEASURES) + " | against item-item | minutes |",
        "|---" * (len(MEASURES) + 3) + "|",
    ]
    if left:
        lines[2] += f" Not run this time: {', '.join(left)}."
    for one in found:
        ahead = f"{told(one.ahead, sign=True)}, p {told_p(one.ahead)}" if one.ahead else ""
        cells = [f"{one.means[name].mean:.4f}" for name in MEASURES]
        of = one.means["R@10"]
        cells[2] = f"**{of.mean:.4f}** [{of.low:.4f}, {of.high:.4f}]"
        minutes = f"{bench.minutes[one.name]:.1f}" if one.name in bench.minutes else ""
        lines.append(f"| {one.name} | {' | '.join(cells)} | {ahead} | {minutes} |")
    shape = f"RQ-KMeans {chosen[1]} x {chosen[2]} on {chosen[0]}"
    lines += [
        "",
        f"The counting rows write identifiers chosen on development at 10 beams ({shape}); their lists end at their width,",
    ]
    lines += ["and MRR looks no deeper there. " + studies.pace(bench), "", PUBLISHED]
    lines += ["", "## By how often the item was taken in training (R@10)", ""]
    heads = [f"{g.low}-{g.high}" if g.high < 1 << 20 else f"> {g.low - 1}" for g in found[0].groups]
    lines += [
        "| model | " + " | ".join(f"{head} ({g.questions:,})" for head, g in zip(heads, found[0].groups, strict=True)) + " |"
    ]
    lines += ["|---" * (len(heads) + 1) + "|"]
    lines += [f"| {one.name} | " + " | ".join(f"{g.values['R@10']:.4f}" for g in one.groups) + " |" for one in found]
    lines += ["", "## What is shown", "", "| model | share of the catalogue | Gini | mean popularity |", "|---|---|---|---|"]
    lines += [f"| {one.name} | {one.shown.covered:.3f} | {one.shown.gini:.3f} | {one.shown.popularity:.1f} |" for one in found]
    sections = {
        "Protocol: what is worth how much": [*studies.protocol(bench), "", studies.one_hop(bench)],
        "One vector, or a decoder": studies.widths(bench),
        "Items that training never saw": studies.cold(bench),
        "The popularity dial": studies.dial(bench),
    }
    for head, body in sections.items():
        lines += ["", f"## {head}", "", *body]
    OUT.write_text("\n".join(lines) + "\n", "utf-8")
