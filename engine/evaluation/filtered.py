"""Judgements under a filter: the documents that pass are a corpus of their own, and only what is judged of them counts.

A relevant document that does not pass is no answer to a filtered question, and nobody can find it: to count it as missed would
measure the filter. So it is left out of the judgements, and a query that has no other with it. Both are counted, for the figures
are then of other queries and of a smaller corpus than those without the filter.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from engine.errors import TriescopeError

Qrels = Mapping[str, Mapping[str, int]]


class Filtered(NamedTuple):
    """What a filter left.

    Attributes
    ----------
    filter : str
        As it was written.
    documents, of : int
        Documents that pass, and all.
    relevant, relevant_left_out : int
        Relevant judgements of the split, and those of documents that do not pass.
    queries, queries_left_out : int
        Judged queries of the split, and those whose every relevant document was left out.
    left_aside : list of str
        Values that it cannot compare, a sentence a column (:func:`engine.filters.left_aside`).
    """

    filter: str
    documents: int
    of: int
    relevant: int
    relevant_left_out: int
    queries: int
    queries_left_out: int
    left_aside: list[str]


def under(
    qrels: Qrels, row_of: Mapping[str, int], allowed: np.ndarray, filter_text: str = "", left_aside: list[str] | None = None
) -> tuple[dict[str, dict[str, int]], Filtered]:
    """The judgements of documents that pass, and what was left out.

    Judgements of documents that the corpus does not have stay, as they do without a filter: they count as missed.

    Raises
    ------
    TriescopeError
        No query is left.

    >>> qrels = {"q": {"a": 1, "b": 2}, "r": {"b": 1}, "s": {"gone": 1}}
    >>> kept, counts = under(qrels, {"a": 0, "b": 1}, np.array([True, False]), "year > 1990")
    >>> kept
    {'q': {'a': 1}, 's': {'gone': 1}}
    >>> print(told(counts)[0])
    filter year > 1990: 1 of 2 documents pass and are searched
    >>> print(told(counts)[1])
    2 of 4 relevant judgements are of others and are left out, and with them 1 of 3 queries, which has no other relevant document
    """
    kept, relevant, left_out = {}, 0, 0
    for query, grades in qrels.items():
        inside = {document: grade for document, grade in grades.items() if document not in row_of or allowed[row_of[document]]}
        before, after = (sum(grade > 0 for grade in of.values()) for of in (grades, inside))
        relevant, left_out = relevant + before, left_out + before - after
        if after or not before:
            kept[query] = inside
    if not kept:
        raise TriescopeError(f"filter: no judged query is left, every relevant document of {len(qrels):,} is filtered out")
    documents, gone = int(np.count_nonzero(allowed)), len(qrels) - len(kept)
    counts = Filtered(filter_text, documents, len(allowed), relevant, left_out, len(qrels), gone, left_aside or [])
    return kept, counts


def told(found: Filtered) -> list[str]:
    """Lines that say it."""
    lines = [f"filter {found.filter}: {found.documents:,} of {found.of:,} documents pass and are searched"]
    if found.relevant_left_out:
        line = f"{found.relevant_left_out:,} of {found.relevant:,} relevant judgements are of others and are left out"
        if found.queries_left_out:
            have = "which has" if found.queries_left_out == 1 else "which have"
            line += f", and with them {found.queries_left_out:,} of {found.queries:,} queries, {have} no other relevant document"
        lines.append(line)
    lines += [f"filter, {aside}" for aside in found.left_aside]
    return [
        *lines,
        "Figures under a filter are of fewer documents and queries: hold them against one another, not against those without.",
    ]
