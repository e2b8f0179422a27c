"""How alike two ranked lists of one query are: what they share, whether it stands at the top, and whether in the same order."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

# A reader of RBO goes on to the next rank with this probability; 86% of the weight is then on the first ten.
PERSISTENCE = 0.9


class Similarity(NamedTuple):
    """Two lists.

    Attributes
    ----------
    shared : int
        Documents in both.
    rbo : float
        Rank-biased overlap, 0 to 1, extrapolated (:func:`rank_biased_overlap`).
    tau : float or None
        Kendall's tau of the shared documents' order, -1 to 1; None with fewer than two.
    up, down : int
        Shared documents that stand higher, or lower, in the second list than in the first.
    """

    shared: int
    rbo: float
    tau: float | None
    up: int
    down: int


def similarity(first: Sequence[str], second: Sequence[str]) -> Similarity:
    """Compare two lists of documents, best first, none twice.

    >>> similarity(["a", "b", "c"], ["b", "a", "d"])
    Similarity(shared=2, rbo=0.63, tau=-1.0, up=1, down=1)
    """
    place = {document: at for at, document in enumerate(second)}
    moves = [place[document] - at for at, document in enumerate(first) if document in place]
    return Similarity(
        len(moves),
        round(rank_biased_overlap(first, second), 6),
        kendall(first, second),
        sum(move < 0 for move in moves),
        sum(move > 0 for move in moves),
    )


def kendall(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Kendall's tau of the documents that are in both: of their pairs, the share in the same order less the share that is not."""
    place = {document: at for at, document in enumerate(second)}
    order = [place[document] for document in first if document in place]
    pairs = [1 if later > earlier else -1 for earlier, later in combinations(order, 2)]
    return sum(pairs) / len(pairs) if pairs else None


def rank_biased_overlap(first: Sequence[str], second: Sequence[str], p: float = PERSISTENCE) -> float:
    """Rank-biased overlap (Webber, Moffat and Zobel 2010), extrapolated: RBO_EXT, their equation 32.

    The share of the documents that two lists have in common down to a depth, averaged over all depths, depth ``d`` weighed by
    ``(1 - p) p ** (d - 1)``. What lies below the lists is not known: it is taken to agree as much as was seen, and the rest of a
    shorter list as much as the shorter list itself. 0 where one of them is empty.

    >>> rank_biased_overlap("abc", "abc"), rank_biased_overlap("abc", "xyz")
    (1.0, 0.0)
    """
    short, long = sorted((first, second), key=len)
    if not short:
        return 0.0
    seen_short: set[str] = set()
    seen_long: set[str] = set()
    overlap, total, at_short, agreement = 0, 0.0, 0, 0.0
    for depth, of_long in enumerate(long, 1):
        if depth <= len(short):
            of_short = short[depth - 1]
            overlap += (of_short == of_long) or (of_short in seen_long) + (of_long in seen_short)
            seen_short.add(of_short)
            at_short = overlap
        else:
            overlap += of_long in seen_short
        seen_long.add(of_long)
        beyond = max(0, depth - len(short)) * at_short / len(short)
        agreement = (overlap + beyond) / depth
        total += (1 - p) * p ** (depth - 1) * agreement
    return total + p ** len(long) * agreement
