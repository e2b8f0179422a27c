"""A beam loses what a perfect model would rank first: precision holds, the recall of the first ten is bounded.

A beam keeps the prefixes whose documents together are likeliest. Where a few documents are relevant and very many others are a
little so, the others decide which prefixes are kept: a tail that is thick beats a peak that is thin. The synthetic corpus has ten
relevant documents among ten thousand, each twice as likely as any other, and the model is perfect: it knows every prefix's true
probability. Beside it stands this catalogue with its training-free scorer, whose own exact ranking is the truth.
"""

from typing import Any

import numpy as np

from engine import trie
from engine.builds.opened import Build
from engine.claims.base import Claim, Figures, Measured, Verdict, judging, needs_queries
from engine.data.figures import told
from engine.decoding import decode
from engine.decoding.exact import exact_search
from engine.decoding.strategies.paths import lineage
from engine.evaluation import interval
from engine.evaluation.run import Tell
from engine.scorers.base import Abilities, Scored, log_softmax_within
from engine.trie import Children, Trie
from engine.verdict.shown import Cell, Picture, Point

K, WIDTHS = 10, (10, 20, 50, 100, 200, 500)
# Of the synthetic corpus: documents, codes a level, levels, how much likelier a relevant document is, and how often it is drawn.
DOCUMENTS, CODES, LEVELS, LIKELIER, CORPORA = 10_000, 32, 3, 2.0, 40
# Queries of the catalogue that are asked.
QUERIES = 200
BOUND = 0.5
SYNTHETIC, FIRST, TEN = "synthetic, ten kept", "here, first kept", "here, ten kept"


class Perfect:
    """A scorer that knows the probability of every prefix.

    Parameters
    ----------
    tree : Trie
        Scored over.
    weight : np.ndarray
        Float ``(documents,)``: how likely each document row is, up to a factor.
    """

    name = "perfect"
    abilities = Abilities()

    def __init__(self, tree: Trie, weight: np.ndarray):
        below = np.concatenate([[0], np.cumsum(weight[tree.documents])])
        self.log_mass = np.log(below[tree.doc_stop] - below[tree.doc_start]).astype(np.float32)

    def start(self, query: np.ndarray, temperature: float = 1.0) -> None:
        """See :class:`engine.scorers.base.Scorer`."""

    def score(self, state: Any, nodes: np.ndarray, totals: np.ndarray, children: Children) -> Scored:
        """See :class:`engine.scorers.base.Scorer`."""
        total = self.log_mass[children.node]
        return Scored(log_softmax_within(total, children.parent, len(nodes)), total)

    def masked(self, state: Any, level: int, nodes: np.ndarray, children: Children) -> np.ndarray:
        """See :class:`engine.scorers.base.Scorer`: nothing."""
        return np.zeros(len(nodes), np.float32)


