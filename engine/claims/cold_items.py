"""Semantic identifiers help items that few people took.

An identifier made of content puts an item that nobody took beside those that are like it, so what is known of them carries over.
The counting scorer (:mod:`engine.recommending.counting`) writes the next item with a narrow beam over the build's own identifiers
and over the same ones dealt out at random; the right items are told apart by how often they were taken in training.
"""

import numpy as np

from engine import trie
from engine.builds.opened import Build
from engine.claims.base import Claim, Figures, Measured, Verdict
from engine.data.figures import told
from engine.evaluation import interval
from engine.evaluation.run import Tell
from engine.recommending import on_disk
from engine.recommending.counting import Counting
from engine.recommending.evaluated import FREQUENCIES
from engine.recommending.judging import judge as judged
from engine.verdict.shown import Cell, Dot, Picture

BEAMS, QUESTIONS, MEASURE = 10, 4000, "R@10"
OWN, DEALT = "identifiers of this build", "dealt out at random"
# Groups of fewer questions say nothing.
FEWEST = 20


def named(low: int, high: int) -> str:
    """A group of items in words.

    >>> [named(*group) for group in FREQUENCIES]
    ['taken never', 'taken 1 to 5 times', 'taken 6 to 20 times', 'taken more than 20 times']
    """
    if high == 0:
        return "taken never"
    return f"taken {low} to {high} times" if high < FREQUENCIES[-1][1] else f"taken more than {low - 1} times"


def measure(opened: Build, seed: int, tell: Tell) -> Measured:
    """R@10 over both trees, and the difference, by how often the right item was taken."""
    known, rng = on_disk.Interactions(opened), np.random.default_rng(seed)
    held = known.test.pick(np.sort(rng.permutation(len(known.test.targets))[:QUESTIONS]))
    trees = {OWN: opened.trie, DEALT: trie.build(opened.codes[rng.permutation(len(opened.codes))])}
    values = {}
    for place, (name, tree) in enumerate(trees.items()):
        tell("claim", place, len(trees))
        values[name] = judged(Counting(known.matrix, tree, known.popularity, BEAMS), held).values[MEASURE]
    taken = known.popularity[held.targets]
    figures, dots = {}, []
    rows: list[tuple[Cell, ...]] = []
    for low, high in FREQUENCIES:
        within = (taken >= low) & (taken <= high)
        if within.sum() < FEWEST:
            continue
        figures[named(low, high)] = interval(values[OWN][within] - values[DEALT][within])
        for name, of in values.items():
            found = interval(of[within])
            rows.append((named(low, high), name, *(round(value, 4) for value in found), int(within.sum())))
            dots.append(Dot(name=f"{named(low, high)}, {name}", **found._asdict(), strong=name == OWN))
    gains = "; ".join(f"items {name} {told(of, sign=True)}" for name, of in figures.items())
    return Measured(
        figures=figures,
        says=f"Over identifiers that mean something {MEASURE} at {BEAMS} beams gains: {gains}.",
        picture=Picture(kind="dots", x=f"{MEASURE} at {BEAMS} beams, 95% interval over people", dots=tuple(dots)),
        columns=("Right item", "Identifiers", MEASURE, "Low", "High", "Questions"),
        rows=tuple(rows),
        notes=(
            f"{len(held.targets):,} of {len(known.test.targets):,} people (seed {seed}); the counting scorer, untrained, over "
            "the item-item matrix; items of the history are left out, the whole catalogue is ranked.",
            f"Groups of fewer than {FEWEST} questions are left out. Wide beams hide what identifiers mean: with hundreds both "
            "trees give the matrix's own list.",
        ),
        queries=len(held.targets),
    )


def refuses(opened: Build) -> str:
    """Why it cannot be tested."""
    return "" if on_disk.is_there(opened.folder) else "nobody has taken anything from it (`engine interactions` joins who did)"


def judge(figures: Figures) -> Verdict:
    """See the rule of :data:`CLAIM`."""
    rare = [figures[name] for name in (named(*group) for group in FREQUENCIES[:2]) if name in figures]
    if not rare:
        return "not testable here"
    gained = [of.low > 0 for of in rare]
    return "holds" if all(gained) and len(rare) == 2 else "holds partly" if any(gained) else "does not hold here"


CLAIM = Claim(
    number=6,
    key="cold-items",
    statement="Semantic identifiers help items that few people took, and those that nobody took yet.",
    source="Rajput et al. 2023 (TIGER); Singh et al. 2023 (Better generalization with semantic IDs)",
    rule=(
        "It holds where, against identifiers dealt out at random, R@10 certainly gains both for items that nobody took and for "
        "those taken one to five times; partly where it gains for one of the two; such items must be asked for."
    ),
    change="A scorer that was trained on the identifiers; identifiers from behaviour, which know nothing of a new item.",
    seconds=60,
    refuses=refuses,
    measure=measure,
    judge=judge,
)
