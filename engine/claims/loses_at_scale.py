"""Generative retrieval falls behind keyword search as the catalogue grows.

The same queries are asked in parts of the catalogue and in the whole, as the verdict does (:mod:`engine.verdict.sizes`), and in
it with synthetic copies, up to a million documents (:mod:`engine.claims.beyond`): these show where the curve goes and what a
query takes, and decide nothing.
"""

from collections.abc import Sequence

from engine.builds.opened import Build
from engine.claims import beyond
from engine.claims.base import Claim, Figures, Measured, Verdict, judging, needs_queries
from engine.data.figures import told
from engine.decoding import DEFAULT_BEAMS
from engine.evaluation import Asked
from engine.evaluation.run import Tell
from engine.retrievers import Queries
from engine.verdict import sizes
from engine.verdict.shown import Cell, Picture, Point

# Documents of the steps, as far as a catalogue goes and ten times beyond.
LADDER, BEYOND = (1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000), 10
SMALL, LARGE = "generative less BM25, smallest", "generative less BM25, whole"


def measure(opened: Build, seed: int, tell: Tell) -> Measured:
    """nDCG@10 of BM25, dense and generative search by the number of documents."""
    split = judging(opened)
    asked = Asked(opened.corpus.queries, opened.corpus.qrels[split])
    found = sizes.sizes(opened, asked, DEFAULT_BEAMS, seed, tell)
    steps = ladder(opened, asked, seed, tell)
    names = (sizes.OURS, *sizes.BESIDE)
    first, last = found[0], found[-1]
    return Measured(
        figures={SMALL: first.less_bm25, LARGE: last.less_bm25},
        says=(
            f"With {first.documents:,} documents generative search (scorer {opened.default_scorer}) has "
            f"{told(first.quality[sizes.OURS])} nDCG@10 and BM25 {told(first.quality['bm25'])}; with all "
            f"{last.documents:,} they have {told(last.quality[sizes.OURS])} and {told(last.quality['bm25'])}. The "
            f"difference goes from {told(first.less_bm25, sign=True)} to {told(last.less_bm25, sign=True)}.{_far(steps)}"
        ),
        picture=_quality(found, steps),
        beside=_time(steps),
        columns=(
            "Documents",
            "Of these real",
            "Parts",
            *names,
            "Generative less BM25",
            "Low",
            "High",
            *(f"{name}, ms" for name in names),
        ),
        rows=(*(_row(one) for one in found), *(_step(one) for one in steps)),
        notes=(
            f"{last.queries:,} {split} queries, {DEFAULT_BEAMS} beams. The catalogue is dealt out into parts; a query is asked "
            "in each that holds an answer to it, and its mean counts.",
            f"No more than {last.documents:,} documents are real. Beyond are synthetic copies: a real vector with noise as long "
            "as documents of one node differ by, a real text with as many words drawn anew as they do not share; identifiers are "
            "fitted anew, the centroid scorer decodes. How near copies come to real documents is made up: they decide nothing.",
            f"Rows with a time are one catalogue each: in a part of the real one all answers are kept. The time is the median of "
            f"{beyond.TIMED} queries after encoding, one thread; dense search is exact.",
        ),
        queries=last.queries,
    )


def ladder(opened: Build, asked: Asked, seed: int, tell: Tell) -> list[beyond.Step]:
    """Steps of growing size: parts of the catalogue that hold all answers and as many others at least, the whole, and copies."""
    there = len(opened.documents)
    qrels = {
        query: kept
        for query, grades in asked.qrels.items()
        if (kept := {one: grade for one, grade in grades.items() if grade > 0 and one in opened.row_of})
    }
    texts = [asked.queries[query] for query in qrels]
    queries = Queries(texts, opened.embed_queries(texts))
    answers = len({one for grades in qrels.values() for one in grades})
    wanted = [size for size in LADDER if 2 * answers <= size <= 0.8 * there or 1.25 * there <= size <= BEYOND * there]
    wanted = sorted([*wanted, there])
    found = []
    for place, size in enumerate(wanted):
        tell("claim", place, len(wanted))
        found.append(beyond.step(opened, qrels, queries, size, DEFAULT_BEAMS, seed))
    return found


def _far(steps: Sequence[beyond.Step]) -> str:
    last = steps[-1]
    if last.documents == last.real:
        return ""
    times = ", ".join(f"{name} {last.latency[name].p50:.3g} ms" for name in beyond.NAMES)
    return (
        f" With synthetic copies, {last.documents:,} documents in all, it is {told(last.less_bm25, sign=True)} "
        f"({sizes.OURS} {last.quality[sizes.OURS].mean:.3f}, BM25 {last.quality['bm25'].mean:.3f}, dense "
        f"{last.quality['dense'].mean:.3f}), and a query takes {times}."
    )


def _quality(found: Sequence[sizes.Size], steps: Sequence[beyond.Step]) -> Picture:
    """The parts and the whole, then what lies beyond."""
    near = sizes.picture(list(found))
    far = [one for one in steps if one.documents > one.real]
    lines = {
        name: (
            *points,
            *(
                Point(x=one.documents, y=one.quality[name].mean, low=one.quality[name].low, high=one.quality[name].high)
                for one in far
            ),
        )
        for name, points in near.lines.items()
    }
    return near.model_copy(update={"lines": lines, "x": "documents" + (f", beyond {far[0].real:,} synthetic" if far else "")})


def _time(steps: Sequence[beyond.Step]) -> Picture:
    return Picture(
        kind="lines",
        x="documents",
        y="ms of a query, median",
        log=True,
        lines={name: tuple(Point(x=one.documents, y=one.latency[name].p50) for one in steps) for name in beyond.NAMES},
    )


def _row(one: sizes.Size) -> tuple[Cell, ...]:
    means = (round(one.quality[name].mean, 4) for name in beyond.NAMES)
    return (one.documents, one.documents, one.parts, *means, *(round(v, 4) for v in one.less_bm25), None, None, None)


def _step(one: beyond.Step) -> tuple[Cell, ...]:
    means, times = (round(one.quality[name].mean, 4) for name in beyond.NAMES), (one.latency[name].p50 for name in beyond.NAMES)
    return (one.documents, one.real, None, *means, *(round(v, 4) for v in one.less_bm25), *times)


def judge(figures: Figures) -> Verdict:
    """See the rule of :data:`CLAIM`."""
    behind = figures[LARGE].high < 0
    falling = figures[LARGE].high < figures[SMALL].low
    return "holds" if behind and falling else "holds partly" if behind or falling else "does not hold here"


CLAIM = Claim(
    number=4,
    key="loses-at-scale",
    statement="Generative retrieval loses to BM25 as the catalogue grows.",
    source="Pradeep et al. 2023 (How does generative retrieval scale to millions of passages?); Zeng et al. 2024 (RIPOR)",
    rule=(
        "It holds where generative search is certainly behind BM25 on the whole catalogue and the difference certainly fell from "
        "the smallest part on, partly where one of the two is so."
    ),
    change="A catalogue of another size: a hundred times as many documents are what the claim is about.",
    seconds=20,
    refuses=needs_queries,
    measure=measure,
    judge=judge,
)
