"""Documents, queries and judgements as Parquet inside a build: written by DuckDB, read within limits."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from engine.data.corpus import Corpus, Document
from engine.data.looked_up import LookedUp
from engine.errors import TriescopeError
from engine.stored.parquet import INT32, TEXT, read, read_texts
from engine.stored.values import whole

DOCUMENTS, QUERIES, QRELS, NAMES = "documents.parquet", "queries.parquet", "qrels.parquet", "names.parquet"
# From so many documents on a build does not make a list of them.
MANY = 20_000


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
    """The judged queries of one split, in the order they were written; rows of other splits are passed over."""
    qrels = _judgements(folder, split).get(split, {})
    texts = _texts(folder)
    _check_asked(folder, qrels, texts)
    return Judged({query: text for query, text in texts.items() if query in qrels}, qrels)


def read_documents(folder: Path, rows: int | None = None) -> Sequence[Document]:
    """All documents, in row order; ``rows`` of them, where that is known. From :data:`MANY` on they are looked up where they are
    wanted (:mod:`engine.data.looked_up`), and so is what is wrong with the metadata of one.

    Raises
    ------
    TriescopeError
        The table is damaged, as :func:`engine.stored.parquet.read` says, or a document's metadata is no JSON object.
    """
    path = folder / DOCUMENTS
    if rows is not None and rows >= MANY:
        return LookedUp(partial(_metadata, path), *read_texts(path, ("id", "title", "text", "metadata"), rows))
    columns = read(path, dict.fromkeys(("id", "title", "text", "metadata"), TEXT), rows)
    known = {text: _metadata(path, text) for text in set(columns[3])}
    return [Document(id, title, text, known[metadata]) for id, title, text, metadata in zip(*columns, strict=True)]


def read_corpus(folder: Path, name: str, left_out: list[str]) -> Corpus:
    """Read back what :func:`write_corpus` wrote."""
    return Corpus(name, read_documents(folder), *read_queries(folder), left_out)


def read_queries(folder: Path) -> tuple[dict[str, str], dict[str, dict[str, dict[str, int]]]]:
    """Queries and judgements of all splits, as a corpus holds them.

    Raises
    ------
    TriescopeError
        A table is damaged, or a query is judged that is not there.
    """
    queries, qrels = _texts(folder), _judgements(folder)
    for of_split in qrels.values():
        _check_asked(folder, of_split, queries)
    return queries, qrels


def _texts(folder: Path) -> dict[str, str]:
    return dict(zip(*read(folder / QUERIES, {"id": TEXT, "text": TEXT}), strict=True))


def _judgements(folder: Path, only: str | None = None) -> dict[str, dict[str, dict[str, int]]]:
    columns = read(folder / QRELS, {"split": TEXT, "query": TEXT, "document": TEXT, "grade": INT32})
    qrels: dict[str, dict[str, dict[str, int]]] = {}
    for split, query, document, grade in zip(*columns[:3], columns[3].tolist(), strict=True):  # type: ignore[union-attr]
        if only is None or split == only:
            qrels.setdefault(split, {}).setdefault(query, {})[document] = grade
    return qrels


def _check_asked(folder: Path, qrels: dict[str, dict[str, int]], queries: dict[str, str]) -> None:
    if missing := next((query for query in qrels if query not in queries), None):
        raise TriescopeError(f"{folder / QRELS}: query {missing!r} is judged and not in {QUERIES}")


def _metadata(path: Path, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TriescopeError(f"{path}: metadata that is no JSON ({str(error)[:80]})") from error
    if not isinstance(value, dict) or ("\\u" in text and not whole(value)):
        raise TriescopeError(f"{path}: metadata that is no JSON object of whole characters ({text[:40]!r})")
    return value


def write_names(names: list[str], folder: Path) -> None:
    """Write one name a trie node, in node order."""
    _write(folder / NAMES, name=names)


def read_names(folder: Path, nodes: int | None = None) -> list[str]:
    """Names in node order; one for each of ``nodes``, where that is known."""
    return list(read(folder / NAMES, {"name": TEXT}, nodes)[0])


def _write(path: Path, **columns: Any) -> None:
    import duckdb

    table = pa.table(
        {key: column if isinstance(column, pa.Array) else pa.array(column, pa.string()) for key, column in columns.items()}
    )
    with duckdb.connect() as con:
        con.register("rows", table)
        con.sql("SELECT * FROM rows").write_parquet(str(path), compression="zstd")
