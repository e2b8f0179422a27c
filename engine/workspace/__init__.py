"""What people add to builds, kept in one DuckDB file of the home: judgements of documents for queries."""

from engine.workspace.judgements import Judged, as_jsonl, as_tsv, judge, judged, of_query

__all__ = ["Judged", "as_jsonl", "as_tsv", "judge", "judged", "of_query"]
