"""Documents, queries and judgements, read from files people have.

BEIR folders (Thakur et al. 2021), JSONL, CSV, TSV and Parquet. Ids are strings. Whatever is wrong with a file is said with
file, row and column, and nothing is built from a file that is wrong in part; what is left aside is noted.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engine.data.delimited import Skip
from engine.data.judgements import read_judgements
from engine.data.lines import UNICODE, check_encoding, packed_or_not
from engine.data.records import kind_of, records
from engine.data.staged import unpack
from engine.data.values import called, counted, names_of, spelled, text_of
from engine.errors import RowError, TriescopeError

# Column names that are understood without being told, in order of preference.
KNOWN = {
    "id": (
        *("_id", "id", "doc_id", "docno", "document_id", "item_id", "parent_asin", "asin", "sku", "product_id", "movie_id"),
        *("article_id", "uniq_id", "handle", "stock_code", "item_number", "product_code", "isbn", "isbn13", "gtin", "ean"),
        *("entity_id", "book_id", "track_id", "recipe_id", "paper_id", "news_id", "pid"),
    ),
    "title": (
        *("title", "name", "headline", "product_name", "product_title", "item_name", "prod_name", "display_name"),
        *("product_display_name", "movie_title", "original_title", "book_title", "track_name", "article_title"),
    ),
    "text": (
        *("text", "description", "body", "abstract", "content", "contents", "about_product", "body (html)"),
        *("product_description", "long_description", "detail_desc", "overview", "synopsis", "summary", "plot"),
        *("short_description", "bullet_points"),
    ),
}
# Columns that become metadata under these names where somebody says which they are; the names guess at them.
OTHERS = {
    "category": (
        *("category", "categories", "category_path", "category hierarchy", "product_category", "product_category_tree"),
        *("google_product_category", "breadcrumbs", "taxonomy", "genres"),
    ),
    "url": ("url", "link", "product_url", "permalink", "page_url"),
}
# What a spreadsheet makes of an id of many digits.
ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{2,}")
# Rows left out that are named one by one.
NAMED = 5


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
        told = [as_words(self.metadata.get(field)) for field in fields]
        return " ".join([f"{self.title} {self.text}".strip(), *(f"{value}." for value in told if value)])


class Corpus(NamedTuple):
    """Documents with the queries and judgements that came with them.

    ``queries`` maps query id -> text; ``qrels`` maps split -> query id -> document id -> grade (>= 0). ``left_out`` lists the ids
    of documents that had neither title nor text; judgements that name them stay, so they count as missed. ``notes`` says what
    else was left aside or taken otherwise than it is written, a sentence each.
    """

    name: str
    documents: Sequence[Document]
    queries: dict[str, str]
    qrels: dict[str, dict[str, dict[str, int]]]
    left_out: list[str]
    notes: tuple[str, ...] = ()

    def grades(self, query: str) -> dict[str, int]:
        """Judgements of a query by its text, word for word; empty where it was not judged.

        >>> Corpus("c", [], {"q": "red kites"}, {"test": {"q": {"d": 1}}}, []).grades("red kites")
        {'d': 1}
        """
        judged = {known for known, text in self.queries.items() if text == query}
        return next((grades[known] for grades in self.qrels.values() for known in grades if known in judged), {})


def read(source: Path, columns: dict[str, str] | None = None, leave_out: bool = False, encoding: str = UNICODE) -> Corpus:
    """Read a BEIR folder or a single file.

    Parameters
    ----------
    source : Path
        Folder with ``corpus.jsonl`` (and, if any, ``queries.jsonl`` and ``qrels/*.tsv``; each may be packed), a .zip of one, or
        a .jsonl, .csv, .tsv or .parquet file.
    columns : dict, optional
        Which column is the ``id``, ``title`` or ``text``, where the usual names do not fit; and which becomes the ``category`` or
        the ``url`` of the metadata, where schemes and filters look for them.
    leave_out : bool
        Leave out rows of the documents' file that are wrong, and note how many; unless asked for, the first one is an error.
    encoding : str
        Of the documents' file (:data:`engine.data.lines.ENCODINGS`); whatever is not Unicode has to be named.

    Raises
    ------
    TriescopeError
        The path is missing or of another kind, a row is malformed, an id is missing or used twice, nothing remains.
    """
    wrong: list[RowError] = []
    skip = wrong.append if leave_out else None
    check_encoding(encoding)
    if source.suffix.lower() == ".zip" and source.is_file():
        return _read_archive(source, columns, leave_out, encoding)
    if source.is_dir():
        if not documents_of(source).is_file():
            raise TriescopeError(f"{source}: a corpus folder needs a file corpus.jsonl")
        documents, left_out, notes = read_documents(documents_of(source), columns, skip, encoding)
        notes += _told_of(wrong)
        judged = read_judgements(source, {document.id for document in documents} | set(left_out))
        return Corpus(source.resolve().name, documents, judged.queries, judged.qrels, left_out, (*notes, *judged.notes))
    if not source.is_file():
        raise TriescopeError(f"{source}: no such file or folder")
    documents, left_out, notes = read_documents(source, columns, skip, encoding)
    notes += _told_of(wrong)
    return Corpus(source.name.split(".")[0], documents, {}, {}, left_out, tuple(notes))


def documents_of(source: Path) -> Path:
    """The file with the documents: of a folder its corpus, packed or not."""
    return packed_or_not(source / "corpus.jsonl") if source.is_dir() else source


def _read_archive(source: Path, columns: dict[str, str] | None, leave_out: bool, encoding: str) -> Corpus:
    with tempfile.TemporaryDirectory() as out:
        folder = Path(out) / source.stem
        unpack(source.name, source, folder)
        try:
            return read(folder, columns, leave_out, encoding)
        except TriescopeError as error:
            raise TriescopeError(str(error).replace(str(folder), str(source))) from error


def _told_of(wrong: Sequence[RowError]) -> list[str]:
    """That rows were left out, how many, and what is wrong with the first ones."""
    if not wrong:
        return []
    first = "; ".join(f"row {one.row}{f', column {one.column}' if one.column else ''}: {one.what}" for one in wrong[:NAMED])
    more = f"; and {len(wrong) - NAMED:,} more" if len(wrong) > NAMED else ""
    return [f"{len(wrong):,} {'rows were' if len(wrong) > 1 else 'row was'} wrong and left out ({first}{more})"]


class Read(NamedTuple):
    """A row of a file: its number, its cells by column, the document that it holds, None where it has neither title nor text, and
    the columns that its id, title and text were taken from."""

    row: int
    record: dict[str, Any]
    identifier: str
    document: Document | None
    names: dict[str, str]


def rows_of(
    path: Path, columns: dict[str, str] | None = None, skip: Skip | None = None, encoding: str = UNICODE
) -> Iterator[Read]:
    """Rows of one file as documents. ``skip`` is given what is wrong with a single row, which is then passed over; without it,
    that is raised. Metadata may hold bytes, which are no JSON: whoever keeps the document leaves them out."""
    row_of: dict[str, int] = {}
    chosen: dict[tuple[str, ...], dict[str, str]] = {}
    for row, record in records(path, skip, encoding):
        # Lines of JSON may differ in their columns, so the choice is made for each set of columns that occurs.
        if (kinds := tuple(record)) not in chosen:
            chosen[kinds] = _choose_columns(path, record, columns or {}, next(iter(chosen.values()), None))
        names = chosen[kinds]
        try:
            identifier = text_of(path, row, names["id"], record.get(names["id"]), exact=True).strip()
            if not identifier:
                raise RowError(path, row, names["id"], "the id is missing")
            if identifier in row_of:
                raise RowError(path, row, names["id"], f"id {identifier!r} was used before, in row {row_of[identifier]}")
            title, text = (
                _told(path, row, names[part], record.get(names[part])) if part in names else "" for part in ("title", "text")
            )
        except RowError as error:
            if skip is None:
                raise
            error.value = record.get(error.column)
            skip(error)
            continue
        row_of[identifier] = row
        metadata = {key: value for key, value in record.items() if key not in names.values()}
        metadata |= {part: record.get(names[part]) for part in OTHERS if part in names}
        if isinstance(inner := metadata.get("metadata"), dict):
            metadata = {key: value for key, value in metadata.items() if key != "metadata"} | inner
        document = Document(identifier, title, text, metadata) if title or text else None
        yield Read(row, record, identifier, document, names)


def read_documents(
    path: Path, columns: dict[str, str] | None = None, skip: Skip | None = None, encoding: str = UNICODE
) -> tuple[list[Document], list[str], list[str]]:
    """Documents of one file, the ids of those left out because title and text are both empty, and notes on what else was."""
    documents, left_out, bytes_in = [], [], Counter[str]()
    for found in rows_of(path, columns, skip, encoding):
        if found.document is None:
            left_out.append(found.identifier)
            continue
        for key in [key for key, value in found.document.metadata.items() if isinstance(value, bytes)]:
            bytes_in[key] += 1
            del found.document.metadata[key]
        documents.append(found.document)
    if not documents:
        raise TriescopeError(f"{path}: no document with a title or a text")
    ids = [*(document.id for document in documents), *left_out]
    if kind_of(path) in ("csv", "tsv") and spelled_as_numbers(ids):
        documents = [document._replace(id=document.id[:-2]) for document in documents]
        left_out = [identifier[:-2] for identifier in left_out]
    rounded = sum(ROUNDED.fullmatch(identifier) is not None for identifier in ids)
    told = f"{counted(rounded, 'id', verb='is')} written like 1.23E+12: a spreadsheet has rounded them"
    notes = [f"{told}, and other files may have them whole"] if rounded else []
    notes += [f"column {key}: {count:,} values are bytes that are no text, and were left out" for key, count in bytes_in.items()]
    return documents, left_out, notes


def _choose_columns(path: Path, record: dict, asked: dict[str, str], first: dict[str, str] | None) -> dict[str, str]:
    """Which column is what in a record; ``first`` is the choice made for the first one, None when this is it."""
    for part, name in asked.items():
        if first is None and name not in record:
            raise TriescopeError(f"{path}: there is no column {name!r} to take the {part} from; columns are {names_of(record)}")
    found = dict(asked)
    for part, candidates in KNOWN.items():
        if part not in found and (match := called(record, candidates)):
            found[part] = match
    if first is not None:
        return first | found
    if "id" not in found:
        raise TriescopeError(
            f"{path}, row 1: no id column; looked for {_some(KNOWN['id'])}, found {names_of(record)}; name it: --column id=NAME"
        )
    if "title" not in found and "text" not in found:
        looked = f"{_some(KNOWN['title'])}, {_some(KNOWN['text'])}"
        raise TriescopeError(
            f"{path}, row 1: no title or text column; looked for {looked}, found {names_of(record)}; name it: --column text=NAME"
        )
    return found


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more names"


def _told(path: Path, row: int, column: str, value: Any) -> str:
    """Text of a title or a text; a list of texts is joined, as shops describe an article in several paragraphs."""
    cells = value if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value) else [value]
    return " ".join(filter(None, (text_of(path, row, column, cell).strip() for cell in cells)))


def spelled_as_numbers(ids: Sequence[str]) -> bool:
    """Whether all ids of a text table are whole numbers with ``.0`` behind them: a data frame's column that had gaps."""
    return all(re.fullmatch(r"[0-9]+\.0", identifier) for identifier in ids)


def as_words(value: Any) -> str:
    """A metadata value as text: what a list or an object holds, without brackets.

    >>> as_words(["War", {"at": 1999.0}])
    'War, at: 1999'
    """
    if isinstance(value, dict):
        return ", ".join(f"{key}: {told}" for key, inner in value.items() if (told := as_words(inner)))
    if isinstance(value, list):
        return ", ".join(filter(None, map(as_words, value)))
    return "" if value is None else spelled(value)
