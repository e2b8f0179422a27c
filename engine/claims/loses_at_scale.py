"""Generative retrieval falls behind keyword search as the catalogue grows.

The same queries are asked in parts of the catalogue and in the whole, as the verdict does (:mod:`engine.verdict.sizes`).
"""

from engine.builds.opened import Build
from engine.claims.base import Claim, Figures, Measured, Verdict, judging, needs_queries
from engine.data.figures import told
from engine.decoding import DEFAULT_BEAMS
from engine.evaluation import Asked
from engine.evaluation.run import Tell
from engine.verdict import sizes

SMALL, LARGE = "generative less BM25, smallest", "generative less BM25, whole"


def measure(opened: Build, seed: int, tell: Tell) -> Measured:
    """nDCG@10 of BM25, dense and generative search by the number of documents."""
    split = judging(opened)
    asked = Asked(opened.corpus.queries, opened.corpus.qrels[split])
    found = sizes.sizes(opened, asked, DEFAULT_BEAMS, seed, tell)
    names = (sizes.OURS, *sizes.BESIDE)
    first, last = found[0], found[-1]
    return Measured(
        figures={SMALL: first.less_bm25, LARGE: last.less_bm25},
        says=(
            f"With {first.documents:,} documents generative search (scorer {opened.default_scorer}) has "
            f"{first.quality[sizes.OURS].mean:.3f} nDCG@10 and BM25 {first.quality['bm25'].mean:.3f}; with all "
            f"{last.documents:,} they have {last.quality[sizes.OURS].mean:.3f} and {last.quality['bm25'].mean:.3f}. The "
            f"difference goes from {told(first.less_bm25, sign=True)} to {told(last.less_bm25, sign=True)}."
        ),
        picture=sizes.picture(found),
        columns=("Documents", "Parts", *names, "Generative less BM25", "Low", "High"),
        rows=tuple(
            (
                one.documents,
                one.parts,
                *(round(one.quality[name].mean, 4) for name in names),
                *(round(v, 4) for v in one.less_bm25),
            )
            for one in found
        ),
        notes=(
            f"{last.queries:,} {split} queries, {DEFAULT_BEAMS} beams. The catalogue is dealt out into parts; a query is asked "
            "in each that holds an answer to it, and its mean counts.",
            f"No more than {last.documents:,} documents are here, and the claim is about hundreds of thousands: what lies beyond "
            "is not shown. Time by size is on the page Verdict.",
        ),
        queries=last.queries,
    )


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
