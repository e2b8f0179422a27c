"""Generative retrieval is a tree index of dense search.

A node's score is the query against the mean of the documents below it, a leaf's the dense score itself: a beam over such a tree
is a search of an index, and with a beam as wide as the tree it is dense search. So the ten that it finds are set beside the ten
nearest, at growing widths.
"""

import numpy as np

from engine import evaluation
from engine.builds.opened import Build
from engine.claims.base import Claim, Figures, Measured, Verdict, judging, needs_queries
from engine.data.figures import told
from engine.evaluation.run import Tell
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.verdict.shown import Picture, Point

WIDTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
K = 10
NARROW, WHOLE, LESS = "ten nearest found, 1 beam", "ten nearest found, all beams", "nDCG@10 less dense, all beams"
ALL, MOST = 0.999, 0.95


def measure(opened: Build, seed: int, tell: Tell) -> Measured:
    """Share of the ten nearest documents that are found, and nDCG@10, by width; the last is as wide as the tree."""
    split = judging(opened)
    qrels, ids = opened.corpus.qrels[split], [document.id for document in opened.documents]
    texts = [opened.corpus.queries[query] for query in qrels]
    queries = Queries(texts, opened.embed_queries(texts))
    exact = opened.retriever("dense").search(queries, K).rows
    of_dense = evaluation.measure(qrels, evaluation.run_of(qrels, exact, ids), ["nDCG@10"])["nDCG@10"]
    widths = [*(width for width in WIDTHS if width < len(ids)), len(ids)]
    kept, quality = {}, {}
    for place, width in enumerate(widths):
        tell("claim", place, len(widths))
        found = GenerativeRetriever(opened.trie, opened.scorer("centroid"), width).search(queries, K).rows
        kept[width] = np.array([np.isin(true, of).mean() for of, true in zip(found, exact, strict=True)])
        quality[width] = evaluation.measure(qrels, evaluation.run_of(qrels, found, ids), ["nDCG@10"])["nDCG@10"]
    shares = {width: evaluation.interval(of) for width, of in kept.items()}
    means = {width: evaluation.interval(of) for width, of in quality.items()}
    dense = evaluation.interval(of_dense)
    return Measured(
        figures={
            NARROW: shares[widths[0]],
            WHOLE: shares[widths[-1]],
            LESS: evaluation.interval(quality[widths[-1]] - of_dense),
        },
        says=(
            f"Of the ten nearest documents of exact dense search one beam finds {shares[widths[0]].mean:.0%}, "
            f"{widths[-1]:,} beams find {shares[widths[-1]].mean:.1%}; nDCG@10 goes from {means[widths[0]].mean:.3f} to "
            f"{means[widths[-1]].mean:.3f}, where dense search has {told(dense)}."
        ),
        picture=Picture(
            kind="lines",
            x="beams",
            y="share of the ten nearest found",
            lines={"centroid scorer": tuple(Point(x=width, y=of.mean, low=of.low, high=of.high) for width, of in shares.items())},
        ),
        columns=("Beams", "Ten nearest found", "Low", "High", "nDCG@10", "Low ", "High "),
        rows=tuple((width, *(round(v, 4) for v in (*shares[width], *means[width]))) for width in widths),
        notes=(
            f"{len(qrels):,} {split} queries; the centroid scorer, which nobody trained, over this build's own identifiers.",
            "The other half of the claim, for many vectors a document (the alignment matrix of a trained transformer), is left "
            "aside here.",
        ),
        queries=len(qrels),
    )


def judge(figures: Figures) -> Verdict:
    """See the rule of :data:`CLAIM`."""
    if figures[WHOLE].mean >= ALL and figures[NARROW].high < figures[WHOLE].mean:
        return "holds"
    return "holds partly" if figures[WHOLE].mean >= MOST else "does not hold here"


CLAIM = Claim(
    number=1,
    key="tree-index",
    statement="Generative retrieval is a tree index of dense search: as the beam grows, it returns what dense search returns.",
    source="Generative retrieval as dense retrieval (Nguyen and Yates 2023); as multi-vector dense retrieval (Wu et al. 2024)",
    rule=(
        f"It holds where a beam as wide as the tree finds at least {ALL:.1%} of the ten nearest and one beam certainly fewer, "
        f"and partly from {MOST:.0%} on."
    ),
    change="A scorer that was trained on labels: it is no dense search any more, whatever its width.",
    seconds=5,
    refuses=needs_queries,
    measure=measure,
    judge=judge,
)
