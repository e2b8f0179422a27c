"""Documents, queries and judgements, read from files people have.

BEIR folders (Thakur et al. 2021), JSONL, CSV, TSV and Parquet come in through DuckDB. Ids are strings. Whatever is
wrong with a file is said with file, row and column, and nothing is built from a file that is wrong in part.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from engine.errors import TriescopeError

# Column names that are understood without being told, in order of preference.
KNOWN = {
    "id": ("_id", "id", "doc_id", "docid", "item_id", "asin", "sku"),
    "title": ("title", "name", "headline"),
    "text": ("text", "description", "body", "abstract", "content"),
}
# Longest line accepted in a text file: a guard against a file that is not what its name says.
LONGEST_LINE = 16 << 20


class Document(NamedTuple):
    """What is retrieved. ``metadata`` holds every other column, JSON values only."""

    id: str
    title: str
    text: str
    metadata: dict[str, Any]

    def searched_text(self, fields: Sequence[str] = ()) -> str:
        """Title and text in one string, as BEIR's baselines join them, then the values of some metadata ``fields``.

        >>> kites = Document("a", "Kites", "How they fly.", {"topic": ["Toys", "Wind"], "year": 1999, "price": None})
        >>> kites.searched_text(), kites.searched_text(("topic", "year", "price"))
        ('Kites How they fly.', 'Kites How they fly. Toys, Wind. 1999.')
        """
        values = [self.metadata.get(field) for field in fields]
        values = [value for value in values if value not in (None, "", [])]
        told = [", ".join(map(str, value)) if isinstance(value, list) else str(value) for value in values]
        return " ".join([f"{self.title} {self.text}".strip(), *(f"{value}." for value in told)])


class Corpus(NamedTuple):
    """Documents with the queries and judgements that came with them.

    ``queries`` maps query id -> text; ``qrels`` maps split -> query id -> document id -> grade (>= 0). ``left_out`` lists the ids
    of documents that had neither title nor text; judgements that name them stay, so they count as missed.
    """

    name: str
    documents: list[Document]
    queries: dict[str, str]
    qrels: dict[str, dict[str, dict[str, int]]]
    left_out: list[str]


def read(source: Path, columns: dict[str, str] | None = None) -> Corpus:
    """Read a BEIR folder or a single file.

    Parameters
    ----------
    source : Path
        Folder with ``corpus.jsonl`` (and, if any, ``queries.jsonl`` and ``qrels/*.tsv``), or a .jsonl, .csv, .tsv or
        .parquet file.
    columns : dict, optional
        Which column is the ``id``, ``title`` or ``text``, where the usual names do not fit.

    Raises
    ------
    TriescopeError
        The path is missing or of another kind, a row is malformed, an id is missing or used twice, nothing remains.
    """
    if source.is_dir():
        if not (source / "corpus.jsonl").is_file():
            raise TriescopeError(f"{source}: a corpus folder needs a file corpus.jsonl")
        documents, left_out = read_documents(source / "corpus.jsonl", columns)
        queries = _read_queries(source / "queries.jsonl")
        qrels = {path.stem: _read_qrels(path, queries) for path in sorted(source.glob("qrels/*.tsv")) if _is_beir(path)}
        return Corpus(source.resolve().name, documents, queries, qrels, left_out)
    if not source.is_file():
        raise TriescopeError(f"{source}: no such file or folder")
    documents, left_out = read_documents(source, columns)
    return Corpus(source.name.split(".")[0], documents, {}, {}, left_out)


def read_documents(path: Path, columns: dict[str, str] | None = None) -> tuple[list[Document], list[str]]:
    """Documents of one file, and the ids of those left out because title and text are both empty."""
    documents, left_out, row_of = [], [], dict[str, int]()
    chosen: dict[tuple[str, ...], dict[str, str]] = {}
    for row, record in _records(path):
        # Lines of JSON may differ in their columns, so the choice is made for each set of columns that occurs.
        if (kinds := tuple(record)) not in chosen:
            chosen[kinds] = _choose_columns(path, record, columns or {}, next(iter(chosen.values()), None))
        names = chosen[kinds]
        identifier = _text(path, row, names["id"], record.get(names["id"])).strip()
        if not identifier:
            raise TriescopeError(f"{path}, row {row}, column {names['id']}: the id is missing")
        if identifier in row_of:
            raise TriescopeError(
                f"{path}, row {row}, column {names['id']}: id {identifier!r} was used before, in row {row_of[identifier]}"
            )
        row_of[identifier] = row
        title, text = (
            _text(path, row, names[part], record.get(names[part])).strip() if part in names else "" for part in ("title", "text")
        )
        if not title and not text:
            left_out.append(identifier)
            continue
        metadata = {key: value for key, value in record.items() if key not in names.values()}
        if isinstance(inner := metadata.get("metadata"), dict):
            metadata = {key: value for key, value in metadata.items() if key != "metadata"} | inner
        documents.append(Document(identifier, title, text, metadata))
    if not documents:
        raise TriescopeError(f"{path}: no document with a title or a text")
    return documents, left_out


def _choose_columns(path: Path, record: dict, asked: dict[str, str], first: dict[str, str] | None) -> dict[str, str]:
    """Which column is what in a record; ``first`` is the choice made for the first one, None when this is it."""
    for part, name in asked.items():
        if first is None and name not in record:
            raise TriescopeError(f"{path}: there is no column {name!r} to take the {part} from; columns are {', '.join(record)}")
    found = dict(asked)
    by_lower = {name.lower(): name for name in reversed(list(record))}
    for part, candidates in KNOWN.items():
        if part not in found and (match := next((c for c in candidates if c in by_lower), None)):
            found[part] = by_lower[match]
    if first is not None:
        return first | found
    if "id" not in found:
        raise TriescopeError(f"{path}, row 1: no id column; looked for {', '.join(KNOWN['id'])}, found {', '.join(record)}")
    if "title" not in found and "text" not in found:
        looked = ", ".join(KNOWN["title"] + KNOWN["text"])
        raise TriescopeError(f"{path}, row 1: no title or text column; looked for {looked}, found {', '.join(record)}")
    return found


def _text(path: Path, row: int, column: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TriescopeError(f"{path}, row {row}, column {column}: expected text, found {type(value).__name__}")
    return str(value).replace("\x00", "")


def _read_queries(path: Path) -> dict[str, str]:
    queries: dict[str, str] = {}
    if path.is_file():
        for row, record in _records(path):
            missing = next((key for key in ("_id", "text") if record.get(key) in (None, "")), None)
            if missing:
                raise TriescopeError(f"{path}, row {row}, column {missing}: missing")
            identifier = _text(path, row, "_id", record["_id"])
            if identifier in queries:
                raise TriescopeError(f"{path}, row {row}, column _id: id {identifier!r} was used before")
            queries[identifier] = _text(path, row, "text", record["text"])
    return queries


def _is_beir(path: Path) -> bool:
    """Judgement files carry BEIR's header; other .tsv files in the folder are none of our business."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.readline().split() == ["query-id", "corpus-id", "score"]


def _read_qrels(path: Path, queries: dict[str, str]) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for row, record in _records(path):
        query, document, score = (str(record[key] or "") for key in ("query-id", "corpus-id", "score"))
        if query not in queries:
            raise TriescopeError(f"{path}, row {row}, column query-id: there is no query {query!r} in queries.jsonl")
        if not (score.isascii() and score.isdigit() and len(score) < 10):
            raise TriescopeError(f"{path}, row {row}, column score: expected a whole number from 0, found {score!r}")
        qrels.setdefault(query, {})[document] = int(score)
    return qrels


def _records(path: Path) -> Iterator[tuple[int, dict]]:
    """(row, record) of a file; rows count from 1 and a header line is not a row, except that JSONL rows are lines."""
    suffix = path.name.removesuffix(".gz").rsplit(".", 1)[-1].lower()
    # No extension is fetched behind the user's back; nothing but this file is asked for.
    con = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    # A file called a[1].csv is one file, not a pattern.
    name = "".join(f"[{c}]" if c in "*?[" else c for c in str(path))
    try:
        if suffix in ("jsonl", "ndjson"):
            yield from _json_lines(path, _lines(con, name))
        elif suffix in ("csv", "tsv"):
            head = next(_lines(con, name, limit=1), None)
            if head is None or not head.strip():
                raise TriescopeError(f"{path}: the file is empty")
            delimiter = "\t" if suffix == "tsv" else max(",;", key=head.count)
            header = [cell.strip().lstrip("\ufeff") for cell in next(csv.reader([head], delimiter=delimiter))]
            if len(set(header)) < len(header) or "" in header:
                raise TriescopeError(f"{path}, row 1: column names must be there and differ; found {', '.join(header)}")
            rows = con.execute(
                "SELECT * FROM read_csv(?, delim=?, quote='\"', escape='\"', header=true, auto_detect=false, "
                "strict_mode=true, max_line_size=?, columns=?)",
                [name, delimiter, LONGEST_LINE, dict.fromkeys(header, "VARCHAR")],
            )
            yield from _rows(rows, header)
        elif suffix == "parquet":
            rows = con.execute("SELECT * FROM read_parquet(?)", [name])
            yield from _rows(rows, [column[0] for column in rows.description or []])
        else:
            raise TriescopeError(f"{path}: files of this kind are not read; use .jsonl, .csv, .tsv or .parquet")
    except duckdb.Error as error:
        raise TriescopeError(_plain(path, str(error), header=suffix in ("csv", "tsv"))) from error
    finally:
        con.close()


def _rows(rows: duckdb.DuckDBPyConnection, header: list[str]) -> Iterator[tuple[int, dict]]:
    row = 0
    while batch := rows.fetchmany(10_000):
        for values in batch:
            row += 1
            yield row, dict(zip(header, values, strict=True))


def _lines(con: duckdb.DuckDBPyConnection, name: str, limit: int = 1 << 62) -> Iterator[str]:
    # One column that nothing splits: DuckDB decodes, unzips and checks UTF-8; line numbers stay exact.
    rows = con.execute(
        "SELECT line FROM read_csv(?, columns={'line': 'VARCHAR'}, header=false, delim='\x01', quote='', escape='', "
        "auto_detect=false, max_line_size=?) LIMIT ?",
        [name, LONGEST_LINE, limit],
    )
    while batch := rows.fetchmany(10_000):
        for (line,) in batch:
            yield line or ""


def _json_lines(path: Path, lines: Iterator[str]) -> Iterator[tuple[int, dict]]:
    for row, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise TriescopeError(f"{path}, row {row}, column {error.colno}: not valid JSON ({error.msg})") from error
        except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
            raise TriescopeError(f"{path}, row {row}: not valid JSON ({str(error).splitlines()[0][:80]})") from error
        if not isinstance(record, dict):
            raise TriescopeError(f"{path}, row {row}: expected a JSON object, found {type(record).__name__}")
        if "\\u" in line:
            _check_whole_characters(path, row, record)
        yield row, record


def _check_whole_characters(path: Path, row: int, record: dict) -> None:
    """JSON can spell half of a character that needs two codes; no file can hold it."""
    for column, value in record.items():
        try:
            json.dumps([column, value], ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise TriescopeError(f"{path}, row {row}, column {column}: half a character (a lone surrogate)") from error


def _plain(path: Path, message: str, header: bool) -> str:
    """DuckDB's many-line message as one line: where, and what."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    where = lines[0].partition("Line: ")[2]
    what = next((line for line in lines[1:] if line.startswith(("Expected", "Value", "Invalid", "Maximum"))), lines[0])
    # Where there is a header it is line 1 of the file, so the first row stands on line 2.
    return f"{path}, row {int(where) - header}: {what}" if where.isdigit() else f"{path}: {lines[0]}"
