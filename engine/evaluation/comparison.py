"""One query, several retrievers: their lists, how alike they are, and which relevant documents each of them lacks and why."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from engine.builds.hits import evidence
from engine.builds.opened import Build
from engine.errors import TriescopeError
from engine.evaluation.similarity import Similarity, similarity
from engine.evaluation.trec import run_text
from engine.retrievers import DEFAULT_BEAMS
from engine.text.matched import Snippet, snippet, wanted


class Entry(NamedTuple):
    """A document in a list; ``grade`` is None where nobody has judged it."""

    rank: int
    id: str
    title: str
    score: float
    grade: int | None
    evidence: str
    snippet: Snippet


class Lacking(NamedTuple):
    """A relevant document that a list lacks: each list's rank of it, or why it is not there."""

    id: str
    title: str
    grade: int
    told: dict[str, str]


class Comparison(NamedTuple):
    """Several lists for one query.

    Attributes
    ----------
    build, corpus : str
        Names.
    documents : int
        How many are searched: those that pass the filter.
    query, filter : str
        What was asked, and the filter, empty for none.
    k, beams : int
        Length of the lists, and the beam width of those that decode.
    lists : dict
        Name -> what the retriever lists, best first.
    alike : list of tuple
        Every pair of names, and how alike their lists are.
    lacking : list of Lacking
        Relevant documents that not every list has, the highest grades first.
    judged, absent : int
        Documents that were judged relevant, and those of them that the catalogue does not have.
    """

    build: str
    corpus: str
    documents: int
    query: str
    filter: str
    k: int
    beams: int
    lists: dict[str, list[Entry]]
    alike: list[tuple[str, str, Similarity]]
    lacking: list[Lacking]
    judged: int
    absent: int

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        lists = {
            name: [entry._asdict() | {"snippet": entry.snippet.text, "marks": entry.snippet.marks} for entry in entries]
            for name, entries in self.lists.items()
        }
        alike = [{"first": first, "second": second} | found._asdict() for first, second, found in self.alike]
        return self._asdict() | {"lists": lists, "alike": alike, "lacking": [one._asdict() for one in self.lacking]}

    def trec(self, query_id: str) -> str:
        """The lists as runs of TREC, one behind the other; the tag is the retriever's name."""
        runs = ({query_id: [entry.id for entry in entries]} for entries in self.lists.values())
        return "".join(run_text(run, name) for name, run in zip(self.lists, runs, strict=True))


def compare(
    build: Build,
    query: str,
    names: Iterable[str],
    k: int = 10,
    beams: int = DEFAULT_BEAMS,
    vector: np.ndarray | None = None,
    filter: str = "",
    grades: Mapping[str, int] | None = None,
) -> Comparison:
    """Search with each retriever and compare what they list.

    Parameters
    ----------
    build : Build
        Where they search.
    query : str
        What is asked.
    names : iterable of str
        Retrievers.
    k, beams : int
        Length of the lists, and beam width.
    vector : np.ndarray, optional
        The query's vector, where it is known.
    filter : str
        Only documents that pass are searched.
    grades : mapping, optional
        Document id -> grade: judgements of the query.

    Raises
    ------
    TriescopeError
        There is no such retriever, or the filter is none.
    """
    names, grades = list(dict.fromkeys(names)), grades or {}
    if not names:
        raise TriescopeError("name at least one retriever")
    if vector is None and any(build.retriever(name, beams).needs_vectors for name in names):
        vector = build.encode(query)[0]
    lists = {name: _listed(build, query, name, k, beams, vector, filter, grades) for name in names}
    ranks = {name: {entry.id: entry.rank for entry in entries} for name, entries in lists.items()}
    relevant = [document for document, grade in grades.items() if grade > 0]
    there = [document for document in relevant if document in build.row_of]
    order = lacked(there, grades, ranks)
    told: dict[str, dict[str, str]] = {document: {} for document in order}
    for name, of_name in ranks.items():
        out = [document for document in order if document not in of_name]
        reasons = dict(zip(out, build.lost(query, out, name, k, beams, vector, filter), strict=True))
        for document in order:
            told[document][name] = reasons[document].told if document in reasons else f"listed, rank {of_name[document]}"
    allowed = build.allowed(filter)
    return Comparison(
        build=build.folder.name,
        corpus=build.name,
        documents=len(build.documents) if allowed is None else int(allowed.sum()),
        query=query,
        filter=filter,
        k=k,
        beams=beams,
        lists=lists,
        alike=[(one, other, similarity(list(ranks[one]), list(ranks[other]))) for one, other in combinations(names, 2)],
        lacking=[Lacking(of, _title(build, of), grades[of], told[of]) for of in order],
        judged=len(relevant),
        absent=len(relevant) - len(there),
    )


def lacked(relevant: Iterable[str], grades: Mapping[str, int], ranks: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Those of the relevant documents that not every list has: the highest grades first, then those that most lists lack.

    >>> lacked("abc", {"a": 1, "b": 2, "c": 1}, {"bm25": {"b": 1, "a": 2}, "dense": {"a": 1}})
    ['b', 'c']
    """
    lists = {document: sum(document not in of for of in ranks.values()) for document in relevant}
    return sorted((of for of, count in lists.items() if count), key=lambda of: (-grades[of], -lists[of]))


def _listed(
    build: Build,
    query: str,
    name: str,
    k: int,
    beams: int,
    vector: np.ndarray | None,
    filter: str,
    grades: Mapping[str, int],
) -> list[Entry]:
    hits, stems = build.search(query, name, k, beams, vector, filter)[0], wanted(query, build.language)
    speaks: Sequence[str] = evidence(build, query, name, hits)
    return [
        Entry(
            rank=hit.rank,
            id=hit.id,
            title=hit.title or hit.id,
            score=hit.score,
            grade=grades.get(hit.id),
            evidence=words,
            snippet=snippet(stems, build.documents[build.row_of[hit.id]].text),
        )
        for hit, words in zip(hits, speaks, strict=True)
    ]


def _title(build: Build, document: str) -> str:
    return build.documents[build.row_of[document]].title or document
