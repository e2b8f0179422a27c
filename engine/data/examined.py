"""A look at a person's file before anything is made of it: its columns, its first rows, and every row that is wrong."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engine.data.corpus import KNOWN, OTHERS, Document, as_words, rows_of
from engine.data.lines import UNICODE, check_encoding
from engine.data.records import records
from engine.data.values import called
from engine.errors import RowError, TriescopeError

# Rows kept to be shown, values of a column kept as examples, and faults kept one by one; all are counted.
FIRST, EXAMPLES, MOST = 50, 3, 10_000
# Characters of a value that are shown.
SHOWN = 120
KINDS = {"dict": "object"}


class Fault(NamedTuple):
    """A row that is wrong: its number, the column (empty for the row as a whole), what is wrong there, and what stands there."""

    row: int
    column: str
    what: str
    value: str = ""


class Column(NamedTuple):
    """A column: in how many rows it has a value, what kinds of values, and some of them as text."""

    name: str
    filled: int
    kinds: str
    examples: tuple[str, ...]


class Examined(NamedTuple):
    """What a file holds, as its columns were understood.

    Attributes
    ----------
    rows, documents : int
        Rows that could be read, and documents that came of them.
    left_out : list of str
        Ids of rows with neither title nor text.
    faults : list of Fault
        The first :data:`MOST`; ``wrong`` counts all.
    wrong : int
        Rows that are wrong.
    columns : list of Column
        In the order in which they came.
    names : dict
        Which column is the id, the title, the text.
    first : list of dict
        The first rows, cells as text.
    seen : list of Document
        Documents among them.
    characters : list of int
        Length of each document's title and text together, of at most a million of them.
    """

    rows: int
    documents: int
    left_out: list[str]
    faults: list[Fault]
    wrong: int
    columns: list[Column]
    names: dict[str, str]
    first: list[dict[str, str]]
    seen: list[Document]
    characters: list[int]


def header(path: Path, encoding: str = UNICODE) -> list[str]:
    """Columns of the first row that can be read, in their order; none where there is no such row.

    Raises
    ------
    TriescopeError
        The file as a whole cannot be read.
    """
    for _, record in records(path, lambda error: None, encoding):
        return list(record)
    return []


def guess(columns: list[str]) -> dict[str, str]:
    """Which columns may be the id, the title, the text, the category path and the URL, by their names; what none is like is not
    there.

    >>> guess(["SKU", "Name", "price"])
    {'id': 'SKU', 'title': 'Name'}
    """
    found = {part: called(columns, known) for part, known in (KNOWN | OTHERS).items()}
    return {part: name for part, name in found.items() if name is not None}


def examine(path: Path, columns: Mapping[str, str] | None = None, encoding: str = UNICODE) -> Examined:
    """Read a file to its end.

    Parameters
    ----------
    path : Path
        As :func:`engine.data.corpus.read` takes it, a file.
    columns : mapping, optional
        Which column is the ``id``, ``title`` or ``text``, where the usual names do not fit.
    encoding : str
        One of :data:`engine.data.lines.ENCODINGS`.

    Raises
    ------
    TriescopeError
        The file as a whole cannot be read, or no column can be the id, or none the title or text.
    """
    faults: list[Fault] = []
    wrong = 0

    def skip(error: RowError) -> None:
        nonlocal wrong
        wrong += 1
        if len(faults) < MOST:
            faults.append(Fault(error.row, error.column, error.what, _told(error.value)))

    filled, kinds = Counter[str](), dict[str, Counter[str]]()
    examples: dict[str, list[str]] = {}
    first: list[dict[str, str]] = []
    seen: list[Document] = []
    left_out: list[str] = []
    names: dict[str, str] = {}
    lengths: list[int] = []
    rows = documents = 0
    for found in rows_of(path, dict(columns or {}), skip, check_encoding(encoding)):
        rows += 1
        names = names or found.names
        if found.document is None:
            left_out.append(found.identifier)
        else:
            documents += 1
            seen += [found.document] if len(first) < FIRST else []
            if len(lengths) < 1_000_000:
                lengths.append(len(found.document.title) + len(found.document.text))
        for name, value in found.record.items():
            of = kinds.setdefault(name, Counter())
            if value is None or value == "":
                continue
            filled[name] += 1
            of[_kind(value)] += 1
            if len(some := examples.setdefault(name, [])) < EXAMPLES and (told := _told(value)) not in some:
                some.append(told)
        if len(first) < FIRST:
            first.append({name: _told(value) for name, value in found.record.items()})
    if not rows and not wrong:
        raise TriescopeError(f"{path}: there is no row in it")
    known = [
        Column(name, filled[name], ", ".join(kind for kind, _ in of.most_common()) or "empty", tuple(examples.get(name, ())))
        for name, of in kinds.items()
    ]
    return Examined(rows, documents, left_out, faults, wrong, known, names, first, seen, lengths)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    return KINDS.get(type(value).__name__, type(value).__name__)


def _told(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    told = value if isinstance(value, str) else as_words(value)
    return told if len(told) <= SHOWN else f"{told[: SHOWN - 1]}…"


def faults_csv(faults: Sequence[Fault]) -> str:
    """Wrong rows as a table, for whoever mends the file."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(("Row", "Column", "What", "Value"))
    # A spreadsheet would take a cell that begins with one of these for a formula.
    rows.writerows([(one.row, *(f"'{cell}" if cell[:1] in tuple("=+-@") else cell for cell in one[1:])) for one in faults])
    return written.getvalue()
