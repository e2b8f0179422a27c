"""Documents, queries and judgements, read from files people have.

BEIR folders (Thakur et al. 2021), JSONL, CSV, TSV and Parquet come in through DuckDB. Ids are strings. Whatever is
wrong with a file is said with file, row and column, and nothing is built from a file that is wrong in part.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engine.data.records import records
from engine.errors import TriescopeError

# Column names that are understood without being told, in order of preference.
KNOWN = {
    "id": ("_id", "id", "doc_id", "docid", "item_id", "asin", "sku"),
    "title": ("title", "name", "headline"),
    "text": ("text", "description", "body", "abstract", "content"),
}


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
    for row, record in records(path):
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
        for row, record in records(path):
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
    for row, record in records(path):
        query, document, score = (str(record[key] or "") for key in ("query-id", "corpus-id", "score"))
        if query not in queries:
            raise TriescopeError(f"{path}, row {row}, column query-id: there is no query {query!r} in queries.jsonl")
        if not (score.isascii() and score.isdigit() and len(score) < 10):
            raise TriescopeError(f"{path}, row {row}, column score: expected a whole number from 0, found {score!r}")
        qrels.setdefault(query, {})[document] = int(score)
    return qrels
