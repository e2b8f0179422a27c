"""What people add to builds, in one DuckDB file of the home: judgements of documents for queries, evaluations that were run."""

from engine.workspace import evaluations
from engine.workspace.judgements import SPLIT, Judged, as_jsonl, as_tsv, judge, judged, of_query

__all__ = ["SPLIT", "Judged", "as_jsonl", "as_tsv", "evaluations", "judge", "judged", "of_query"]
