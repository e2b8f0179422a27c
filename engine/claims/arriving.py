"""A catalogue that arrives in slices, and the two figures of how a retriever stands that.

Documents are dealt out into D0, a half, and D1 to D5, a tenth each. After each slice the queries of D0 are asked again, and those
of the slice for the first time (Replication and exploration of generative retrieval over dynamic corpora, 2025):

    F_n  = mean over i of (what D0's queries had after D0 - what they have after Di): what is forgotten
    GA_n = mean over i of what the queries of Di have right after Di: how well new documents are found

A query belongs to every slice that holds an answer to it: there only these answers count, and its answers elsewhere are taken out
of the list.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from engine.builds.opened import Build
from engine.evaluation import measure, run_of
from engine.retrievers import Queries

SLICES, FIRST, MEASURE = 5, 0.5, "nDCG@10"
# Deep enough for ten that are left when a query's answers elsewhere are taken out; most have a few.
DEPTH = 100

Search = Callable[[int, Queries], np.ndarray]


class Slices(NamedTuple):
    """Document rows in the order of their arrival, int64; how many are there after each slice; and for each slice the answers of
    its queries, query -> document -> grade."""

    order: np.ndarray
    ends: tuple[int, ...]
    qrels: tuple[dict[str, dict[str, int]], ...]


class Stood(NamedTuple):
    """What one system had: float64 ``(slices, queries of D0)`` after D0 and after each other slice; and a list, for each slice
    but the first, of its own queries right after it."""

    old: np.ndarray
    new: list[np.ndarray]

    @property
    def forgotten(self) -> np.ndarray:
        """Of each query of D0 what it had less what it has, in the mean over what arrived; their mean is F_n."""
        return (self.old[0] - self.old[1:]).mean(axis=0)

    @property
    def found(self) -> np.ndarray:
        """Of each query and slice what it had, weighted so that every slice counts alike: their mean is GA_n.

        >>> Stood(np.zeros((3, 1)), [np.array([1.0]), np.array([0.0, 0.0, 0.0])]).found.mean()
        np.float64(0.5)
        """
        every = sum(map(len, self.new))
        return np.concatenate([values * every / (len(self.new) * len(values)) for values in self.new])


def dealt(opened: Build, qrels: Mapping[str, Mapping[str, int]], seed: int) -> Slices:
    """A build's documents in slices, by the seed. A slice without a query of its own is not asked."""
    documents = len(opened.documents)
    order = np.random.default_rng(seed).permutation(documents)
    first = round(documents * FIRST)
    ends = tuple(first + round((documents - first) * number / SLICES) for number in range(SLICES + 1))
    slice_of = np.empty(documents, np.int64)
    slice_of[order] = np.searchsorted(ends, np.arange(documents), side="right")
    asked: tuple[dict[str, dict[str, int]], ...] = tuple({} for _ in ends)
    for query, grades in qrels.items():
        for document, grade in grades.items():
            if grade > 0 and document in opened.row_of:
                asked[slice_of[opened.row_of[document]]].setdefault(query, {})[document] = grade
    return Slices(order, ends, asked)


def stood(opened: Build, slices: Slices, texts: Mapping[str, str], search: Search) -> Stood:
    """Ask a system after every slice.

    Parameters
    ----------
    opened : Build
        Whose documents they are.
    slices : Slices
        As :func:`dealt` makes them.
    texts : mapping
        Query id -> text.
    search : callable
        ``search(slice, queries)``: document rows, int ``(queries, k)``, -1 padded, of those that are there after a slice; called
        in the order of the slices, twice for each.
    """
    vectors = dict(zip(texts, opened.embed_queries(list(texts.values())), strict=True))
    answers: dict[str, set[str]] = {}
    for of_slice in slices.qrels:
        for query, grades in of_slice.items():
            answers.setdefault(query, set()).update(grades)
    ids = [document.id for document in opened.documents]

    def values(number: int, asked: dict[str, dict[str, int]]) -> np.ndarray:
        if not asked:
            return np.zeros(0)
        queries = Queries([texts[query] for query in asked], np.stack([vectors[query] for query in asked]))
        run = run_of(asked, search(number, queries), ids)
        left = {query: [one for one in found if one not in answers[query] - asked[query].keys()] for query, found in run.items()}
        return measure(asked, left, [MEASURE])[MEASURE]

    old, new = [values(0, slices.qrels[0])], []
    for number in range(1, len(slices.ends)):
        old.append(values(number, slices.qrels[0]))
        new.append(values(number, slices.qrels[number]))
    return Stood(np.array(old), [of for of in new if len(of)])
