"""Queries and judgements of one's own, each from one file as other tools write it; what is not taken is told.

Queries: a table with an id and a text, lines of JSON (BEIR's queries.jsonl), TREC topics, or lines of an id, a tab and a text.
Judgements: TREC's lines of ``query 0 document grade``, BEIR's table, or lines of ``query document grade``.
"""

import html
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from engine.data.corpus import Corpus, spelled_as_numbers
from engine.data.judgements import GRADE, Qrels, known
from engine.data.lines import BadLineError, lines
from engine.data.records import kind_of, records
from engine.data.values import called, names_of, text_of
from engine.errors import TriescopeError

TABLES = ("csv", "tsv", "jsonl", "ndjson", "json", "parquet")
IDS = ("_id", "id", "qid", "query_id", "topic", "topic_id")
TEXTS = ("text", "query", "query_text", "title", "question", "search_term", "keyword")
# Names of the three columns of judgements, in order of preference, as :func:`engine.data.values.known_as` compares them.
COLUMNS = (
    ("query-id", "qid", "query", "topic", "topic-id"),
    ("corpus-id", "docid", "document-id", "docno", "document", "doc", "item-id", "product-id"),
    ("score", "grade", "relevance", "rel", "judgement", "judgment", "rating", "label"),
)
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
    headers: list[str] = []
    for number, (row, query, document, score) in enumerate(_judged(judged, headers), 1):
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
    notes = headers + [f"{count:,} {what}" for what, count in told.items() if count]
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
    if kind_of(path) in ("csv", "tsv") and spelled_as_numbers(list(queries)):
        return {query[:-2]: text for query, text in queries.items()}
    return queries


def _table(path: Path) -> Iterator[tuple[int, str, str]]:
    columns: tuple[str, str] | None = None
    for row, record in records(path):
        if columns is None:
            columns = _column(path, record, IDS, "id"), _column(path, record, TEXTS, "text")
        query, text = (text_of(path, row, name, record.get(name), exact=name == columns[0]) for name in columns)
        yield row, query.strip(), " ".join(text.split())


def _column(path: Path, record: Mapping, candidates: tuple[str, ...], what: str) -> str:
    found = called(record, candidates)
    if found is None:
        raise TriescopeError(f"{path}: no column for the {what}; looked for {', '.join(candidates)}, found {names_of(record)}")
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


def _judged(path: Path, notes: list[str]) -> Iterator[tuple[int, str, str, str]]:
    """(row, query, document, grade), whatever the form. By a header of known names the columns are found in any order; a first
    line that is neither is taken for a header, and ``notes`` says so."""
    if kind_of(path) in ("csv", "jsonl", "ndjson", "json", "parquet"):
        names: list[str] | None = None
        for row, record in records(path):
            names = names or _named(list(record))
            if names is None:
                looked = ", ".join(of[0] for of in COLUMNS)
                raise TriescopeError(f"{path}: no columns {looked}; found {names_of(record)}")
            query, document, grade = (text_of(path, row, name, record.get(name)).strip() for name in names)
            yield row, query, document, grade
        return
    places: list[int] | None = None
    width = 0
    for row, line in enumerate(_whole(path).splitlines(), 1):
        cells = [cell.strip().strip('"') for cell in (line.split("\t") if "\t" in line else line.split())]
        if not any(cells):
            continue
        if not width and not GRADE.fullmatch(cells[-1]):
            width, named = len(cells), _named(cells)
            places = [cells.index(name) for name in named] if named else None
            notes += [] if places else [f"row {row} was taken for a header: {' '.join(cells)[:80]!r}"]
            continue
        width = width or len(cells)
        wanted = [cells[place] for place in places] if places and len(cells) == width else [cells[0], *cells[-2:]]
        if (len(cells) != width if places else len(cells) not in (3, 4)) or not all(wanted):
            raise TriescopeError(f"{path}, row {row}: expected query, 0, document, grade, or the same without the 0")
        query, document, grade = wanted
        yield row, query, document, grade


def _named(names: list[str]) -> list[str] | None:
    """The columns of query, document and grade; None where one of them is not there.

    >>> _named(["Score", "corpus_id", "who", "Query-ID"]), _named(["301", "0", "d1", "1"])
    (['Query-ID', 'corpus_id', 'Score'], None)
    """
    found = [called(names, of) for of in COLUMNS]
    return [name for name in found if name] if all(found) else None
