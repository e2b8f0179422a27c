import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.data.corpus import read
from engine.errors import TriescopeError

FILES = {
    "bad JSON": ("a.jsonl", '{"id": "1", "text": "x"}\n{"id": 2,}\n', "row 2, column 10: not valid JSON"),
    "bad JSON after blank lines": ("a.jsonl", '\n\n{"id": "1", "text": "x"}\n\n{\n', "row 5, column 2: not valid JSON"),
    "JSON too deep": ("a.jsonl", '{"id": "1", "text": "x", "y": ' + "[" * 100_000 + "\n", "row 1: not valid JSON"),
    "a number of thousands of digits": ("a.jsonl", '{"id": ' + "1" * 5000 + ', "text": "x"}\n', "row 1"),
    "half a character": ("a.jsonl", '{"id": "1", "text": "\\ud800"}\n', "row 1, column text"),
    "no object": ("a.jsonl", '{"id": "1", "text": "x"}\n["x"]\n', "row 2: expected a JSON object, found list"),
    "objects as text": ("a.jsonl", '{"id": "1", "text": [{"x": 1}]}\n', "row 1, column text: expected text, found list"),
    "dictionary as title": ("a.jsonl", '{"id": "1", "title": {}}\n', "row 1, column title: expected text, found dict"),
    "truth as id": ("a.jsonl", '{"id": true, "text": "x"}\n', "row 1, column id: expected text, found bool"),
    "id twice": ("a.csv", "id,text\na,x\nb,y\na,z\n", "row 3, column id: id 'a' was used before, in row 1"),
    "id twice, number and text": ("a.jsonl", '{"id": 1, "text": "x"}\n{"id": "1", "text": "y"}\n', "row 2, column id: id '1'"),
    "id left out used again": ("a.csv", "id,text\na,\na,z\n", "row 2, column id: id 'a' was used before, in row 1"),
    "id missing": ("a.jsonl", '{"id": "1", "text": "x"}\n{"text": "y"}\n', "row 2, column id: the id is missing"),
    "id blank": ("a.csv", "sku,text\n1,x\n  ,y\n", "row 2, column sku: the id is missing"),
    "cell too many": ("a.csv", "id,text\n1,x\n2,y\n3,z,z\n", "row 3: expected 2 cells, found 3"),
    "cell too few": ("a.csv", "id,text\n1,x\n2\n", "row 2: expected 2 cells, found 1"),
    "quote left open": ("a.csv", 'id,text\n1,x\n2,"y\n3,z\n', "row 2: a quote is opened and never closed"),
    "broken after quoted newline": ("a.csv", 'id,text\n1,"a\nb"\n2,y\n3,z,z\n', "row 3: expected 2 cells, found 3"),
    "not UTF-8 in CSV": ("a.csv", b"id,text\n1,x\n2,caf\xe9\n", "row 2: not UTF-8"),
    "not UTF-8 in JSONL": ("a.jsonl", b'{"id": "1", "text": "x"}\n{"id": "2", "text": "caf\xe9"}\n', "row 2: not UTF-8"),
    "not UTF-8 in the first line": ("a.jsonl", b'{"id": "1", "text": "caf\xe9"}\n', "row 1: not UTF-8"),
    "line too long": (
        "a.jsonl",
        '{"id": "1", "text": "' + "x" * (17 << 20) + '"}\n',
        "row 1: the line is longer than 16,777,216 characters",
    ),
    "no id column": ("a.csv", "nr,text\n1,x\n", "row 1: no id column; looked for .* found nr, text"),
    "no text column": ("a.csv", "id,was\n1,x\n", "row 1: no title or text column; .* found id, was"),
    "column twice": ("a.csv", "id,text,text\n1,x,y\n", "header: column names must differ; found id, text, text"),
    "nothing in a CSV": ("a.csv", "", "the file is empty"),
    "blank lines in a CSV": ("a.csv", "\n\n", "the file is empty"),
    "header alone": ("a.csv", "id,text\n", "no document with a title or a text"),
    "nothing in a JSONL": ("a.jsonl", "", "no document with a title or a text"),
    "nothing in a Parquet": ("a.parquet", "", "too small to be a Parquet file"),
    "documents all empty": ("a.csv", "id,title,text\n1,,\n2,,\n", "no document with a title or a text"),
    "kind unknown": ("a.xlsx", "id,text\n1,x\n", "files of this kind are not read; use .jsonl, .json, .csv, .tsv or .parquet"),
    "no kind": ("corpus", "id,text\n1,x\n", "files of this kind are not read"),
    "gzip by name alone": ("a.jsonl.gz", '{"id": "1", "text": "x"}\n', "not a GZIP stream"),
    "gzip cut off": (
        "a.csv.gz",
        gzip.compress(b"id,text\n" + b"".join(b"%d,x\n" % i for i in range(9999)))[:-60],
        "the GZIP stream is cut off",
    ),
}