def synthetic(rng: np.random.Generator) -> tuple[Trie, np.ndarray]:
    """A corpus with identifiers dealt out at random, and how likely each document is; the first :data:`K` rows are relevant."""
    numbers = rng.choice(CODES**LEVELS, DOCUMENTS, replace=False)
    codes = np.stack([numbers // CODES**level % CODES for level in reversed(range(LEVELS))], axis=1)
    weight = rng.uniform(0, 1, DOCUMENTS)
    weight[:K] = LIKELIER
    return trie.build(codes.astype(np.int32)), weight


def measure(opened: Build, seed: int, tell: Tell) -> Measured:
    """Share of the first ten of exact search that a beam keeps, by width, and where the others were cut."""
    rng, recall = np.random.default_rng(seed), np.empty((CORPORA, len(WIDTHS)))
    for place in range(CORPORA):
        tell("claim", place, CORPORA)
        tree, weight = synthetic(rng)
        perfect = Perfect(tree, weight)
        for column, width in enumerate(WIDTHS):
            found = decode(tree, perfect, np.zeros((1, 1), np.float32), width)[0].documents(tree, K)[0]
            recall[place, column] = (found < K).mean()
    split = judging(opened)
    asked = list(opened.corpus.qrels[split])[:QUERIES]
    queries = opened.embed_queries([opened.corpus.queries[query] for query in asked])
    ten, first, cut = _here(opened, queries)
    of = {name: [interval(values) for values in table.T] for name, table in ((SYNTHETIC, recall), (FIRST, first), (TEN, ten))}
    rows: list[tuple[Cell, ...]] = [
        (name, width, *(round(v, 4) for v in one)) for name, line in of.items() for width, one in zip(WIDTHS, line, strict=True)
    ]
    lost, less = int(cut.sum()), interval(ten[:, 0] - first[:, 0])
    where = ", ".join(f"{number / max(lost, 1):.0%} at level {level}" for level, number in enumerate(cut, 1) if number)
    return Measured(
        figures={name: line[0] for name, line in of.items()} | {"here, ten less first": less},
        says=(
            f"Ten beams of a perfect model find {told(of[SYNTHETIC][0])} of the ten relevant documents of the synthetic corpus, "
            f"{WIDTHS[-1]} beams {told(of[SYNTHETIC][-1])}. On this catalogue ten beams keep the first document of exact search "
            f"for {told(of[FIRST][0])} of the queries, and {told(of[TEN][0])} of its first ten, {told(less, sign=True)}"
            + (f"; of what they lose, {where}." if where else ".")
        ),
        picture=Picture(
            kind="lines",
            x="beams",
            y="share of the first of exact search that is kept",
            lines={
                name: tuple(Point(x=x, y=one.mean, low=one.low, high=one.high) for x, one in zip(WIDTHS, line, strict=True))
                for name, line in of.items()
            },
        ),
        columns=("Of", "Beams", "Share kept", "Low", "High"),
        rows=tuple(rows),
        notes=(
            f"Synthetic: {CORPORA} corpora of {DOCUMENTS:,} documents, {LEVELS} codes of {CODES}, dealt out at random; ten are "
            f"relevant and {LIKELIER:g} times as likely as the likeliest other, whose weights are uniform. Ours, after the "
            "argument of the source.",
            f"Here: the first {len(asked):,} {split} queries, centroid scorer; exact search scores every node.",
            "Where each document was cut can be looked at on Decode (pin one) and on Compare.",
        ),
        queries=len(asked),
    )


def _here(opened: Build, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each query and width whether the exact first ten leaves, and the first, are kept: float64 ``(queries, widths)``; and of
    those that ten beams lose, how many at each level."""
    tree, scorer = opened.trie, opened.scorer("centroid")
    ten, first = np.empty((len(queries), len(WIDTHS))), np.empty((len(queries), len(WIDTHS)))
    cut = np.zeros(tree.levels, np.int64)
    exact = [exact_search(tree, scorer, query)[0][:K] for query in queries]
    for column, width in enumerate(WIDTHS):
        for row, (trace, best) in enumerate(zip(decode(tree, scorer, queries, width), exact, strict=True)):
            kept = np.isin(best, trace.leaves)
            ten[row, column], first[row, column] = kept.mean(), kept[0]
            if column == 0:
                paths = lineage(tree, best)
                there = np.stack([np.isin(nodes, step.kept.node) for nodes, step in zip(paths, trace.steps, strict=True)])
                cut += np.bincount(there.argmin(axis=0)[~there.all(axis=0)], minlength=tree.levels)
    return ten, first, cut


def judge(figures: Figures) -> Verdict:
    """See the rule of :data:`CLAIM`."""
    bounded, here = figures[SYNTHETIC].high < BOUND, figures["here, ten less first"].high < 0
    return "holds" if bounded and here else "holds partly" if bounded or here else "does not hold here"


CLAIM = Claim(
    number=2,
    key="bounded-recall",
    statement="The top-k recall of beam search is bounded, even for a perfect model; the first answer is kept more often.",
    source="Wu et al. 2025 (Constrained auto-regressive decoding constrains generative retrieval)",
    rule=(
        f"It holds where ten beams certainly find less than {BOUND:.0%} of the relevant documents of the synthetic corpus, and "
        "on this catalogue certainly keep less of the first ten than of the first; partly where one of the two is so."
    ),
    change="A wider beam, prefixes that promise the best below them and not the sum (look-ahead on Decode), or best-first.",
    seconds=20,
    refuses=needs_queries,
    measure=measure,
    judge=judge,
)
