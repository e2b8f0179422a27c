"""The loss falls as a power of a model's size.

Six transformers, each twice as wide as the one before, learn to write the same identifiers from the same pairs
(:mod:`engine.claims.sized`); through their losses on queries that nobody learned from or chose by goes the curve

    loss = floor + scale * parameters ** -power

fitted by least squares, and once more for every resample of the queries, which gives the power its interval.
"""

import numpy as np

from engine.builds.opened import Build
from engine.claims import sized
from engine.claims.base import Claim, Figures, Measured, Verdict, judging, needs_queries
from engine.claims.learned_late import Pairs
from engine.claims.trained import TRAIN
from engine.data.figures import Interval, told
from engine.evaluation import interval
from engine.evaluation.run import Tell
from engine.verdict.shown import Picture, Point

PER_DOCUMENT, PIECES, RESAMPLES = 4, 4000, 200
# Of the train queries, those that choose when to stop.
CHOOSING = 0.1
POWER, FALL, LAST, LEFT = "power", "largest less smallest", "largest less the one before", "left by the curve"
MOST_LEFT = 0.02


def measure(opened: Build, seed: int, tell: Tell) -> Measured:
    """Losses by size, and the curve through them."""
    split = judging(opened)
    train, choosing = halved(pairs_of(opened, TRAIN), CHOOSING, seed)
    train = with_pieces(opened, train, seed)
    judged = pairs_of(opened, split)
    sizes, losses = [], []
    for place, width in enumerate(sized.WIDTHS):
        tell("claim", place, len(sized.WIDTHS))
        size, loss = sized.taught(width, opened.codes, train, choosing, judged, seed)
        sizes.append(size)
        losses.append(loss)
    table, of_size = np.array(losses), np.array(sizes, np.float64)
    floor, scale, power = fitted(of_size, table.mean(axis=1))
    drawn = np.random.default_rng(seed).integers(0, table.shape[1], (RESAMPLES, table.shape[1]))
    curves = [fitted(of_size, table[:, some].mean(axis=1)) for some in drawn]
    of_power = Interval(power, *map(float, np.quantile([one[2] for one in curves], (0.025, 0.975))))
    curve = floor + scale * of_size**-power
    lefts = [unexplained(of_size, table[:, some].mean(axis=1), one) for some, one in zip(drawn, curves, strict=True)]
    left = Interval(
        unexplained(of_size, table.mean(axis=1), (floor, scale, power)), *map(float, np.quantile(lefts, (0.025, 0.975)))
    )
    shown = [interval(line) for line in table]
    return Measured(
        figures={
            POWER: of_power,
            FALL: interval(table[-1] - table[0]),
            LAST: interval(table[-1] - table[-2]),
            LEFT: left,
        },
        says=(
            f"From {sizes[0]:,} to {sizes[-1]:,} parameters the loss of a whole identifier goes from {told(shown[0])} to "
            f"{told(shown[-1])} nats. The curve is {floor:.2f} + {scale:.3g} * parameters ** -{power:.2f}, the power "
            f"{told(of_power)}; it leaves {told(left)} of how the losses differ."
        ),
        picture=Picture(
            kind="lines",
            x="parameters",
            y="loss of an identifier, nats",
            lines={
                "measured": tuple(
                    Point(x=size, y=of.mean, low=of.low, high=of.high) for size, of in zip(sizes, shown, strict=True)
                ),
                "the curve": tuple(Point(x=size, y=float(y)) for size, y in zip(sizes, curve, strict=True)),
            },
        ),
        columns=("Width", "Parameters", "Loss, nats", "Low", "High", "The curve"),
        rows=tuple(
            (width, size, *(round(v, 4) for v in of), round(float(y), 4))
            for width, size, of, y in zip(sized.WIDTHS, sizes, shown, curve, strict=True)
        ),
        notes=(
            f"{len(train.row):,} pairs to learn from, judged queries and sentences of documents; {len(choosing.row):,} choose "
            f"the step; {len(judged.row):,} pairs of {split} judge. {sized.STEPS} steps of {sized.BATCH} each, seed {seed}, one "
            "seed a size.",
            "Parameters count embeddings and outputs, which are most of the small ones. The interval of the power resamples "
            "pairs, not trainings.",
        ),
        queries=len(opened.corpus.qrels[split]),
    )


def pairs_of(opened: Build, split: str) -> Pairs:
    """Judged queries of a split and the rows of their answers that have an identifier."""
    found = [
        (query, opened.row_of[document])
        for query, grades in opened.corpus.qrels.get(split, {}).items()
        for document, grade in grades.items()
        if grade > 0 and document in opened.row_of and opened.codes[opened.row_of[document], 0] >= 0
    ]
    asked = list(dict.fromkeys(query for query, _ in found))
    of = dict(zip(asked, opened.embed_queries([opened.corpus.queries[query] for query in asked]), strict=True))
    return Pairs(np.stack([of[query] for query, _ in found]).astype(np.float32), np.array([row for _, row in found], np.int64))


