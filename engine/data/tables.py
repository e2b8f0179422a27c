"""Documents, queries and judgements as Parquet inside a build, written and read through DuckDB."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from engine.data.corpus import Corpus, Document

DOCUMENTS, QUERIES, QRELS, NAMES = "documents.parquet", "queries.parquet", "qrels.parquet", "names.parquet"


def write_corpus(corpus: Corpus, folder: Path) -> None:
    """Write the three tables of a corpus; metadata is kept as JSON text."""
    documents = corpus.documents
    _write(
        folder / DOCUMENTS,
        id=[d.id for d in documents],
        title=[d.title for d in documents],
        text=[d.text for d in documents],
        metadata=[json.dumps(d.metadata, ensure_ascii=False, default=str) for d in documents],
    )
    _write(folder / QUERIES, id=list(corpus.queries), text=list(corpus.queries.values()))
    judged = [
        (split, query, document, grade)
        for split, of_split in corpus.qrels.items()
        for query, of_query in of_split.items()
        for document, grade in of_query.items()
    ]
    columns = list(zip(*judged, strict=True)) if judged else [(), (), (), ()]
    _write(
        folder / QRELS,
        split=pa.array(columns[0], pa.string()),
        query=pa.array(columns[1], pa.string()),
        document=pa.array(columns[2], pa.string()),
        grade=pa.array(columns[3], pa.int32()),
    )


class Judged(NamedTuple):
    """Judged queries of one split: ``queries`` maps query id -> text, ``qrels`` query id -> document id -> grade."""

    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]


def read_judged(folder: Path, split: str) -> Judged:
    """The judged queries of one split, in the order they were written; rows of other splits are not looked at."""
    judged = "SELECT query, document, grade FROM read_parquet(?) WHERE split = ?"
    texts = "SELECT id, text FROM read_parquet(?) WHERE id IN (SELECT query FROM read_parquet(?) WHERE split = ?)"
    qrels: dict[str, dict[str, int]] = {}
    for query, document, grade in _ask(judged, str(folder / QRELS), split):
        qrels.setdefault(query, {})[document] = grade
    return Judged(dict(_ask(texts, str(folder / QUERIES), str(folder / QRELS), split)), qrels)


def read_documents(folder: Path) -> list[Document]:
    """All documents, in row order."""
    return [Document(i, t, x, json.loads(m)) for i, t, x, m in _read(folder / DOCUMENTS)]


def read_corpus(folder: Path, name: str, left_out: list[str]) -> Corpus:
    """Read back what :func:`write_corpus` wrote."""
    return Corpus(name, read_documents(folder), *read_queries(folder), left_out)


def read_queries(folder: Path) -> tuple[dict[str, str], dict[str, dict[str, dict[str, int]]]]:
    """Queries and judgements of all splits, as a corpus holds them."""
    qrels: dict[str, dict[str, dict[str, int]]] = {}
    for split, query, document, grade in _read(folder / QRELS):
        qrels.setdefault(split, {}).setdefault(query, {})[document] = grade
    return dict(_read(folder / QUERIES)), qrels


def write_names(names: list[str], folder: Path) -> None:
    """Write one name a trie node, in node order."""
    _write(folder / NAMES, name=names)


def read_names(folder: Path) -> list[str]:
    """Names in node order."""
    return [name for (name,) in _read(folder / NAMES)]


def _write(path: Path, **columns: Any) -> None:
    table = pa.table(
        {key: column if isinstance(column, pa.Array) else pa.array(column, pa.string()) for key, column in columns.items()}
    )
    with duckdb.connect() as con:
        con.register("rows", table)
        con.sql("SELECT * FROM rows").write_parquet(str(path), compression="zstd")


def _read(path: Path) -> list[tuple]:
    return _ask("SELECT * FROM read_parquet(?)", str(path))


def _ask(query: str, *values: str) -> list[tuple]:
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as con:
        return con.execute(query, list(values)).fetchall()
