"""Parquet within limits: what is claimed is held to the file's size and to what is known, before anything is unpacked."""

import os

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import TriescopeError
from engine.stored import parquet
from engine.stored.pages import pages
from engine.stored.parquet import FLOAT32, INT32, TEXT, read

COLUMNS = {"name": TEXT, "grade": INT32}
TABLE = pa.table({"name": ["a", "b", "b"], "grade": pa.array([1, 2, 3], pa.int32())})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.parquet"


def fault(path, columns=COLUMNS, rows=None):
    with pytest.raises(TriescopeError) as caught:
        read(path, columns, rows)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("options", [{}, {"use_dictionary": False}, {"data_page_version": "2.0"}, {"compression": "none"}])
def test_what_was_written_is_read_whoever_wrote_it_and_however(path, options):
    pq.write_table(TABLE, path, **options)
    name, grade = read(path, COLUMNS, 3)
    assert (name, grade.tolist()) == (["a", "b", "b"], [1, 2, 3])
    with duckdb.connect() as con:
        con.register("rows", TABLE)
        con.sql("SELECT * FROM rows").write_parquet(str(path), compression="zstd")
    name, grade = read(path, COLUMNS)
    assert (name, grade.tolist()) == (["a", "b", "b"], [1, 2, 3])


def test_many_row_groups_and_pages_are_read_in_order(path):
    names = [f"{'x' * (number % 7)}{number}" for number in range(5000)]
    pq.write_table(pa.table({"name": names}), path, row_group_size=700, data_page_size=500, dictionary_pagesize_limit=300)
    assert read(path, {"name": TEXT}, 5000) == [names]


def test_rows_that_share_a_text_share_one_object(path):
    pq.write_table(pa.table({"name": ["long" * 100] * 5000}), path)
    (found,) = read(path, {"name": TEXT})
    assert len({id(text) for text in found}) == 1


def test_other_columns_types_and_rows_are_refused(path):
    pq.write_table(TABLE, path)
    assert fault(path, {"name": TEXT}) == "columns name, grade where name are meant"
    assert fault(path, {"name": TEXT, "grade": FLOAT32}) == "column grade is not of float32"
    assert fault(path, {"name": INT32, "grade": INT32}) == "column name is not of int32"
    assert fault(path, rows=4) == "3 rows where there must be 4"
    pq.write_table(pa.table({"name": [["a"]], "grade": pa.array([1], pa.int32())}), path)
    assert fault(path) == "columns name.list.element, grade where name, grade are meant"


def test_a_missing_value_is_refused(path):
    pq.write_table(pa.table({"name": ["a", None], "grade": pa.array([1, 2], pa.int32())}), path)
    assert fault(path) == "column name has 1 rows without a value"


def test_text_that_is_none_is_refused(path):
    schema = pa.schema([("name", pa.string())])
    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(np.array([0, 1], np.int32)), pa.py_buffer(b"\xff")])
    pq.write_table(pa.Table.from_arrays([broken], schema=schema), path)
    assert "not a table of this build" in fault(path, {"name": TEXT})


def test_more_rows_than_the_file_can_bear_are_refused(path):
    pq.write_table(pa.table({"name": ["a"] * 300_000}), path)
    assert path.stat().st_size < 10_000
    assert "300,000 rows where there must be at most" in fault(path, {"name": TEXT})


def test_more_bytes_than_the_file_can_bear_are_refused(path, monkeypatch):
    monkeypatch.setattr(parquet, "UNPACKED", 1 << 20)
    pq.write_table(pa.table({"name": ["y" * 9_000_000]}), path, compression="zstd", use_dictionary=False, write_statistics=False)
    assert path.stat().st_size < 10_000
    assert fault(path, {"name": TEXT}).startswith("column name claims 1 values in 9,000,0")


def test_more_characters_than_memory_can_bear_are_refused(path, monkeypatch):
    monkeypatch.setattr(parquet, "CHARACTERS", 1000)
    pq.write_table(pa.table({"name": ["long" * 100] * 3}), path)
    assert fault(path, {"name": TEXT}) == "column name claims more than 1,000 characters"


def test_garbage_a_missing_file_and_a_pipe_are_refused(path, tmp_path):
    path.write_bytes(b"PAR1" + b"x" * 40 + b"PAR1")
    assert "not a table of this build" in fault(path)
    os.mkfifo(tmp_path / "pipe")
    assert fault(tmp_path / "pipe") == "not a file"
    assert "No such file" in fault(tmp_path / "no")


class TestPages:
    """Headers by hand: field 1 (kind), 2 (unpacked), 3 (packed), 5 (data page: field 1, values), zigzag."""

    HEAD = bytes([0x15, 0, 0x15, 200, 1, 0x15, 6, 0x2C, 0x15, 8, 0, 0])

    def test_sizes_and_values_are_added_up(self):
        page = self.HEAD + b"abc"
        assert pages(memoryview(page * 2)) == (8, 0, 200)

    @pytest.mark.parametrize("cut", range(1, 15))
    def test_a_page_that_is_cut_off_is_refused(self, cut):
        with pytest.raises(ValueError, match=r"page|end|values|large"):
            pages(memoryview((self.HEAD + b"abc")[:cut]))

    def test_what_leads_backwards_or_has_no_end_is_refused(self):
        for head in (
            bytes([0x15, 0, 0x15, 200, 1, 0x15, 5, 0]),
            b"\x15" + b"\x80" * 20,
            b"\x1c" * 40,
            b"\x19\xf5\xff\xff\xff\x0f",
        ):
            with pytest.raises(ValueError, match=r"page|end|nested"):
                pages(memoryview(head))
