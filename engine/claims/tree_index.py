"""Generative retrieval is a tree index of dense search.

A node's score is the query against the mean of the documents below it, a leaf's the dense score itself: a beam over such a tree
is a search of an index, and with a beam as wide as the tree it is dense search. So the ten that it finds are set beside the ten
nearest, at growing widths.

For many vectors a query the claim is that of Wu et al. (2024): a trained transformer's score is late interaction by an alignment
matrix of its own (:mod:`engine.claims.alignment`). So one is trained where there are queries to learn from, the matrix of one hit
is shown, and the transformer is asked with its tokens left out and with an even matrix.
"""

from typing import NamedTuple

import numpy as np

from engine import evaluation
from engine.builds.opened import Build
from engine.claims import alignment
from engine.claims.base import Claim, Figures, Measured, Verdict, judging, needs_queries
from engine.claims.trained import TRAIN
from engine.data.figures import Interval, told
from engine.decoding import DEFAULT_BEAMS
from engine.evaluation.run import Tell
from engine.retrievers import Queries
from engine.retrievers.generative import GenerativeRetriever
from engine.scorers import transformer
from engine.text import token_states
from engine.verdict.shown import Picture, Point

WIDTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
K = 10
NARROW, WHOLE, LESS = "ten nearest found, 1 beam", "ten nearest found, all beams", "nDCG@10 less dense, all beams"
ALL, MOST = 0.999, 0.95
FORM, ONE, EVEN = "said by the alignment form", "nDCG@10 less that of one vector a query", "nDCG@10 less that of an even matrix"
# Of how a trained correction differs over siblings, what the alignment form must account for.
HALF = 0.5


class Many(NamedTuple):
    """The second half: figures, sentence, heat map, note."""

    figures: dict[str, Interval]
    says: str
    picture: Picture | None
    note: str


LEFT = Many({}, "", None, "The other half, for many vectors a query, needs judged train queries to train a transformer on.")


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
    many = many_vectors(opened, queries, seed, tell) if opened.corpus.qrels.get(TRAIN) else LEFT
    return Measured(
        figures={
            NARROW: shares[widths[0]],
            WHOLE: shares[widths[-1]],
            LESS: evaluation.interval(quality[widths[-1]] - of_dense),
            **many.figures,
        },
        says=(
            f"Of the ten nearest documents of exact dense search one beam finds {told(shares[widths[0]])}, "
            f"{widths[-1]:,} beams find {told(shares[widths[-1]])}; nDCG@10 goes from {told(means[widths[0]])} to "
            f"{told(means[widths[-1]])}, where dense search has {told(dense)}.{many.says}"
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
            many.note,
        ),
        queries=len(qrels),
        beside=many.picture,
    )


def many_vectors(opened: Build, queries: Queries, seed: int, tell: Tell) -> Many:
    """Train a transformer, and see how much of what it says has the form of late interaction, and what its matrix is worth."""
    scorer = alignment.taught(opened, seed, tell)
    qrels, ids = opened.corpus.qrels[judging(opened)], [document.id for document in opened.documents]
    assert queries.vectors is not None
    asked = transformer.encode(queries.texts, queries.vectors, opened.parts, {})

    def quality(by: transformer.TransformerScorer, of: list[np.ndarray]) -> np.ndarray:
        rows = alignment.searched(by, of, DEFAULT_BEAMS, K + 1)
        return evaluation.measure(qrels, evaluation.run_of(qrels, rows, ids), ["nDCG@10"])["nDCG@10"]

    whole, one = quality(scorer, asked), quality(scorer, [query[:1] for query in asked])
    even = quality(alignment.evenly(scorer), asked)
    leaf_of = opened.trie.leaves_of(np.arange(len(ids)))
    found = {}
    for place, grades in enumerate(qrels.values()):
        rows = [opened.row_of[document] for document, grade in grades.items() if grade > 0 and document in opened.row_of]
        if (row := next((row for row in rows if leaf_of[row] >= 0), None)) is not None:
            found[place] = row, alignment.align(scorer, asked[place], int(leaf_of[row]))
    figures = {
        FORM: evaluation.interval(np.array([aligned.agreement**2 for _, aligned in found.values()])),
        ONE: evaluation.interval(whole - one),
        EVEN: evaluation.interval(whole - even),
    }
    # Of those that it answers best the shortest: a picture of few columns.
    shown = min(found, key=lambda place: (-whole[place], len(asked[place])))
    row, aligned = found[shown]
    path = alignment.path_of(opened.trie, int(leaf_of[row]))[1:]
    return Many(
        figures,
        f" Of what a trained transformer adds to the tree's own scores {told(figures[FORM])} has the form of late interaction, "
        f"an alignment of codes and query tokens; asked with one vector in place of all tokens its nDCG@10 is "
        f"{told(figures[ONE], sign=True)} less, with an even alignment {told(figures[EVEN], sign=True)}.",
        Picture(
            kind="cells",
            x="",
            y=f"A: how each code of {opened.titles()[row]} attends to the query",
            across=("the whole query", *token_states.words(queries.texts[shown], opened.model)),
            down=tuple(f"code {level}: {opened.names[node]}" for level, node in enumerate(path, 1)),
            cells=tuple(tuple(round(float(value), 4) for value in line) for line in aligned.weights),
        ),
        f"The second half: a transformer scorer ({alignment.SETTINGS['size']}), {alignment.STEPS} steps of {alignment.BATCH} "
        f"pairs of train, the last judged, nDCG@10 {told(evaluation.interval(whole))}. A is its last block's cross-attention, "
        "the mean of the heads. The form's share is the squared correlation with the whole correction, over all codes that may "
        f"stand on the way to an answer, layer norm held still; {len(found):,} queries.",
    )


def judge(figures: Figures) -> Verdict:
    """See the rule of :data:`CLAIM`."""
    many = FORM not in figures or figures[FORM].low > HALF
    if figures[WHOLE].mean >= ALL and figures[NARROW].high < figures[WHOLE].mean and many:
        return "holds"
    return "holds partly" if figures[WHOLE].mean >= MOST else "does not hold here"


CLAIM = Claim(
    number=1,
    key="tree-index",
    statement="Generative retrieval is a tree index of dense search: as the beam grows, it returns what dense search returns.",
    source="Generative retrieval as dense retrieval (Nguyen and Yates 2023); as multi-vector dense retrieval (Wu et al. 2024)",
    rule=(
        f"It holds where a beam as wide as the tree finds at least {ALL:.1%} of the ten nearest and one beam certainly fewer, "
        f"and where a transformer can be trained certainly more than {HALF:.0%} of its correction has that of late interaction; "
        f"partly where not, and from {MOST:.0%} of the ten nearest on. The {HALF:.0%} was set after a first look at "
        "films and NFCorpus."
    ),
    change="A scorer that was trained on labels: it is no dense search any more, whatever its width.",
    seconds=40,
    refuses=needs_queries,
    measure=measure,
    judge=judge,
)
