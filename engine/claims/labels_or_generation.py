"""Trained generative retrieval is ahead of dense retrieval: is it generation, or the labels?

A generator learns from judged queries; the dense retriever that it is compared with often has seen none. Here both have the same
ones, from a hundredth of them to all: the node scorer is trained on them, and dense search has its documents moved towards the
queries that they answer, which takes no training (:mod:`engine.retrievers.moved`). Dense search without any is beside them.
"""

import numpy as np

from engine import evaluation
from engine.builds.opened import Build
from engine.claims import trained
from engine.claims.base import Claim, Figures, Measured, Verdict, judging
from engine.claims.random_identifiers import ratio
from engine.claims.trained import LEAST, NAME, STEPS, TRAIN
from engine.data.corpus import Corpus
from engine.data.figures import Interval, told
from engine.evaluation.run import Tell
from engine.verdict.shown import Cell, Picture, Point

SHARES, SCHEME, MEASURE = (0.01, 0.1, 1.0), "rq-kmeans", "nDCG@10"
SHOWN = {"generative, trained": NAME, "dense, same labels": "moved", "dense, no label": "dense", "BM25": "bm25"}
AGAINST = "generative over BM25"


def less(queries: int) -> str:
    """What the difference with so many train queries is called."""
    return f"generative less dense, {queries:,} queries"


def fewer(corpus: Corpus, share: float, seed: int) -> Corpus:
    """The same corpus with a share of its train queries, drawn by the seed; more of them hold the fewer.

    >>> whole = Corpus("c", [], {}, {"train": {str(q): {"d": 1} for q in range(10)}, "test": {"t": {"d": 1}}}, [])
    >>> some = fewer(whole, 0.3, 0)
    >>> len(some.qrels["train"]), some.qrels["test"] == whole.qrels["test"]
    (3, True)
    """
    queries = list(corpus.qrels[TRAIN])
    drawn = np.random.default_rng(seed).permutation(len(queries))[: max(1, round(share * len(queries)))]
    kept = {queries[place]: corpus.qrels[TRAIN][queries[place]] for place in sorted(drawn.tolist())}
    return corpus._replace(qrels=corpus.qrels | {TRAIN: kept})


def measure(opened: Build, seed: int, tell: Tell) -> Measured:
    """nDCG@10 of both by the number of train queries."""
    split, values = judging(opened), {}
    for share in SHARES:
        corpus = fewer(opened.corpus, share, seed)
        with trained.trained(opened, corpus, SCHEME, seed, tell) as built:
            found = evaluation.evaluate(built, split, list(SHOWN.values()), measures=[MEASURE])
        values[len(corpus.qrels[TRAIN])] = {name: found.values[of][MEASURE] for name, of in SHOWN.items()}
    ours, theirs = list(SHOWN)[:2]
    differences = {number: evaluation.interval(of[ours] - of[theirs]) for number, of in values.items()}
    most = max(values)
    over = ratio(values[most][ours], values[most]["BM25"], seed)
    means: dict[tuple[str, int], Interval] = {
        (name, number): evaluation.interval(of[name]) for name in SHOWN for number, of in values.items()
    }
    rows: list[tuple[Cell, ...]] = [(name, number, *(round(value, 4) for value in of)) for (name, number), of in means.items()]
    return Measured(
        figures={less(number): of for number, of in differences.items()} | {AGAINST: over},
        says=(
            f"With all {most:,} train queries the trained generator has {told(means[ours, most])} {MEASURE}, dense search "
            f"with the same labels {told(means[theirs, most])}, without any {told(means['dense, no label', most])}. What "
            f"is not the labels' is {told(differences[most], sign=True)}."
        ),
        picture=Picture(
            kind="lines",
            x="train queries",
            y=MEASURE,
            lines={
                name: tuple(
                    Point(x=number, y=means[name, number].mean, low=means[name, number].low, high=means[name, number].high)
                    for number in values
                )
                for name in SHOWN
            },
        ),
        columns=("Retriever", "Train queries", MEASURE, "Low", "High"),
        rows=tuple(rows),
        notes=(
            f"Node scorer, {STEPS} steps on each share of the train queries, weights chosen on development queries, seed {seed}; "
            f"judged on {len(opened.corpus.qrels[split]):,} {split} queries at the usual width.",
            "Dense with the same labels has its documents moved towards their queries. An encoder that is tuned on them takes "
            "minutes and is left aside here; on films it is far ahead of both (README, When the encoder learns).",
        ),
        queries=len(opened.corpus.qrels[split]),
    )


def judge(figures: Figures) -> Verdict:
    """See the rule of :data:`CLAIM`."""
    if figures[AGAINST].mean < LEAST:
        return "not testable here"
    *some, whole = (of for name, of in figures.items() if name != AGAINST)
    if whole.low > 0:
        return "holds" if all(of.high > 0 for of in some) else "holds partly"
    return "holds partly" if any(of.low > 0 for of in some) else "does not hold here"


CLAIM = Claim(
    number=12,
    key="labels-or-generation",
    statement="Trained generative retrieval is ahead of dense retrieval that has the same labels.",
    source="DSI (Tay et al. 2022) and NCI (Wang et al. 2022), read as a claim about generation",
    rule=(
        "It holds where with all train queries the generator is certainly ahead of dense search with the same ones, with fewer "
        f"not certainly behind, partly where it is ahead with some; it is not testable below {LEAST:.0%} of BM25's nDCG@10."
    ),
    change="Longer training, another scorer, or a dense retriever whose encoder learns too, which is the stronger neighbour.",
    seconds=40,
    refuses=trained.refuses,
    measure=measure,
    judge=judge,
)
