"""Identifiers that lie in a file beside the catalogue, as LC-Rec and GRID write them, joined to its documents as a column."""

from pathlib import Path
from typing import Any

from engine.data.corpus import Corpus
from engine.errors import TriescopeError
from engine.stored import values

# The column that they become; ids of the file that the catalogue lacks which are named one by one.
COLUMN, NAMED = "identifier", 5
# The field of a file that names documents by their place, as a tensor does.
TENSOR = "semantic_ids"


def with_identifiers(corpus: Corpus, path: Path) -> Corpus:
    """The corpus with a column :data:`COLUMN` of what a JSON file says of each document.

    The file is document id -> tokens (LC-Rec), or what GRID keeps as a tensor: ``semantic_ids``, a row a document of the
    catalogue or of its ``rows`` (from 0), or a column a document; -1 fills up.

    Whether the tokens are an identifier is looked at where they are made one (:mod:`engine.identifiers.imported`). Ids that the
    catalogue lacks are counted in the notes.

    Raises
    ------
    TriescopeError
        The file is no such JSON, says nothing of any document, or the catalogue has a column of that name.
    """
    if not path.is_file():
        raise TriescopeError(f"{path}: no such file")
    found = _by_place(values.read(path), corpus, path)
    if not isinstance(found, dict) or not found:
        raise TriescopeError(f'{path}: not a JSON object of document id and tokens, like {{"12": ["<a_3>", "<b_7>"]}}')
    if any(COLUMN in document.metadata for document in corpus.documents):
        raise TriescopeError(f"{corpus.name} has a column {COLUMN!r} already; take it with -o column={COLUMN}, or rename it")
    known = {document.id for document in corpus.documents}
    if not known & found.keys():
        raise TriescopeError(f"{path}: none of its {len(found):,} ids is in {corpus.name} (the first is {next(iter(found))!r})")
    documents = [
        document._replace(metadata=document.metadata | {COLUMN: found[document.id]}) if document.id in found else document
        for document in corpus.documents
    ]
    beyond = [one for one in found if one not in known]
    more = ", ..." if len(beyond) > NAMED else ""
    note = f"{path.name}: {len(beyond):,} of {len(found):,} ids are not in the catalogue ({', '.join(beyond[:NAMED])}{more})"
    return corpus._replace(documents=documents, notes=(*corpus.notes, *([note] if beyond else [])))


def _by_place(found: Any, corpus: Corpus, path: Path) -> Any:
    """Document id -> codes of a file that tells codes by place; any other file as it is."""
    table = found.get(TENSOR) if isinstance(found, dict) else found
    if not isinstance(table, list):
        return found
    wrong = TriescopeError(f"{path}: {TENSOR} is no table of whole numbers, a row a document")
    if not table or not all(isinstance(row, list) and len(row) == len(table[0]) for row in table):
        raise wrong
    if not all(type(code) is int for row in table for code in row):
        raise wrong
    count = len(corpus.documents)
    rows = found.get("rows", list(range(count))) if isinstance(found, dict) else list(range(count))
    if not isinstance(rows, list) or not all(type(row) is int and 0 <= row < count for row in rows):
        raise TriescopeError(f"{path}: its rows are not those of the {count:,} documents of {corpus.name}, counted from 0")
    if len(table) != len(rows) == len(table[0]):  # GRID's own way: a row a level
        table = [list(column) for column in zip(*table, strict=True)]
    if len(table) != len(rows):
        raise TriescopeError(
            f"{path}: {len(table):,} rows of {len(table[0]):,} codes, and {len(rows):,} documents of {corpus.name} to have them; "
            'name the documents, as {"12": [3, 7]}, or their rows'
        )
    told = [[code for code in codes if code >= 0] for codes in table]
    if any(codes[: len(kept)] != kept for codes, kept in zip(table, told, strict=True)):
        raise TriescopeError(f"{path}: a code follows a -1, which fills up behind the last one")
    return {corpus.documents[row].id: kept for row, kept in zip(rows, told, strict=True)}
