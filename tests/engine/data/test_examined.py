"""A file looked at before a build: every wrong row once, columns as they are, and the same documents that are read."""

import codecs
import csv
import gzip
import io
import json
import threading
from contextlib import contextmanager

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from engine.builds.foreseen import PROCESS_MB, foresee, memory_left_mb
from engine.data import records as reading
from engine.data.corpus import read
from engine.data.examined import MOST, Column, Fault, examine, faults_csv, guess, header
from engine.errors import TriescopeError
from engine.text import encoders

CSV = """sku,name,description,price
1,Blue cup,A cup,12.5
2,Rake,,30
2,Rake again,x,31
 ,No id,Nothing,1
5,,,3
6,Too,many,cells,1
"""


@pytest.fixture
def mixed(tmp_path):
    path = tmp_path / "mixed.csv"
    path.write_text(CSV, "utf-8")
    return path


def test_every_wrong_row_is_listed_with_its_column_and_what_is_wrong(mixed):
    found = examine(mixed)
    assert found.faults == [
        Fault(3, "sku", "id '2' was used before, in row 2", "2"),
        Fault(4, "sku", "the id is missing", " "),
        Fault(6, "", "expected 4 cells, found 5", "6 | Too | many | cells | 1"),
    ]
    assert (found.rows, found.documents, found.left_out, found.wrong) == (3, 2, ["5"], 3)
    assert found.names == {"id": "sku", "title": "name", "text": "description"}
    assert found.columns[3] == Column("price", 3, "text", ("12.5", "30", "3"))
    assert [one.id for one in found.seen] == ["1", "2"]


def test_left_out_they_are_counted_in_the_build_and_otherwise_the_first_is_an_error(mixed):
    with pytest.raises(TriescopeError, match="row 3, column sku: id '2' was used before"):
        read(mixed)
    corpus = read(mixed, leave_out=True)
    assert [one.id for one in corpus.documents] == ["1", "2"]
    (note,) = corpus.notes
    assert note.startswith(
        "3 rows were wrong and left out (row 3, column sku: id '2' was used before, in row 2; row 4, column sku"
    )


@pytest.mark.parametrize(("ending", "opener"), [(".jsonl", open), (".jsonl.gz", gzip.open)])
def test_lines_that_are_no_json_or_no_object_are_wrong_rows_and_the_others_are_read(tmp_path, ending, opener):
    path = tmp_path / f"lines{ending}"
    lines = ['{"id": 1, "text": "a"}', "{", "[1]", '{"id": 2, "text": {"no": "text"}}', '{"id": 3, "text": "\\ud800"}', ""]
    with opener(path, "wt", encoding="utf-8") as file:
        file.write("\n".join([*lines, '{"id": 4, "text": "b", "x": null, "y": [1, 2]}']))
    found = examine(path)
    assert [(fault.row, fault.what.split("(")[0].strip()) for fault in found.faults] == [
        (2, "not valid JSON"),
        (3, "expected a JSON object, found list"),
        (4, "expected text, found dict"),
        (5, "half a character"),
    ]
    assert [fault.value for fault in found.faults[:3]] == ["{", "[1]", "no: text"]
    assert [one.id for one in found.seen] == ["1", "4"]
    assert {column.name: (column.filled, column.kinds) for column in found.columns}["y"] == (1, "list")


rows = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "", " d "]), st.sampled_from(["", "t"]), st.booleans()), min_size=1)


@given(rows)
def test_what_is_no_fault_is_what_a_loop_would_keep(tmp_path_factory, some):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    lines = [json.dumps({"id": i, "title": title, "text": "x" if title else ""}) if whole else "no" for i, title, whole in some]
    path.write_text("\n".join([*lines, '{"id": "last", "title": "t"}']) + "\n", "utf-8")
    kept, seen, wrong, empty = [], set(), 0, []
    for i, title, whole in [*some, ("last", "t", True)]:
        if not whole or not i.strip() or i.strip() in seen:
            wrong += 1
            continue
        seen.add(i.strip())
        (kept if title else empty).append(i.strip())
    found = examine(path)
    assert (found.wrong, len(found.faults), found.left_out, found.documents) == (wrong, wrong, empty, len(kept))
    assert [one.id for one in read(path, leave_out=True).documents] == kept


def test_faults_beyond_the_most_are_counted(tmp_path):
    path = tmp_path / "many.csv"
    path.write_text("id,text\nx,y\n" + "x,y\n" * (MOST + 5), "utf-8")
    found = examine(path)
    assert (found.wrong, len(found.faults)) == (MOST + 5, MOST)


def test_a_guess_is_by_name_and_a_header_is_of_the_first_row_that_can_be_read(mixed, tmp_path):
    assert header(mixed) == ["sku", "name", "description", "price"]
    assert guess(["_id", "id", "title"])["id"] == "_id"
    path = tmp_path / "late.jsonl"
    path.write_text('{\n{"number": 1}\n', "utf-8")
    assert header(path) == ["number"]
    with pytest.raises(TriescopeError, match="no id column"):
        examine(path, {"text": "number"})


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("Parent_ASIN,headline,other", "Parent_ASIN headline"),
        ("Handle,Title,Body (HTML),Vendor,Type,Tags", "Handle Title Body (HTML)"),
        ("uniq_id,product_url,product_name,product_category_tree,description", "uniq_id product_name description"),
        ("Product ID,Product Name,Price,About Product", "Product ID Product Name About Product"),
        ("article_id,product_code,prod_name,detail_desc", "article_id prod_name detail_desc"),
        ("movieId,title,genres", "movieId title"),
        ("InvoiceNo,StockCode,Description,Quantity", "StockCode  Description"),
        ("ISBN,Book-Title,Book-Author", "ISBN Book-Title"),
        ("budget,id,original_title,overview,title", "id title overview"),
        ("track_id,artists,track_name", "track_id track_name"),
        ("'id','title'", ""),
    ],
)
def test_headers_as_shops_and_sets_have_them_are_guessed(header, meant):
    found = guess(header.split(","))
    assert " ".join(found.get(part, "") for part in ("id", "title", "text")).rstrip() == meant


