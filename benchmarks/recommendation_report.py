"""The results file of ``benchmarks.recommendation``: the main table, and the studies beside it."""

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import recommendation_identifiers as identifiers
from benchmarks import recommendation_studies as studies
from engine import evaluation
from engine.data.figures import told, told_p
from engine.evaluation import interval
from engine.recommending.evaluated import Figures
from engine.recommending.judging import judge

if TYPE_CHECKING:
    from benchmarks.recommendation import Bench

OUT = Path(__file__).parent / "results" / "recommendation.md"
MEASURES = ("R@5", "NDCG@5", "R@10", "NDCG@10", "MRR")
SHOWN = "| model | share of the catalogue | Gini | mean popularity | NDCG@10, weighed by inverse propensity |"
# What others report on the same set, to be read beside ours; contracts differ.
PUBLISHED = (
    "Published on the same set, R@10 / N@10 (contracts differ): TIGER .0648 / .0384 (Rajput et al. 2023), SASRec with full "
    "cross-entropy .0859 / .0503 in an independent reproduction, S3-Rec .0647 / .0327, MARIUS-COSETTE .1002 / .0546 (arXiv "
    "2508.14910), and .0817 / .0440 when others ran it with five seeds. How the rule counts: this set has no times, only an "
    "order; where others split a copy that has them at a date, SASRec with full cross-entropy falls to .0131, and to .0709 "
    "from .0810 where what was taken on one day is shuffled (43.9% of two reviews in a row share their day, and the file has "
    "those by product)."
)

# What was tried and did not show what its paper says, and how that was seen; not set beside the others.
NOT_REPRODUCED = {
    "one-pass": "every evaluation but little better than the one before",
    "mult-vae": "below nearest by text at the best of its evaluations",
    "diffrec": "8 passes of the paper's hundreds; below nearest by text, and 5.5% of the catalogue is ever shown",
    "irgan": "NDCG@10 on development is .0254 when the one who draws has learned alone and .0257 after the contest, which adds "
    "nothing; 7.4% of the catalogue is ever shown",
}


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
    lines += [main_row(bench, one) for one in found]
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
    lines += [group_row(bench, one) for one in found]
    lines += ["", "## What is shown", "", SHOWN, "|---" * SHOWN.count(" | ") + "|---|"]
    lines += [shown_row(bench, one) for one in found]
    for head, made in SECTIONS.items():
        lines += ["", f"## {head}", "", *made(bench)]
    OUT.write_text("\n".join(lines) + "\n", "utf-8")


SECTIONS: dict[str, Callable[["Bench"], list[str]]] = {
    "Protocol: what is worth how much": lambda bench: [*studies.protocol(bench), "", studies.one_hop(bench)],
    "Seen items may come again": studies.again,
    "One vector, or a decoder": identifiers.widths,
    "Ours and published identifiers": identifiers.published,
    "Books that halve": identifiers.books,
    "Beam against exact": studies.written,
    "Items that training never saw": studies.cold,
    "The popularity dial": studies.dial,
    "Three seeds": studies.seeds,
    "Not reproduced": lambda bench: experiments(bench),
}


def experiments(bench: "Bench") -> list[str]:
    """What each of :data:`NOT_REPRODUCED` has on the test."""
    lines = ["| experiment | R@10 | NDCG@10 | what was seen |", "|---|---|---|---|"]
    for name, seen in NOT_REPRODUCED.items():
        values = judge(bench.get(name), bench.split.test).values
        lines.append(f"| {name} | {told(interval(values['R@10']))} | {values['NDCG@10'].mean():.3f} | {seen} |")
    return lines


def write_section(bench: "Bench", head: str) -> None:
    """Make one section of the file anew and leave the others as they stand."""
    parts = re.split(r"\n(?=## )", OUT.read_text("utf-8").rstrip("\n"))
    anew = "\n".join([f"## {head}", "", *SECTIONS[head](bench), ""])
    there = any(part.startswith(f"## {head}\n") for part in parts)
    parts = [anew if part.startswith(f"## {head}\n") else part for part in parts] if there else [*parts, anew]
    OUT.write_text("\n".join(parts).rstrip("\n") + "\n", "utf-8")


def write_rows(bench: "Bench", found: Sequence[Figures]) -> None:
    """Put rows of models that were judged later into the tables; the first of ``found`` is what the others are held against,
    and keeps its row in the main one, with the minutes that are told there."""
    text = OUT.read_text("utf-8")
    for heading, of in zip(("| model | R@5", "| model | 0-0", "| model | share"), (main_row, group_row, shown_row), strict=True):
        start = text.index(heading)
        end = text.index("\n\n", start) if "\n\n" in text[start:] else len(text)
        rows = {line.split("|")[1].strip(): line for line in text[start:end].split("\n")}
        rows |= {one.name: of(bench, one) for one in (found[1:] if of is main_row else found)}
        text = text[:start] + "\n".join(rows.values()) + text[end:]
    OUT.write_text(text, "utf-8")


def main_row(bench: "Bench", one: Figures) -> str:
    """Means, the difference to the first, minutes."""
    ahead = f"{told(one.ahead, sign=True)}, p {told_p(one.ahead)}" if one.ahead else ""
    cells = [f"{one.means[name].mean:.4f}" for name in MEASURES]
    of = one.means["R@10"]
    cells[2] = f"**{of.mean:.4f}** [{of.low:.4f}, {of.high:.4f}]"
    minutes = f"{bench.minutes[one.name]:.1f}" if one.name in bench.minutes else ""
    return f"| {one.name} | {' | '.join(cells)} | {ahead} | {minutes} |"


def group_row(bench: "Bench", one: Figures) -> str:
    """By how often the item was taken."""
    return f"| {one.name} | " + " | ".join(f"{group.values['R@10']:.4f}" for group in one.groups) + " |"


def shown_row(bench: "Bench", one: Figures) -> str:
    """What is shown."""
    fair = f"{one.fair.mean:.4f} [{one.fair.low:.4f}, {one.fair.high:.4f}]"
    return f"| {one.name} | {one.shown.covered:.3f} | {one.shown.gini:.3f} | {one.shown.popularity:.1f} | {fair} |"
