"""Documents that share the beginning of a semantic ID are alike, the more so the more codes they share.

That is the promise of identifiers made of content: the report card measures it, and here it is held against the same identifiers
dealt out at random.
"""

from itertools import pairwise

import numpy as np

from engine.builds.opened import Build
from engine.claims.base import Claim, Figures, Measured, Verdict
from engine.data.figures import Interval, told
from engine.evaluation import interval
from engine.evaluation.run import Tell
from engine.verdict.shown import Dot, Picture

# Pairs drawn for each number of shared codes.
PAIRS = 20_000
ALIKE = 0.97
OWN, DEALT = "identifiers of this build", "dealt out at random"


def measure(opened: Build, seed: int, tell: Tell) -> Measured:
    """Mean cosine of pairs that share the first codes, none to all that carry content, with intervals over drawn pairs."""
    rng = np.random.default_rng(seed)
    content = int(opened.identifiers.content.max())
    codes = opened.codes[:, :content]
    vectors = np.asarray(opened.embeddings)
    found: dict[tuple[str, int], Interval] = {}
    counts: dict[tuple[str, int], int] = {}
    kinds = {OWN: codes, DEALT: codes[rng.permutation(len(codes))]}
    for name, of in kinds.items():
        for shared in range(content + 1):
            tell("claim", shared, content)
            one, other = pairs(of, shared, PAIRS, rng)
            if len(one):
                cosines = np.einsum("nd,nd->n", vectors[one], vectors[other])
                found[name, shared], counts[name, shared] = interval(cosines), len(one)
    depths = [shared for name, shared in found if name == OWN]
    deepest = found[OWN, depths[-1]]
    return Measured(
        figures={f"{name}, {shared} shared": of for (name, shared), of in found.items()},
        says=(
            f"Any two documents have a cosine of {told(found[OWN, 0])} in the mean; two that share their first "
            f"{depths[-1]} codes {told(deepest)}. Dealt out at random, the same identifiers give "
            f"{told(found[DEALT, depths[-1]])}."
        ),
        picture=Picture(
            kind="dots",
            x="mean cosine of two documents, 95% interval over pairs",
            dots=tuple(
                Dot(name=f"{shared} shared, {name}", **of._asdict(), strong=name == OWN) for (name, shared), of in found.items()
            ),
            at=ALIKE,
            at_told="what was reported for four shared codes",
        ),
        columns=("First codes shared, at least", "Identifiers", "Cosine", "Low", "High", "Pairs drawn"),
        rows=tuple((shared, name, *(round(v, 4) for v in of), counts[name, shared]) for (name, shared), of in found.items()),
        notes=(
            f"At most {PAIRS:,} pairs of different documents a row, drawn with replacement; codes that only number documents do "
            "not count. Pairs share documents, so the intervals are somewhat narrow.",
            f"Identifiers {opened.manifest.identifiers.scheme}, {content} codes that carry content; the report used six and "
            "billions of videos.",
        ),
        queries=0,
    )


def pairs(codes: np.ndarray, shared: int, most: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows of pairs of different documents whose first ``shared`` codes agree, every such pair as likely as any other.

    >>> one, other = pairs(np.array([[0, 1], [0, 2], [1, 1]]), 1, 3, np.random.default_rng(0))
    >>> sorted({(int(a), int(b)) for a, b in zip(one, other)}) in ([(0, 1)], [(1, 0)], [(0, 1), (1, 0)])
    True
    """
    whole = np.flatnonzero((codes[:, :shared] >= 0).all(axis=1) & (codes[:, 0] >= 0))
    _, group = np.unique(codes[whole, :shared], axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    size = np.bincount(group.ravel())
    first = np.cumsum(size) - size
    weight = size * (size - 1.0)
    if not weight.sum():
        return np.empty(0, np.int64), np.empty(0, np.int64)
    chosen = rng.choice(len(size), most, p=weight / weight.sum())
    one = rng.integers(0, size[chosen])
    other = (one + 1 + rng.integers(0, size[chosen] - 1)) % size[chosen]
    rows = whole[order]
    return rows[first[chosen] + one], rows[first[chosen] + other]


def judge(figures: Figures) -> Verdict:
    """See the rule of :data:`CLAIM`."""
    rising = [of for name, of in figures.items() if name.startswith(OWN)]
    if not all(below.high < above.low for below, above in pairwise(rising)) or len(rising) < 2:
        return "does not hold here"
    return "holds" if rising[-1].high >= ALIKE else "holds partly"


CLAIM = Claim(
    number=7,
    key="nearby-prefixes",
    statement="Nearby prefixes mean similar items: the more codes two share, the more alike they are, up to a cosine of .97.",
    source="Singh et al. 2023 (Better generalization with semantic IDs)",
    rule=(
        "It holds where the cosine certainly rises with every shared code and its interval reaches .97 at the deepest, partly "
        "where it rises, and not where it does not."
    ),
    change="Longer identifiers, a larger catalogue, or one with near copies: then the deepest prefixes hold more alike ones.",
    seconds=3,
    refuses=lambda opened: "",
    measure=measure,
    judge=judge,
)
