"""Columns of a Parquet file, read within limits that come from the file's size, and from what is known of it otherwise.

A Parquet file may claim any number of rows, and unpack to anything: a run of a billion equal values is five bytes, and a long
text that all rows share stands in it once. So names, types, rows and the size of every page are looked at first, nothing is
expanded (rows that share a text share one object), and only then is it read, by pyarrow, into plain strings and numbers.
"""

import mmap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import TriescopeError
from engine.stored.content import opened
from engine.stored.pages import pages

# What a file may unpack to: so much, and so many times its own size. Texts shrink to a tenth, and equal ones to far less.
UNPACKED, TIMES = 64 << 20, 200
# Rows that a file may have where nobody knows better: so many, and so many a byte.
ROWS, ROWS_A_BYTE = 100_000, 8
# Characters of a column's texts, those that rows share counted each time.
CHARACTERS = 4 << 30
# Of one string, and of one list, in the footer.
THRIFT_BYTES, THRIFT_ITEMS = 16 << 20, 1 << 20

TEXT, INT32, FLOAT32 = "text", "int32", "float32"
_PHYSICAL = {TEXT: "BYTE_ARRAY", INT32: "INT32", FLOAT32: "FLOAT"}

Column = list[str] | np.ndarray


def read(path: Path, columns: Mapping[str, str], rows: int | None = None) -> list[Column]:
    """The columns of a Parquet file that has these and no others, without missing values.

    Parameters
    ----------
    path : Path
        The file.
    columns : mapping of str to str
        Name -> ``text``, ``int32`` or ``float32``.
    rows : int, optional
        How many there must be, where that is known.

    Returns
    -------
    list
        A list of str for a column of text, else an array; in the order of ``columns``.

    Raises
    ------
    TriescopeError
        The file cannot be read, is not what is meant, or claims more than its size allows.
    """
    with _reading(path):
        table = _table(path, columns, rows)
        return [_plain(path, name, table.column(name), kind) for name, kind in columns.items()]


def read_texts(path: Path, columns: Sequence[str], rows: int | None = None) -> list["Texts"]:
    """Columns of text as :func:`read` has them, left as they are packed in memory.

    Raises
    ------
    TriescopeError
        As :func:`read`.
    """
    with _reading(path):
        table = _table(path, dict.fromkeys(columns, TEXT), rows)
        return [_packed(path, name, table.column(name)) for name in columns]


class Texts:
    """A column of text: of each chunk its different texts, and which of them each row has."""

    def __init__(self, chunks: Sequence[tuple[pa.Array, np.ndarray]]):
        self._chunks = chunks
        self._starts = np.concatenate([[0], np.cumsum([len(places) for _, places in chunks])]).astype(np.int64)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def take(self, rows: np.ndarray) -> list[str]:
        """Texts of some rows, in their order."""
        of = np.searchsorted(self._starts, rows, "right") - 1
        found = np.empty(len(rows), object)
        for number in np.unique(of).tolist():
            texts, places = self._chunks[number]
            here = np.flatnonzero(of == number)
            found[here] = texts.take(pa.array(places[rows[here] - self._starts[number]])).to_pylist()
        return found.tolist()


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say whatever pyarrow raises of a file in one line."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError, MemoryError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise TriescopeError(f"{path}: not a table of this build ({first[:120]})") from error


def _table(path: Path, columns: Mapping[str, str], rows: int | None) -> pa.Table:
    """The table, once it is seen that it is what is meant."""
    texts = [name for name, kind in columns.items() if kind == TEXT]
    limits = {"thrift_string_size_limit": THRIFT_BYTES, "thrift_container_size_limit": THRIFT_ITEMS}
    with opened(path) as content:
        with pq.ParquetFile(content, **limits) as file:
            _check_shape(path, file, columns, rows)
            _check_pages(path, file.metadata, content)
            known = file.metadata
        with pq.ParquetFile(content, metadata=known, read_dictionary=texts, **limits) as file:
            table = file.read(columns=list(columns), use_threads=False)
    if rows is not None and table.num_rows != rows:
        raise TriescopeError(f"{path}: {table.num_rows:,} rows where there must be {rows:,}")
    table.validate(full=True)
    return table