def test_the_table_of_faults_is_no_formula_for_a_spreadsheet():
    written = faults_csv([Fault(3, "=cmd", "-1 is wrong, and\nmore")])
    assert list(csv.reader(io.StringIO(written))) == [
        ["Row", "Column", "What", "Value"],
        ["3", "'=cmd", "'-1 is wrong, and\nmore", ""],
    ]


def test_what_a_build_takes_grows_with_its_documents():
    few, many = (foresee(["a red kite"] * 3, documents, encoders.load()) for documents in (1_000, 100_000))
    assert many.memory_mb - PROCESS_MB == pytest.approx(100 * (few.memory_mb - PROCESS_MB))
    assert many.rest_s == pytest.approx(100 * few.rest_s)
    assert few.timed >= 16
    assert 0 < few.embedding_s < many.embedding_s


def test_the_memory_that_is_left_is_the_machines_or_the_containers(tmp_path):
    assert memory_left_mb(tmp_path) is None
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    2000 kB\n")
    assert memory_left_mb(tmp_path) == pytest.approx(2.048)
    (group := tmp_path / "sys" / "fs" / "cgroup").mkdir(parents=True)
    for most, left in (("max", 2.048), ("1500000", 0.5), ("900000", 0.0)):
        (group / "memory.max").write_text(f"{most}\n")
        (group / "memory.current").write_text("1000000\n")
        assert memory_left_mb(tmp_path) == pytest.approx(left)


def test_the_shell_lists_them_and_builds_without_them(mixed, shell, told, tmp_path):
    code, out, _ = shell("examine", mixed, "--csv", tmp_path / "wrong.csv")
    assert code == 0
    assert "3 rows read, 2 documents, 1 with neither title nor text, 3 wrong" in out
    assert "row 6: expected 4 cells, found 5" in out
    assert (tmp_path / "wrong.csv").read_text().count("\n") == 4
    assert told("examine", mixed)["wrong"] == 3
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "corpus.jsonl").write_text('{"_id": 1, "text": "a"}\n')
    assert told("examine", tmp_path / "set")["documents"] == 1
    code, _, err = shell("build", mixed, "--out", tmp_path / "b", "--ids", "atomic")
    assert code == 2
    assert "row 3" in err
    value = told("build", mixed, "--out", tmp_path / "b", "--ids", "atomic", "--leave-out")
    assert value["corpus"]["documents"] == 2
    assert "3 rows were wrong and left out" in value["corpus"]["notes"][0]


def test_what_takes_too_long_is_interrupted_and_what_does_not_is_left_alone(monkeypatch):
    rung = threading.Event()
    with reading._in_time(rung.set):
        pass
    monkeypatch.setattr(reading, "PATIENCE_S", 0.01)
    assert not rung.wait(0.05)
    with reading._in_time(rung.set):
        assert rung.wait(5)


def test_a_parquet_file_that_takes_for_ever_is_given_up_in_a_line(tmp_path, monkeypatch):
    path = tmp_path / "long.parquet"
    parquet.write_table(pa.table({"id": ["1"], "text": ["a"]}), path)
    assert examine(path).documents == 1

    @contextmanager
    def too_long(interrupt):
        raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")
        yield

    monkeypatch.setattr(reading, "_in_time", too_long)
    with pytest.raises(TriescopeError, match="no 10,000 rows could be read in 120 s behind row 0"):
        examine(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(("kind", "packed"), [("csv", False), ("tsv", True), ("jsonl", False)])
def test_a_file_is_read_in_each_encoding_that_says_what_it_is(tmp_path, encoding, kind, packed):
    rows = [("1", "Été à Zürich", "雪 und снег"), ("2", "😀", "x")]
    table = {
        "csv": "id,title,text\r\n" + "".join(f'{i},"{t}","{x}"\r\n' for i, t, x in rows),
        "tsv": "id\ttitle\ttext\n" + "".join(f"{i}\t{t}\t{x}\n" for i, t, x in rows),
        "jsonl": "".join(json.dumps({"id": i, "title": t, "text": x}, ensure_ascii=False) + "\n" for i, t, x in rows),
    }[kind]
    marks = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    path = tmp_path / f"a.{kind}{'.gz' if packed else ''}"
    for mark in {marks.get(encoding, b""), b""}:  # without its mark it is known by its zeros
        content = mark + table.encode(encoding)
        path.write_bytes(gzip.compress(content) if packed else content)
        assert [(one.id, one.title, one.text) for one in read(path).documents] == rows


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("id,text\n1,Zürich\n".encode("latin-1"), "row 1: not UTF-8; if it is Latin-1"),
        (codecs.BOM_UTF16_LE + b"i\x00d\x00\n\x00\x00\xd8x\x00", "not UTF-16, though its first bytes say so"),
        (gzip.compress(b"id,text\n1,a\n", mtime=0), "it is no text, but packed with gzip: let its name end in .gz"),
        (b"PK\x03\x04" + bytes(40), "it is no text, but a zip archive, or a workbook of a spreadsheet"),
    ],
)
def test_what_is_in_no_encoding_that_it_says_is_refused_where_it_stands(tmp_path, content, says):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(TriescopeError, match=says):
        read(tmp_path / "a.csv")