def halved(pairs: Pairs, share: float, seed: int) -> tuple[Pairs, Pairs]:
    """Pairs without a share of the queries, and those of that share: no query is in both.

    >>> pairs = Pairs(np.array([[0.0], [0.0], [1.0], [2.0]]), np.arange(4))
    >>> [part.row.tolist() for part in halved(pairs, 0.34, 0)]
    [[0, 1, 2], [3]]
    """
    _, query = np.unique(pairs.vectors, axis=0, return_inverse=True)
    number = int(query.max()) + 1
    some = np.random.default_rng(seed).permutation(number)[: max(1, round(share * number))]
    apart = np.isin(query.ravel(), some)
    return Pairs(pairs.vectors[~apart], pairs.row[~apart]), Pairs(pairs.vectors[apart], pairs.row[apart])


def with_pieces(opened: Build, pairs: Pairs, seed: int) -> Pairs:
    """Pairs, and sentences of documents as if they were asked for: at most :data:`PIECES`, drawn by the seed."""
    from engine.training.pairs.pseudo_queries import sentences

    made = sentences(opened.documents, PER_DOCUMENT, seed)
    found = [(text, row) for row, texts in enumerate(made) for text in texts]
    found = [(text, row) for text, row in found if opened.codes[row, 0] >= 0]
    chosen = [found[place] for place in sorted(np.random.default_rng(seed).permutation(len(found))[:PIECES].tolist())]
    if not chosen:
        return pairs
    vectors = opened.embed_queries([text for text, _ in chosen]).astype(np.float32)
    return Pairs(np.concatenate([pairs.vectors, vectors]), np.concatenate([pairs.row, [row for _, row in chosen]]))


def fitted(sizes: np.ndarray, losses: np.ndarray) -> tuple[float, float, float]:
    """Floor, scale and power of the curve through losses, by least squares: for every power of a grid the best of the others.

    >>> sizes = np.array([1e2, 1e3, 1e4, 1e5])
    >>> [round(value, 2) for value in fitted(sizes, 2 + 30 * sizes**-0.5)]
    [2.0, 30.0, 0.5]
    """
    best = (np.inf, float(losses.mean()), 0.0, 0.0)
    for power in np.arange(0.01, 2.0, 0.01):
        basis = np.column_stack([np.ones(len(sizes)), sizes**-power])
        (floor, scale), *_ = np.linalg.lstsq(basis, losses, rcond=None)
        # A floor below nothing is no loss, and a curve that rises is none of the claim's.
        floor = max(float(floor), 0.0)
        scale = max(float(((losses - floor) @ basis[:, 1]) / (basis[:, 1] @ basis[:, 1])), 0.0)
        error = float(((losses - floor - scale * basis[:, 1]) ** 2).sum())
        if error < best[0]:
            best = (error, floor, scale, float(power))
    return best[1:]


def unexplained(sizes: np.ndarray, losses: np.ndarray, curve: tuple[float, float, float]) -> float:
    """Share of how losses differ that a curve leaves.

    >>> unexplained(np.array([1.0, 2.0]), np.array([3.0, 1.0]), (2.0, 0.0, 1.0))
    1.0
    """
    floor, scale, power = curve
    return float(((losses - floor - scale * sizes**-power) ** 2).sum() / ((losses - losses.mean()) ** 2).sum())


def _refuses(opened: Build) -> str:
    return needs_queries(opened) or ("" if opened.corpus.qrels.get(TRAIN) else "there are no train queries to learn from")


def judge(figures: Figures) -> Verdict:
    """See the rule of :data:`CLAIM`."""
    if figures[FALL].high >= 0 or figures[POWER].low <= 0:
        return "does not hold here"
    return "holds" if figures[LAST].high < 0 and figures[LEFT].mean <= MOST_LEFT else "holds partly"


CLAIM = Claim(
    number=5,
    key="loss-by-size",
    statement="The loss falls as a power of the model's size.",
    source="Scaling laws of sequential recommenders (Zhang et al. 2023) and of generative retrieval (Cai et al. 2025)",
    rule=(
        "It holds where the loss certainly falls from the smallest to the largest and still from the last but one, and the curve "
        f"leaves at most {MOST_LEFT:.0%} of how the losses differ; partly where it falls and bends, or another curve fits better."
    ),
    change="More pairs to learn from: with few, a model that is large enough learns them by heart, and the loss stops falling.",
    seconds=90,
    refuses=_refuses,
    measure=measure,
    judge=judge,
)