def _check_shape(path: Path, file: pq.ParquetFile, columns: Mapping[str, str], rows: int | None) -> None:
    schema, count = file.schema, file.metadata.num_rows
    found = {schema.column(place).path: schema.column(place) for place in range(len(schema))}
    if list(found) != list(columns) or len(schema) != len(columns):
        raise TriescopeError(f"{path}: columns {_few(found)} where {', '.join(columns)} are meant")
    for name, kind in columns.items():
        column = found[name]
        text = column.converted_type == "UTF8" or column.logical_type.type == "STRING"
        if column.physical_type != _PHYSICAL[kind] or column.max_repetition_level or (kind == TEXT and not text):
            raise TriescopeError(f"{path}: column {name} is not of {kind}")
    most = ROWS + ROWS_A_BYTE * path.stat().st_size if rows is None else rows
    if not 0 <= count <= most or sum(group.num_rows for group in _groups(file.metadata)) != count:
        meant = f"at most {most:,}" if rows is None else f"{rows:,}"
        raise TriescopeError(f"{path}: {count:,} rows where there must be {meant}")


def _check_pages(path: Path, metadata: pq.FileMetaData, file: IO[bytes]) -> None:
    # Let go of when nothing looks at it any more: an error's traceback may, for a while.
    whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    unpacked, most = 0, UNPACKED + TIMES * len(whole)
    for group in _groups(metadata):
        for chunk in (group.column(place) for place in range(group.num_columns)):
            start = chunk.data_page_offset
            if chunk.has_dictionary_page and chunk.dictionary_page_offset is not None:
                start = min(start, chunk.dictionary_page_offset)
            stop = start + chunk.total_compressed_size
            if not 0 <= start <= stop <= len(whole) or group.num_rows < 0 or chunk.file_path:
                raise TriescopeError(f"{path}: column {chunk.path_in_schema} leads out of the file")
            found = pages(whole[start:stop])
            unpacked += found.bytes
            if found.values != group.num_rows or found.entries > max(group.num_rows, 1) or unpacked > most:
                told = f"{found.values:,} values in {found.bytes:,} bytes"
                raise TriescopeError(f"{path}: column {chunk.path_in_schema} claims {told}")


def _groups(metadata: pq.FileMetaData) -> list[pq.RowGroupMetaData]:
    return [metadata.row_group(place) for place in range(metadata.num_row_groups)]


def _plain(path: Path, name: str, column: pa.ChunkedArray, kind: str) -> Column:
    if column.null_count:
        raise TriescopeError(f"{path}: column {name} has {column.null_count:,} rows without a value")
    if kind != TEXT:
        return column.to_numpy()
    found: list[str] = []
    characters = 0
    for chunk in column.chunks:
        if not pa.types.is_dictionary(chunk.type) or not pa.types.is_string(chunk.type.value_type):
            raise TriescopeError(f"{path}: column {name} is of {chunk.type}, not of text")
        # Their own to_numpy would import pandas, a third of a second.
        texts, places = chunk.dictionary.to_pylist(), np.from_dlpack(chunk.indices)
        if None in texts:
            raise TriescopeError(f"{path}: column {name} has rows without a value")
        characters += int(np.array([len(text) for text in texts], np.int64)[places].sum()) if len(places) else 0
        if characters > CHARACTERS:
            raise TriescopeError(f"{path}: column {name} claims more than {CHARACTERS:,} characters")
        found += [texts[place] for place in places.tolist()]
    return found


def _packed(path: Path, name: str, column: pa.ChunkedArray) -> Texts:
    """A column left as it is, within the same limits, counted in bytes."""
    if column.null_count:
        raise TriescopeError(f"{path}: column {name} has {column.null_count:,} rows without a value")
    chunks, spent = [], 0
    for chunk in column.chunks:
        if not pa.types.is_dictionary(chunk.type) or not pa.types.is_string(chunk.type.value_type) or chunk.dictionary.null_count:
            raise TriescopeError(f"{path}: column {name} is of {chunk.type}, not of text")
        texts, places = chunk.dictionary, np.from_dlpack(chunk.indices)
        ends = np.frombuffer(texts.buffers()[1] or b"", np.int32)[texts.offset : texts.offset + len(texts) + 1]
        spent += int(np.diff(ends).astype(np.int64)[places].sum()) if len(places) else 0
        if spent > CHARACTERS:
            raise TriescopeError(f"{path}: column {name} claims more than {CHARACTERS:,} characters")
        chunks.append((texts, places))
    return Texts(chunks)


def _few(names: Mapping[str, object]) -> str:
    first = [ascii(name)[1:-1][:40] for name in list(names)[:6]]
    return ", ".join(first) + (f" and {len(names) - 6} more" if len(names) > 6 else "") or "none"
