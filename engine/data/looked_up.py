"""Documents of a large catalogue, looked up where they are asked for: their texts stay in Arrow's columns, and one becomes a
:class:`engine.data.corpus.Document` when somebody wants it. A hundred thousand as Python's own take two seconds to make and ten
times the memory of what they say.

It is a sequence like a list, to be read: by row, by slice, one after the other. Whoever wants the ids or the titles alone asks
for these, and nothing else is unpacked.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy as np

from engine.data.corpus import Document
from engine.stored.parquet import Texts

# Documents that are unpacked together by whoever reads all.
BATCH = 1024


class LookedUp(Sequence[Document]):
    """Documents over four columns of text.

    Parameters
    ----------
    parse : callable
        Metadata of a document from its text.
    ids, titles, texts, metadata : Texts
        A row a document.
    """

    def __init__(self, parse: Callable[[str], dict[str, Any]], ids: Texts, titles: Texts, texts: Texts, metadata: Texts):
        self._columns, self._parse = (ids, titles, texts, metadata), parse

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, row: int) -> Document: ...

    @overload
    def __getitem__(self, row: slice) -> list[Document]: ...

    def __getitem__(self, row: int | slice) -> Document | list[Document]:
        """A document, or a list of them.

        Raises
        ------
        IndexError
            There is no such row.
        TriescopeError
            Its metadata is damaged.
        """
        if isinstance(row, slice):
            return self.at(np.arange(len(self))[row])
        place = int(row) + (len(self) if row < 0 else 0)
        if not 0 <= place < len(self):
            raise IndexError(row)
        return self.at(np.array([place]))[0]

    def __iter__(self) -> Iterator[Document]:
        for start in range(0, len(self), BATCH):
            yield from self.at(np.arange(start, min(start + BATCH, len(self))))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def ids(self, rows: np.ndarray | None = None) -> list[str]:
        """Id of each, or of those of ``rows``."""
        return self._columns[0].take(np.arange(len(self)) if rows is None else rows)

    def titles(self, rows: np.ndarray | None = None) -> list[str]:
        """Title of each, or of those of ``rows``."""
        return self._columns[1].take(np.arange(len(self)) if rows is None else rows)

    def keys(self) -> list[str]:
        """Names of metadata, in order of appearance; nothing else is unpacked."""
        told = (self._columns[3].take(np.arange(start, min(start + BATCH, len(self)))) for start in range(0, len(self), BATCH))
        return list(dict.fromkeys(key for batch in told for text in batch for key in self._parse(text)))

    def at(self, rows: np.ndarray) -> list[Document]:
        """Documents of rows that there are, int ``(m,)``, unpacked together, which is several times as fast as one by one."""
        ids, titles, texts, metadata = (column.take(rows) for column in self._columns)
        return [
            Document(i, title, text, self._parse(told)) for i, title, text, told in zip(ids, titles, texts, metadata, strict=True)
        ]


def at(documents: Sequence[Document], rows: Sequence[int] | np.ndarray) -> list[Document]:
    """The documents of some rows, in that order.

    >>> [document.id for document in at([Document("a", "", "", {}), Document("b", "", "", {})], [1, 0])]
    ['b', 'a']
    """
    return documents.at(np.asarray(rows, np.int64)) if isinstance(documents, LookedUp) else [documents[row] for row in rows]


def keys_of(documents: Sequence[Document]) -> list[str]:
    """Names of the metadata of documents, in order of appearance.

    >>> keys_of([Document("a", "", "", {"year": 1985}), Document("b", "", "", {"genre": "War", "year": 1990})])
    ['year', 'genre']
    """
    if isinstance(documents, LookedUp):
        return documents.keys()
    return list(dict.fromkeys(key for document in documents for key in document.metadata))


def ids_of(documents: Sequence[Document], rows: np.ndarray | None = None) -> list[str]:
    """Id of each document, or of those of ``rows``, int ``(m,)``.

    >>> ids_of([Document("a", "Kites", "", {})])
    ['a']
    """
    if isinstance(documents, LookedUp):
        return documents.ids(rows)
    return [document.id for document in (documents if rows is None else at(documents, rows))]


def titles_of(documents: Sequence[Document], rows: np.ndarray | None = None) -> list[str]:
    """Title of each document, or of those of ``rows``, int ``(m,)``."""
    if isinstance(documents, LookedUp):
        return documents.titles(rows)
    return [document.title for document in (documents if rows is None else at(documents, rows))]