def fault(path, columns=None):
    with pytest.raises(TriescopeError) as caught:
        read(path, columns)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("case", FILES)
def test_what_is_wrong_is_said_in_a_line_with_file_row_and_column(tmp_path, case):
    name, content, expected = FILES[case]
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(TriescopeError, match=expected) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_list_of_lists_in_a_parquet_column_of_text_is_refused(tmp_path):
    pq.write_table(pa.table({"id": ["1", "2"], "text": [[["a"]], [["b"]]]}), tmp_path / "a.parquet")
    assert fault(tmp_path / "a.parquet").endswith("row 1, column text: expected text, found list")


def test_a_path_that_leads_nowhere_is_said(tmp_path):
    assert fault(tmp_path / "none.csv").endswith("none.csv: no such file or folder")


def test_a_folder_without_a_corpus_is_said(tmp_path):
    assert fault(tmp_path).endswith("a corpus folder needs a file corpus.jsonl")


def test_a_column_asked_for_that_is_not_there_is_said_with_those_that_are(tmp_path):
    (tmp_path / "a.csv").write_text("nr,was\n1,x\n", "utf-8")
    message = fault(tmp_path / "a.csv", {"id": "nr", "text": "mehr"})
    assert message.endswith("there is no column 'mehr' to take the text from; columns are nr, was")


HEADER = "query-id\tcorpus-id\tscore\n"
JUDGEMENTS = {
    "no document": ("q\td\t1\nq\t \t1\n", "row 2, column corpus-id: missing"),
    "a fraction": ("q\td\t0.5\n", "row 1, column score: expected a whole number, found '0.5'"),
    "a word": ("q\td\tgood\n", "row 1, column score: expected a whole number, found 'good'"),
    "a superscript": ("q\td\t²\n", "row 1, column score: expected a whole number, found '²'"),
    "no score": ("q\td\t\n", "row 1, column score: expected a whole number, found ''"),
    "too few cells": ("q\td\t1\nq\te\n", "row 2: expected 3 cells, found 2"),
    "an unknown query": ("q\td\t1\nz\td\t1\n", "row 2, column query-id: there is no query 'z' in queries.jsonl"),
}


@pytest.mark.parametrize("case", JUDGEMENTS)
def test_a_wrong_judgement_is_said_with_its_row_and_column(tmp_path, case):
    rows, expected = JUDGEMENTS[case]
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text('{"_id": "d", "text": "x"}\n', "utf-8")
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "what"}\n', "utf-8")
    (tmp_path / "qrels" / "test.tsv").write_text(HEADER + rows, "utf-8")
    assert fault(tmp_path) == f"{tmp_path / 'qrels' / 'test.tsv'}, {expected}"


QUERIES = {
    "no id": ('{"text": "what"}\n', "row 1, column _id: missing"),
    "no text": ('{"_id": "q", "text": "what"}\n{"_id": "r"}\n', "row 2, column text: missing"),
    "id twice": ('{"_id": "1", "text": "what"}\n{"_id": 1, "text": "who"}\n', "row 2, column _id: id '1' was used before"),
    "list as text": ('{"_id": "q", "text": ["what"]}\n', "row 1, column text: expected text, found list"),
}


@pytest.mark.parametrize("case", QUERIES)
def test_a_wrong_query_is_said_with_its_row_and_column(tmp_path, case):
    content, expected = QUERIES[case]
    (tmp_path / "corpus.jsonl").write_text('{"_id": "d", "text": "x"}\n', "utf-8")
    (tmp_path / "queries.jsonl").write_text(content, "utf-8")
    assert fault(tmp_path) == f"{tmp_path / 'queries.jsonl'}, {expected}"
