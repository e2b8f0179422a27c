"""How much of the identifiers of one fit is left in another, over the documents that both have.

A retrained model, a cache, a log of codes live on identifiers that stay. A new fit names its codes anew, so two things are asked:
how many documents keep their first codes as they are written, and how many would if the codes of one were renamed as well as can
be, one for one; what is lost even then has moved to another group.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

# Groups of a depth that are matched; the table of both has the square of it.
MOST = 4096


class Kept(NamedTuple):
    """At a depth: the share of documents whose first codes are the same, and the share after the best renaming, None where there
    are too many groups to match."""

    depth: int
    same: float
    renamed: float | None


def churn(before: np.ndarray, after: np.ndarray) -> list[Kept]:
    """What is kept at every depth; a document without an identifier in one of them has kept nothing.

    Parameters
    ----------
    before, after : np.ndarray
        Int32 ``(documents, levels)`` each, -1 padded, of the same documents in the same order.

    >>> churn(np.array([[0, 1], [0, 2], [3, 0]]), np.array([[1, 1], [1, 2], [3, 5]]))
    [Kept(depth=1, same=0.3333333333333333, renamed=1.0), Kept(depth=2, same=0.0, renamed=1.0)]
    """
    depths = max(before.shape[1], after.shape[1])
    one, other = (np.pad(codes, ((0, 0), (0, depths - codes.shape[1])), constant_values=-1) for codes in (before, after))
    there = (one[:, 0] >= 0) & (other[:, 0] >= 0)
    found = []
    for depth in range(1, depths + 1):
        same = float((there & (one[:, :depth] == other[:, :depth]).all(axis=1)).mean()) if len(one) else 1.0
        found.append(Kept(depth, same, _renamed(one[there, :depth], other[there, :depth], len(one))))
    return found


class Went(NamedTuple):
    """A prefix, and how many of some documents begin with it."""

    codes: tuple[int, ...]
    documents: int


def went(codes: np.ndarray, depth: int) -> list[Went]:
    """Where documents are in a fit, by their first ``depth`` codes: the prefix of most of them first, then in order of the codes.

    An identifier that is shorter stands with what it has; a document without one under the empty prefix.

    Parameters
    ----------
    codes : np.ndarray
        Int32 ``(documents, levels)``, -1 padded.
    depth : int
        First codes that are looked at.

    >>> went(np.array([[3, 1], [0, 2], [3, 0], [-1, -1]]), 1)
    [Went(codes=(3,), documents=2), Went(codes=(), documents=1), Went(codes=(0,), documents=1)]
    """
    found, counts = np.unique(codes[:, :depth], axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [Went(tuple(code for code in found[place].tolist() if code >= 0), int(counts[place])) for place in order]


def _renamed(one: np.ndarray, other: np.ndarray, documents: int) -> float | None:
    if not len(one):
        return 1.0 if not documents else 0.0
    groups, place = np.unique(one, axis=0, return_inverse=True)
    others, into = np.unique(other, axis=0, return_inverse=True)
    if max(len(groups), len(others)) > MOST:
        return None
    table = np.zeros((len(groups), len(others)), np.int64)
    np.add.at(table, (place.ravel(), into.ravel()), 1)
    return float(table[linear_sum_assignment(table, maximize=True)].sum()) / documents
