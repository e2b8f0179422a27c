"""Identifiers that lie in a file beside the catalogue, as LC-Rec and GRID write them, joined to its documents as a column."""

from pathlib import Path

from engine.data.corpus import Corpus
from engine.errors import TriescopeError
from engine.stored import values

# The column that they become; ids of the file that the catalogue lacks which are named one by one.
COLUMN, NAMED = "identifier", 5


def with_identifiers(corpus: Corpus, path: Path) -> Corpus:
    """The corpus with a column :data:`COLUMN` of what a JSON file of document id -> tokens says of each document.

    Whether the tokens are an identifier is looked at where they are made one (:mod:`engine.identifiers.imported`). Ids that the
    catalogue lacks are counted in the notes.

    Raises
    ------
    TriescopeError
        The file is no such JSON, says nothing of any document, or the catalogue has a column of that name.
    """
    if not path.is_file():
        raise TriescopeError(f"{path}: no such file")
    found = values.read(path)
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
