"""What people add to builds, in one DuckDB file of the home: judgements of documents for queries, queries, query logs and runs of
other systems that they bring along, evaluations that were run."""

from collections.abc import Collection

from engine.data import query_logs
from engine.data.query_logs import QueryLog
from engine.workspace import evaluations, logs, private, query_sets, runs
from engine.workspace.judgements import SPLIT, Judged, as_jsonl, as_tsv, judge, judged, of_query, query_id
from engine.workspace.shelves import house, shelf

__all__ = [
    "SPLIT",
    "Judged",
    "as_jsonl",
    "as_tsv",
    "bring_log",
    "evaluations",
    "house",
    "judge",
    "judged",
    "logs",
    "of_query",
    "of_split",
    "private",
    "query_id",
    "query_sets",
    "runs",
    "shelf",
]


def bring_log(shelf: str, name: str, log: QueryLog, documents: Collection[str], taken: Collection[str]) -> list[str]:
    """Keep a log and, where it has clicks, those as a query set of the same name; returns what is to be said of them.

    ``documents`` are ids of the catalogue, ``taken`` names that its own splits have.

    Raises
    ------
    TriescopeError
        The name is none, or a split has it; none of what was clicked is in the catalogue; or the workspace cannot be used.
    """
    notes = []
    if log.clicks:
        found = query_logs.clicked(log, documents)
        query_sets.keep(shelf, name, Judged(found.queries, found.qrels), taken)
        notes.append(f"{name}: {len(found.queries):,} queries by their {query_logs.CLICKS}")
        notes += [f"{found.absent:,} clicked documents are not in the catalogue, and are left out"] if found.absent else []
    logs.keep(shelf, name, log.searches)
    return notes


def of_split(corpus: str, split: str, owner: str = "") -> Judged | None:
    """What is judged under a name that is no split of the catalogue: here, or brought along; None where nothing is."""
    return judged(corpus, owner) if split == SPLIT else query_sets.read(shelf(corpus, owner), split)
