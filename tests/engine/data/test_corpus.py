import gzip
import json
import re
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.corpus import Document, read
from engine.data.records import records
from engine.errors import TriescopeError


@pytest.fixture
def put(tmp_path):
    """Write a file, by name, and give its path."""

    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def test_a_beir_folder_gives_documents_queries_and_judgements(put):
    put("set/corpus.jsonl", lines({"_id": "d1", "title": "Kites", "text": "They fly.", "metadata": {"url": "u"}}))
    put("set/queries.jsonl", lines({"_id": "q1", "text": "what flies", "metadata": {}}, {"_id": "q2", "text": "what sinks"}))
    put("set/qrels/dev.tsv", "query-id\tcorpus-id\tscore\nq2\td1\t0\n")
    folder = put("set/qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\tgone\t1\n").parents[1]
    corpus = read(folder)
    assert corpus.name == "set"
    assert corpus.documents == [Document("d1", "Kites", "They fly.", {"url": "u"})]
    assert corpus.queries == {"q1": "what flies", "q2": "what sinks"}
    assert corpus.qrels == {"dev": {"q2": {"d1": 0}}, "test": {"q1": {"d1": 2, "gone": 1}}}


def test_a_beir_folder_may_hold_a_corpus_alone(put):
    corpus = read(put("set/corpus.jsonl", lines({"_id": "a", "title": "", "text": "x"})).parent)
    assert (corpus.queries, corpus.qrels) == ({}, {})


def test_other_tsv_files_beside_the_judgements_are_left_alone(put):
    put("set/corpus.jsonl", lines({"_id": "a", "text": "x"}))
    folder = put("set/qrels/notes.tsv", "who\twhat\nme\tthis\n").parents[1]
    assert read(folder).qrels == {}


def test_an_archive_of_a_folder_is_read_as_the_folder_is_and_what_is_not_read_is_said(tmp_path):
    header = "query-id\tcorpus-id\tscore\n"
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("set/corpus.jsonl", lines({"_id": "a", "text": "x"}))
        archive.writestr("set/queries.jsonl", lines({"_id": "q", "text": "what"}))
        archive.writestr("set/qrels/test.tsv", f"{header}q\ta\t1\n")
        archive.writestr("set/qrels/dev.csv", "query-id,corpus-id,score\nq,a,1\n")
        archive.writestr("set/README.md", "# A set")
    corpus = read(tmp_path / "set.zip")
    assert (corpus.name, corpus.qrels, len(corpus.documents)) == ("set", {"test": {"q": {"a": 1}}}, 1)
    assert corpus.notes == ("qrels/dev.csv was left aside: it is no .tsv file",)
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 no")
    with pytest.raises(TriescopeError, match=r"'bad\.zip': the archive is damaged"):
        read(tmp_path / "bad.zip")


TABLE = {
    "a.jsonl": lines({"id": "1", "title": "One", "text": "x"}, {"id": "2", "title": "Two", "text": "y"}),
    "a.ndjson": lines({"id": "1", "title": "One", "text": "x"}, {"id": "2", "title": "Two", "text": "y"}),
    "a.jsonl.gz": gzip.compress(
        lines({"id": "1", "title": "One", "text": "x"}, {"id": "2", "title": "Two", "text": "y"}).encode()
    ),
    "a.csv": "id,title,text\n1,One,x\n2,Two,y\n",
    "a.CSV": "id,title,text\n1,One,x\n2,Two,y\n",
    "a.csv.gz": gzip.compress(b"id,title,text\n1,One,x\n2,Two,y\n"),
    "semicolons.csv": "id;title;text\n1;One;x\n2;Two;y\n",
    "windows.csv": "\ufeffid,title,text\r\n1,One,x\r\n2,Two,y\r\n",
    "quoted.csv": '"id","title","text"\n"1","One","x"\n"2","Two","y"\n',
    "a.tsv": "id\ttitle\ttext\n1\tOne\tx\n2\tTwo\ty\n",
}


@pytest.mark.parametrize("name", TABLE)
def test_one_table_is_read_alike_from_every_kind_of_file(put, name):
    corpus = read(put(name, TABLE[name]))
    assert corpus.documents == [Document("1", "One", "x", {}), Document("2", "Two", "y", {})]
    assert corpus.name == name.split(".")[0]


def test_parquet_is_read_and_its_other_columns_kept(tmp_path):
    table = pa.table({"id": [7, 8], "title": ["One", None], "text": ["x", "y"], "year": [1999, None], "tags": [["a"], []]})
    pq.write_table(table, tmp_path / "a.parquet")
    one, two = read(tmp_path / "a.parquet").documents
    assert one == Document("7", "One", "x", {"year": 1999, "tags": ["a"]})
    assert two == Document("8", "", "y", {"year": None, "tags": []})


def test_cells_keep_delimiters_quotes_and_newlines(put):
    corpus = read(put("a.csv", 'id,text\n1,"a, b\nc ""d"""\n2,plain\n'))
    assert [document.text for document in corpus.documents] == ['a, b\nc "d"', "plain"]


def test_ids_are_strings_also_where_the_file_has_numbers(put):
    corpus = read(put("a.jsonl", '{"id": 17, "text": "x"}\n{"id": "018", "text": "y"}\n'))
    assert [document.id for document in corpus.documents] == ["17", "018"]
    assert [document.id for document in read(put("a.csv", "id,text\n007,x\n")).documents] == ["007"]


