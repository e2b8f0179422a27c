"""Queries and judgements of a BEIR folder (Thakur et al. 2021), read as people write them; what is not read is told.

Judgements are tables with the columns query-id, corpus-id and score, parted by tabs or, as TREC's files are, by spaces.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from engine.data.lines import BadLineError, lines, packed_or_not, unpacked_name
from engine.data.records import records
from engine.data.values import known_as, spelled, text_of
from engine.errors import TriescopeError

HEADER = ("query-id", "corpus-id", "score")
GRADE = re.compile(r"[+-]?[0-9]{1,9}(?:\.0*)?", re.ASCII)

Qrels = dict[str, dict[str, int]]  # query id -> document id -> grade


class Judgements(NamedTuple):
    """``queries`` maps query id -> text, ``qrels`` split -> :data:`Qrels`; ``notes`` says what was left aside or changed."""

    queries: dict[str, str]
    qrels: dict[str, Qrels]
    notes: list[str]


def read_judgements(folder: Path, documents: Collection[str]) -> Judgements:
    """Queries and judgements beside a corpus with these ``documents``' ids; none where there are no such files.

    Raises
    ------
    TriescopeError
        A row is malformed, a query is judged that is not there, two files hold one split.
    """
    asked, documents_file = (packed_or_not(folder / name) for name in ("queries.jsonl", "corpus.jsonl"))
    queries = read_queries(asked)
    read = "documents are read from corpus.jsonl, queries from queries.jsonl, judgements from qrels/*.tsv"
    notes = [
        f"{path.name} was left aside: {read}"
        for path in sorted(folder.iterdir())
        if path.is_file() and path not in (asked, documents_file) and _may_be_meant(path)
    ]
    qrels: dict[str, Qrels] = {}
    beside = folder / "qrels"
    for path in sorted(beside.iterdir()) if beside.is_dir() else []:
        if path.name.startswith("."):
            continue
        header = _header(path) if _is_table(path) else None
        if header is None or not set(HEADER) <= set(header):
            reason = f"its header is {' '.join(header)[:80]!r}, not {' '.join(HEADER)}" if header else "it is no .tsv file"
            notes.append(f"qrels/{path.name} was left aside: {reason}")
            continue
        if (split := Path(unpacked_name(path.name)).stem) in qrels:
            raise TriescopeError(f"{path}: another file holds the judgements of split {split!r}")
        qrels[split], told = read_qrels(path, queries, documents)
        notes += [f"qrels/{path.name}: {one}" for one in told]
    return Judgements(queries, qrels, notes)


def _is_table(path: Path) -> bool:
    return unpacked_name(path.name).lower().endswith(".tsv") and path.is_file()


def _may_be_meant(path: Path) -> bool:
    """Whether a file beside the corpus looks as if somebody wanted it to be read."""
    return path.name.startswith(("corpus.", "queries.", "qrels.")) or (_is_table(path) and set(HEADER) <= set(_header(path)))


def read_queries(path: Path) -> dict[str, str]:
    """Texts by query id; none where there is no file."""
    queries: dict[str, str] = {}
    for row, record in records(path) if path.is_file() else ():
        cells = {key: text_of(path, row, key, record.get(key), exact=key == "_id").strip() for key in ("_id", "text")}
        for key, cell in cells.items():
            if not cell:
                raise TriescopeError(f"{path}, row {row}, column {key}: missing")
        if cells["_id"] in queries:
            raise TriescopeError(f"{path}, row {row}, column _id: id {cells['_id']!r} was used before")
        queries[cells["_id"]] = cells["text"]
    return queries


def read_qrels(path: Path, queries: Collection[str], documents: Collection[str]) -> tuple[Qrels, list[str]]:
    """Judgements of one file, and what there is to say of them.

    A grade below 0 is counted as 0, as trec_eval does; of two grades for one pair the last one counts.
    """
    qrels: Qrels = {}
    below = twice = 0
    for row, record in _rows(path):
        query, document = (known(record[key], ids) for key, ids in zip(HEADER, (queries, documents), strict=False))
        if query not in queries:
            raise TriescopeError(f"{path}, row {row}, column query-id: there is no query {query!r} in queries.jsonl")
        if not document:
            raise TriescopeError(f"{path}, row {row}, column corpus-id: missing")
        if not GRADE.fullmatch(record["score"]):
            raise TriescopeError(f"{path}, row {row}, column score: expected a whole number, found {record['score']!r}")
        grade = int(float(record["score"]))
        below += grade < 0
        grade = max(grade, 0)
        of_query = qrels.setdefault(query, {})
        twice += of_query.get(document, grade) != grade
        of_query[document] = grade
    if not qrels:
        return {}, ["no judgement is in it"]
    judged = set().union(*qrels.values())
    absent = len(judged - set(documents))
    told = {
        "grades below 0 are counted as 0": below,
        "times a document was judged again for a query with another grade, and the last one counts": twice,
        f"of {len(judged):,} judged documents are not in the corpus": absent,
    }
    return qrels, [f"{count:,} {what}" for what, count in told.items() if count]


def known(text: str, ids: Collection[str]) -> str:
    """An id as the other file spells it: a data frame writes 101 as 101.0 where a column has gaps."""
    if text not in ids and re.fullmatch(r"[0-9]+\.0", text) and spelled(float(text)) in ids:
        return spelled(float(text))
    return text


def _cells(line: str, tabs: bool) -> list[str]:
    return [cell.strip().strip('"') for cell in (line.rstrip("\r\n").split("\t") if tabs else line.split())]


def _names(cells: list[str]) -> list[str]:
    return [next((name for name in HEADER if known_as(name) == known_as(cell)), cell) for cell in cells]


def _header(path: Path) -> list[str]:
    """Names of the first line that is not empty: query_id and "Query-ID" are query-id."""
    try:
        first = next((line for line in lines(path, newline="") if line.strip()), "")
    except BadLineError:
        return ["(no text)"]
    return _names(_cells(first, "\t" in first))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    row, source = 0, lines(path, newline="")
    try:
        first = next(line for line in source if line.strip())
        tabs = "\t" in first
        header = _names(_cells(first, tabs))
        filled: Iterable[str] = (line for line in source if line.strip())
        for row, line in enumerate(filled, 1):
            cells = _cells(line, tabs)
            if len(cells) != len(header):
                raise TriescopeError(f"{path}, row {row}: expected {len(header)} cells, found {len(cells)}")
            yield row, dict(zip(header, cells, strict=True))
    except BadLineError as error:
        raise TriescopeError(f"{path}, row {row + 1}: {error}") from error
