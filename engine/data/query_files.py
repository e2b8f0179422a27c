"""Queries and judgements of one's own, each from one file as other tools write it; what is not taken is told.

Queries: a table with an id and a text, lines of JSON (BEIR's queries.jsonl), TREC topics, or lines of an id, a tab and a text.
Judgements: TREC's lines of ``query 0 document grade``, BEIR's table, or lines of ``query document grade``.
"""

import html
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from engine.data.corpus import Corpus
from engine.data.judgements import GRADE, Qrels, known
from engine.data.lines import BadLineError, lines
from engine.data.records import kind_of, records
from engine.data.values import text_of
from engine.errors import TriescopeError

TABLES = ("csv", "tsv", "jsonl", "ndjson", "json", "parquet")
IDS = ("_id", "id", "qid", "query_id", "query-id", "topic")
TEXTS = ("text", "query", "title", "question")
PAIRS = (("query-id", "corpus-id", "score"), ("query_id", "corpus_id", "score"), ("qid", "docid", "grade"))
# Most that are taken: the workspace is read whole.
QUERIES, LONGEST, JUDGEMENTS = 20_000, 2_000, 1_000_000
END, BEGIN = re.compile(r"</top(?:ic)?\s*>", re.I), re.compile(r"<top(?:ic)?\b([^<>]*)>", re.I)
ATTRIBUTE = re.compile(r"""\b(?:number|id)\s*=\s*["']?([^"'\s]+)""", re.I)
NUMBER = re.compile(r"<num>\s*(?:Number\s*:)?\s*([^\s<]+)", re.I)
WORDS = re.compile(r"<(?:title|query)>\s*(?:Topic\s*:)?\s*([^<]*)", re.I)


class Brought(NamedTuple):
    """Queries, id -> text, their judgements, and what there is to say of them."""

    queries: dict[str, str]
    qrels: Qrels
    notes: list[str]


def bring(queries: Mapping[str, str], judged: Path, documents: Collection[str]) -> Brought:
    """Judgements of a file for these ``queries``; queries that nothing is judged for are left out.

    Raises
    ------
    TriescopeError
        The file cannot be read, a line is malformed, or nothing in it is of these queries.
    """
    qrels: Qrels = {}
    unknown, below, twice, absent = set(), 0, 0, set()
    for number, (row, query, document, score) in enumerate(_judged(judged), 1):
        if number > JUDGEMENTS:
            raise TriescopeError(f"{judged}: more than {JUDGEMENTS:,} judgements")
        if not GRADE.fullmatch(score):
            raise TriescopeError(f"{judged}, row {row}: expected a whole number as grade, found {score[:40]!r}")
        query, document = known(query, queries), known(document, documents)
        if query not in queries:
            unknown.add(query)
            continue
        grade = int(float(score))
        below += grade < 0
        of_query = qrels.setdefault(query, {})
        twice += of_query.get(document, max(grade, 0)) != max(grade, 0)
        of_query[document] = max(grade, 0)
        if document not in documents:
            absent.add(document)
    if not qrels:
        raise TriescopeError(f"{judged}: none of its judgements is of a query that is here")
    told = {
        "judged queries are not among the queries, and are left out": len(unknown),
        "queries have no judgement, and are left out": len(set(queries) - set(qrels)),
        "grades below 0 are counted as 0": below,
        "times a document was judged again for a query with another grade, and the last one counts": twice,
        "judged documents are not in the catalogue, and count as missed": len(absent),
    }
    notes = [f"{count:,} {what}" for what, count in told.items() if count]
    return Brought({query: queries[query] for query in qrels}, qrels, notes)


def with_queries(corpus: Corpus, queries: Path, judged: Path) -> Corpus:
    """The corpus with judged queries of two files as its split ``test``.

    Raises
    ------
    TriescopeError
        It has judged queries already; or as :func:`read_query_file` and :func:`bring`.
    """
    if corpus.qrels:
        raise TriescopeError(f"{corpus.name} brings judged queries of its own: {', '.join(corpus.qrels)}")
    found = bring(read_query_file(queries), judged, {document.id for document in corpus.documents})
    return corpus._replace(queries=found.queries, qrels={"test": found.qrels}, notes=(*corpus.notes, *found.notes))