def test_query_ids_are_strings_also_where_the_file_has_numbers(put):
    put("set/corpus.jsonl", '{"_id": 1, "text": "x"}\n')
    put("set/queries.jsonl", '{"_id": 7, "text": "what"}\n')
    folder = put("set/qrels/test.tsv", "query-id\tcorpus-id\tscore\n7\t1\t1\n").parents[1]
    assert read(folder).qrels == {"test": {"7": {"1": 1}}}


def test_a_title_or_a_text_is_enough_and_documents_with_neither_are_left_out_and_listed(put):
    corpus = read(put("a.csv", "id,title,text\n1,One,\n2,,two\n3,,\n4,  ,\n"))
    assert corpus.documents == [Document("1", "One", "", {}), Document("2", "", "two", {})]
    assert corpus.left_out == ["3", "4"]


def test_a_column_that_the_first_line_lacks_is_understood_in_later_ones(put):
    corpus = read(
        put("a.jsonl", lines({"id": "1", "text": "x"}, {"id": "2", "title": "Two"}, {"id": "3", "title": "T", "text": "y"}))
    )
    assert corpus.left_out == []
    assert corpus.documents[1:] == [Document("2", "Two", "", {}), Document("3", "T", "y", {})]


def test_blank_lines_are_passed_over(put):
    corpus = read(put("a.jsonl", '\n{"id": "1", "text": "x"}\n\n  \n{"id": "2", "text": "y"}\n'))
    assert [document.id for document in corpus.documents] == ["1", "2"]


def test_usual_column_names_are_understood_whatever_their_case(put):
    assert read(put("a.csv", "SKU,Name,Description,Price\nA1,Cup,Holds tea,3\n")).documents == [
        Document("A1", "Cup", "Holds tea", {"Price": "3"})
    ]


def test_columns_may_be_named_by_the_user(put):
    path = put("a.csv", "nr,was,mehr,text\n1,Tasse,hält Tee,nicht dies\n")
    documents = read(path, {"id": "nr", "title": "was", "text": "mehr"}).documents
    assert documents == [Document("1", "Tasse", "hält Tee", {"text": "nicht dies"})]


def test_a_dictionary_called_metadata_is_joined_with_the_other_columns(put):
    corpus = read(put("a.jsonl", lines({"id": "1", "text": "x", "year": 1999, "metadata": {"tags": ["a", {"b": None}]}})))
    assert corpus.documents[0].metadata == {"year": 1999, "tags": ["a", {"b": None}]}


def test_a_column_called_metadata_that_is_no_dictionary_is_kept_as_it_is(put):
    assert read(put("a.csv", "id,text,metadata\n1,x,red\n")).documents[0].metadata == {"metadata": "red"}


@pytest.mark.parametrize("name", ["a[1].csv", "a*.csv", "what?.csv", "{a,b}.csv", "it's.csv", 'a "b".csv', "%s.csv"])
def test_a_file_name_is_no_pattern(put, name):
    put("a1.csv", "id,text\nwrong,x\n")
    assert [document.id for document in read(put(name, "id,text\nright,x\n")).documents] == ["right"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1, max_size=5))
def test_json_text_comes_back_as_it_was_but_for_space_around_it(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("json") / "a.jsonl"
    path.write_text(lines(*({"id": place, "title": "t", "text": text} for place, text in enumerate(texts))), "utf-8")
    assert [document.text for document in read(path).documents] == [text.strip() for text in texts]


def test_title_and_text_are_searched_together_and_fields_when_asked_for():
    kites = Document("a", "Kites", "How they fly.", {"topic": ["Toys", "Wind"], "year": 1999})
    assert kites.searched_text() == "Kites How they fly."
    assert kites.searched_text(["year", "topic"]) == "Kites How they fly. 1999. Toys, Wind."
    assert kites._replace(text="").searched_text() == "Kites"
    assert kites._replace(title="").searched_text() == "How they fly."


@pytest.mark.parametrize("nothing", [None, "", []])
def test_a_field_without_a_value_adds_nothing_to_what_is_searched(nothing):
    assert Document("a", "Kites", "", {"topic": nothing}).searched_text(["topic", "other"]) == "Kites"


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_a_packed_parquet_file_is_read_and_one_that_swells_is_refused(tmp_path, codec, monkeypatch):
    plainly, ending = tmp_path / "a.parquet", {"gzip": ".gz", "zstd": ".zst"}[codec]
    pq.write_table(pa.table({"id": ["1", "2"], "title": ["One", "Two"]}), plainly)
    packed = tmp_path / f"a.parquet{ending}"
    packed.write_bytes(pa.Codec(codec).compress(plainly.read_bytes(), asbytes=True))
    assert list(records(packed)) == list(records(plainly))
    packed.write_bytes(pa.Codec(codec).compress(b"no table" * 9, asbytes=True))
    with pytest.raises(TriescopeError, match=rf"{re.escape(str(packed))}: .*No magic bytes"):
        list(records(packed))
    packed.write_bytes(pa.Codec(codec).compress(bytes(1 << 20), asbytes=True))
    monkeypatch.setattr("engine.data.records.PACKED_LEAST", 1000)
    with pytest.raises(TriescopeError, match="unpacks to more than"):
        list(records(packed))
