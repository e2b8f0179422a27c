"""What the studies of :mod:`benchmarks.rows` share: judged queries of a build, and what a list of rows is worth on them."""

import numpy as np

from engine import evaluation
from engine.builds.opened import Build
from engine.retrievers import Queries

MEASURE, DEPTH = "nDCG@10", 11
WIDTHS = (10, 50)


def asked(opened: Build) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Judgements of test, and the texts of its queries."""
    qrels = {query: dict(of) for query, of in opened.corpus.qrels["test"].items()}
    return qrels, [opened.corpus.queries[query] for query in qrels]


def judged(opened: Build, qrels: dict[str, dict[str, int]], rows: np.ndarray) -> np.ndarray:
    """The measure, a query each."""
    ids = [document.id for document in opened.documents]
    return evaluation.measure(qrels, evaluation.run_of(qrels, rows, ids), [MEASURE])[MEASURE]


def line(name: str, ours: np.ndarray, base: np.ndarray) -> str:
    """A row: the mean, and the difference to another with its p."""
    less, mean = evaluation.difference(ours, base), evaluation.told(evaluation.interval(ours))
    return f"| {name} | {mean} | {evaluation.told(less, sign=True)} | {evaluation.told_p(less)} |"


def rows_relevant(opened: Build, qrels: dict[str, dict[str, int]]) -> list[set[int]]:
    """Rows of each query's relevant documents."""
    return [{opened.row_of[of] for of, grade in one.items() if grade > 0 and of in opened.row_of} for one in qrels.values()]


def of_split(opened: Build, split: str) -> tuple[dict[str, dict[str, int]], Queries]:
    """Judgements of a split, and its queries."""
    qrels = {query: dict(of) for query, of in opened.corpus.qrels[split].items()}
    texts = [opened.corpus.queries[query] for query in qrels]
    return qrels, Queries(texts, opened.embed_queries(texts))