def read_query_file(path: Path, most: int = QUERIES) -> dict[str, str]:
    """Query id -> text of a file, by its ending: a table, lines of JSON, else TREC topics; ``most`` are taken.

    Raises
    ------
    TriescopeError
        It cannot be read, has no column that could be the id or the text, an id is missing or used twice, or there are too many.
    """
    queries: dict[str, str] = {}
    for row, query, text in _table(path) if kind_of(path) in TABLES else _topics(path):
        if not query or not text:
            raise TriescopeError(f"{path}, row {row}: {'the text' if query else 'the id'} is missing")
        if query in queries:
            raise TriescopeError(f"{path}, row {row}: id {query!r} was used before")
        if len(text) > LONGEST:
            raise TriescopeError(f"{path}, row {row}: a query of {len(text):,} characters; {LONGEST:,} are taken")
        queries[query] = text
        if len(queries) > most:
            raise TriescopeError(f"{path}: more than {most:,} queries")
    if not queries:
        raise TriescopeError(f"{path}: no query is in it")
    return queries


def _table(path: Path) -> Iterator[tuple[int, str, str]]:
    columns: tuple[str, str] | None = None
    for row, record in records(path):
        if columns is None:
            columns = _column(path, record, IDS, "id"), _column(path, record, TEXTS, "text")
        query, text = (text_of(path, row, name, record.get(name), exact=name == columns[0]) for name in columns)
        yield row, query.strip(), " ".join(text.split())


def _column(path: Path, record: Mapping, candidates: tuple[str, ...], what: str) -> str:
    by_lower = {name.lower(): name for name in reversed(list(record))}
    found = next((by_lower[one] for one in candidates if one in by_lower), None)
    if found is None:
        raise TriescopeError(f"{path}: no column for the {what}; looked for {', '.join(candidates)}, found {', '.join(record)}")
    return found


def _topics(path: Path) -> Iterator[tuple[int, str, str]]:
    """TREC topics, those of the old form without closing tags and those of XML alike, else lines; nothing of a file is run."""
    whole = _whole(path)
    if not BEGIN.search(whole):
        for row, line in enumerate(whole.splitlines(), 1):
            if line.strip():
                query, _, text = line.partition("\t")
                yield row, query.strip(), " ".join(text.split())
        return
    for row, block in enumerate(END.split(whole), 1):
        if begin := BEGIN.search(block):
            number = _first(ATTRIBUTE, begin[1]) or _first(NUMBER, block)
            yield row, number, " ".join(html.unescape(_first(WORDS, block)).split())


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _whole(path: Path) -> str:
    try:
        return "".join(lines(path, newline=""))
    except BadLineError as error:
        raise TriescopeError(f"{path}: {error}") from error
    except OSError as error:
        raise TriescopeError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from error


def _judged(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """(row, query, document, grade), whatever the form; a header is passed over."""
    if kind_of(path) in ("csv", "jsonl", "ndjson", "json", "parquet"):
        names: tuple[str, ...] | None = None
        for row, record in records(path):
            if names is None:
                names = next((one for one in PAIRS if set(one) <= set(record)), None)
                if names is None:
                    raise TriescopeError(f"{path}: no columns {', '.join(PAIRS[0])}; found {', '.join(record)}")
            query, document, grade = (text_of(path, row, name, record.get(name)).strip() for name in names)
            yield row, query, document, grade
        return
    for row, line in enumerate(_whole(path).splitlines(), 1):
        cells = [cell.strip().strip('"') for cell in (line.split("\t") if "\t" in line else line.split())]
        if not any(cells) or (row == 1 and not GRADE.fullmatch(cells[-1])):
            continue  # an empty line, or the header
        if len(cells) not in (3, 4) or not all(cells):
            raise TriescopeError(f"{path}, row {row}: expected query, 0, document, grade, or the same without the 0")
        yield row, cells[0], cells[-2], cells[-1]
