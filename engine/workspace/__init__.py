"""What people add to builds, in one DuckDB file of the home: judgements of documents for queries, queries and runs of other
systems that they bring along, evaluations that were run."""

from engine.workspace import evaluations, private, query_sets, runs
from engine.workspace.judgements import SPLIT, Judged, as_jsonl, as_tsv, judge, judged, of_query, query_id

__all__ = [
    "SPLIT",
    "Judged",
    "as_jsonl",
    "as_tsv",
    "evaluations",
    "judge",
    "judged",
    "of_query",
    "of_split",
    "private",
    "query_id",
    "query_sets",
    "runs",
]


def of_split(corpus: str, split: str) -> Judged | None:
    """What is judged under a name that is no split of the catalogue: here, or brought along; None where nothing is."""
    return judged(corpus) if split == SPLIT else query_sets.read(corpus, split)
