"""Identifiers that are fitted again on a grown catalogue are other identifiers.

A part of the catalogue is left out and identifiers are fitted on the rest, then on all of it, as a nightly rebuild would. What
the documents that were there all along keep of their codes is counted as written; and of the first code also after the best
renaming, one for one: what is lost even then has moved to another group. (Deeper groups hold a document or two, so a renaming of
them says nothing.) Several parts are drawn, so that a figure has an interval.
"""

import numpy as np

from engine import identifiers
from engine.builds.opened import Build
from engine.claims.base import Claim, Figures, Measured, Verdict
from engine.data.figures import told
from engine.evaluation import interval
from engine.evaluation.run import Tell
from engine.identifiers.churn import churn
from engine.identifiers.rq_kmeans import default_codes
from engine.verdict.shown import Dot, Picture

SCHEME, DRAWS, GROWS = "rq-kmeans", 10, 0.2
HALF = 0.5
WRITTEN, RENAMED = "as written", "first code, renamed"


def measure(opened: Build, seed: int, tell: Tell) -> Measured:
    """Share of documents that keep their first codes, by depth."""
    vectors, rng = np.asarray(opened.embeddings), np.random.default_rng(seed)
    codes = default_codes(len(vectors))  # the same number both times: else nothing could stay
    whole = identifiers.fit(SCHEME, vectors, {"codes": codes}, seed, resolver="leave").codes
    drawn = []
    for draw in range(DRAWS):
        tell("claim", draw, DRAWS)
        there = np.sort(rng.permutation(len(vectors))[: round(len(vectors) * (1 - GROWS))])
        before = identifiers.fit(SCHEME, vectors[there], {"codes": codes}, seed, resolver="leave").codes
        drawn.append(churn(before, whole[there]))
    figures = {RENAMED: interval(np.array([kept[0].renamed for kept in drawn], np.float64))}
    for place, one in enumerate(drawn[0]):
        figures[f"{WRITTEN}, level {one.depth}"] = interval(np.array([kept[place].same for kept in drawn]))
    deep = len(drawn[0])
    first, last = figures[RENAMED], figures[f"{WRITTEN}, level {deep}"]
    return Measured(
        figures=figures,
        says=(
            f"When the catalogue grows by a quarter and identifiers are fitted anew, {told(last)} of the documents that were "
            f"there keep all {deep} codes as written; after the best renaming {told(first)} keep their first group."
        ),
        picture=Picture(
            kind="dots",
            x="share of documents that keep their codes up to a level, 95% interval over draws",
            dots=tuple(Dot(name=name, **of._asdict(), strong=name == RENAMED) for name, of in figures.items()),
            at=HALF,
            at_told="half",
        ),
        columns=("Codes", "Share kept", "Low", "High"),
        rows=tuple((name, *(round(value, 4) for value in of)) for name, of in figures.items()),
        notes=(
            f"{DRAWS} draws of {1 - GROWS:.0%} of the {len(vectors):,} documents; {SCHEME}, {codes} codes a level, the same seed "
            "for all fits, numbers that tell documents apart left out.",
            "New documents that are placed by the codes there are (`add`) change nobody's identifier; how far that carries, the "
            "shell's `add` says.",
        ),
        queries=0,
    )


def judge(figures: Figures) -> Verdict:
    """See the rule of :data:`CLAIM`."""
    *_, written = (of for name, of in figures.items() if name.startswith(WRITTEN))
    if written.high >= HALF:
        return "does not hold here"
    return "holds" if figures[RENAMED].high < HALF else "holds partly"


CLAIM = Claim(
    number=10,
    key="identifier-churn",
    statement="Identifiers that are fitted again on a grown catalogue change, so whatever learned them is lost.",
    source="Singh et al. 2023 (Better generalization with semantic IDs), who freeze the codes for that reason",
    rule=(
        "It holds where certainly less than half of the documents keep their identifier as written, and less than half their "
        "first group after the best renaming; partly where renaming saves half."
    ),
    change="A fit that starts from the codes before, or one that is told to stay near them.",
    seconds=10,
    refuses=lambda opened: "",
    measure=measure,
    judge=judge,
)
