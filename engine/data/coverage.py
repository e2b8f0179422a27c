"""Whether judgements speak of the corpus: those of another version of it name documents that are not there."""

from collections.abc import Container, Mapping
from typing import NamedTuple


class Coverage(NamedTuple):
    """Counts of one split.

    Attributes
    ----------
    judged, missing : int
        Different documents that are judged, and those of them that the corpus does not have.
    queries, unanswerable : int
        Judged queries, and those of them without a relevant document in the corpus: nothing can be found for them.
    """

    judged: int
    missing: int
    queries: int
    unanswerable: int


def coverage(qrels: Mapping[str, Mapping[str, int]], documents: Container[str]) -> Coverage:
    """What a split's judgements (query id -> document id -> grade) have of the documents of a corpus, by their ids.

    >>> coverage({"q": {"a": 1, "gone": 2}, "r": {"gone": 1}, "s": {"a": 0}}, {"a", "b"})
    Coverage(judged=2, missing=1, queries=3, unanswerable=2)
    """
    judged = {document for grades in qrels.values() for document in grades}
    unanswerable = sum(not any(grade > 0 and d in documents for d, grade in grades.items()) for grades in qrels.values())
    return Coverage(
        judged=len(judged),
        missing=sum(document not in documents for document in judged),
        queries=len(qrels),
        unanswerable=unanswerable,
    )


def told(split: str, found: Coverage) -> str:
    """A line on what is amiss; empty where nothing is.

    >>> told("test", Coverage(judged=2, missing=2, queries=2, unanswerable=2))
    'split test: 2 of 2 judged documents are not in the corpus; 2 of 2 queries have no relevant document in it and count as 0'
    >>> told("test", Coverage(judged=2, missing=0, queries=2, unanswerable=0))
    ''
    """
    parts = []
    if found.missing:
        parts.append(f"{found.missing:,} of {found.judged:,} judged documents are not in the corpus")
    if found.unanswerable:
        parts.append(f"{found.unanswerable:,} of {found.queries:,} queries have no relevant document in it and count as 0")
    return f"split {split}: {'; '.join(parts)}" if parts else ""
