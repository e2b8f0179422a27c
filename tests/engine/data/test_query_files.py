"""Queries and judgements of one's own: every form that other tools write, what is left out and told, and what is refused."""

import gzip

import pytest

from engine.data.corpus import read
from engine.data.query_files import bring, read_query_file, with_queries
from engine.errors import TriescopeError

TWO = {"301": "red kites & wind", "b-2": "where do they nest"}
OLD = """<top>
<num> Number: 301
<title> red kites &amp;
wind

<desc> Description:
Which <b>kites</b> are red?
</top>

<top>

<num> Number: b-2
<title> Topic: where do they nest
<narr> Narrative: None.
</top>
"""
XML = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<topics task="x">
  <topic number="301"><query>red kites &amp; wind</query><question>no</question></topic>
  <topic id='b-2'>
    <title>where do they
    nest</title></topic>
</topics>
"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("q.csv", 'id,text\n301,red kites & wind\nb-2,"where do they\nnest"\n'),
        ("q.csv", "note;Query;QID\nx;red kites & wind;301\n;where do they nest;b-2\n"),
        ("q.tsv", "query_id\tquery\n301\tred kites & wind\nb-2\twhere do they nest\n"),
        ("q.jsonl", '{"_id": 301, "text": "red kites & wind"}\n{"_id": "b-2", "text": " where do they  nest", "more": 1}\n'),
        ("q.txt", "301\tred kites & wind\n\nb-2\twhere do they nest\r\n"),
        ("q.topics", OLD),
        ("q.xml", XML),
    ],
)
def test_queries_are_read_as_other_tools_write_them(tmp_path, name, content):
    (tmp_path / name).write_text(content, "utf-8", newline="")
    assert read_query_file(tmp_path / name) == TWO
    with gzip.open(tmp_path / f"{name}.gz", "wb") as packed:
        packed.write(content.encode())
    assert read_query_file(tmp_path / f"{name}.gz") == TWO


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("q.csv", "number,words\n1,x\n", "no column for the id; looked for _id, id"),
        ("q.csv", "id,words\n1,x\n", "no column for the text; looked for text, query"),
        ("q.csv", "id,text\n1,x\n1,y\n", "row 2: id '1' was used before"),
        ("q.csv", "id,text\n1,\n", "row 1: the text is missing"),
        ("q.csv", "id,text\n,x\n", "row 1: the id is missing"),
        ("q.csv", f"id,text\n1,{'x' * 2001}\n", "a query of 2,001 characters; 2,000 are taken"),
        ("q.csv", "id,text\n", "no query is in it"),
        ("q.txt", "only words\n", "row 1: the text is missing"),
        ("q.topics", "<top>\n<title> words\n</top>", "row 1: the id is missing"),
        ("q.txt", "", "no query is in it"),
        ("q.xml", "<top" * 200_000, "the text is missing"),
    ],
)
def test_what_is_no_file_of_queries_is_refused_with_the_place(tmp_path, name, content, why):
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(TriescopeError, match=why):
        read_query_file(tmp_path / name)


def test_too_many_queries_are_refused(tmp_path):
    (tmp_path / "q.txt").write_text("a\tx\nb\ty\n")
    with pytest.raises(TriescopeError, match="more than 1 queries"):
        read_query_file(tmp_path / "q.txt", most=1)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.txt", "301 0 d1 2\n301 0 d2 0\nb-2 0 d2 1\n"),
        ("r.qrels", "301\t0\td1\t2\n301\t0\td2\t0\n\nb-2\t0\td2\t1\n"),
        ("r.tsv", "query-id\tcorpus-id\tscore\n301\td1\t2\n301\td2\t0\nb-2\td2\t1\n"),
        ("r.txt", "301 d1 2\n301 d2 0\nb-2 d2 1\n"),
        ("r.csv", "query-id,corpus-id,score\n301,d1,2\n301,d2,0\nb-2,d2,1\n"),
        ("r.csv", "corpus_id,query_id,score,who\nd1,301,2,x\nd2,301,0,x\nd2,b-2,1,\n"),
        ("r.csv", "Query ID,DocNo,Relevance\n301,d1,2\n301,d2,0\nb-2,d2,1\n"),
        ("r.tsv", "corpus-id\tscore\tquery-id\nd1\t2\t301\nd2\t0\t301\nd2\t1\tb-2\n"),
        ("r.tsv", "Query_ID\tcorpus_id\tscore\twho\n301\td1\t2\tx\n301\td2\t0\t\nb-2\td2\t1\ty\n"),
        (
            "r.jsonl",
            "".join(
                f'{{"qid": "{query}", "docid": "{document}", "grade": {grade}}}\n'
                for query, document, grade in (("301", "d1", 2), ("301", "d2", 0), ("b-2", "d2", 1))
            ),
        ),
    ],
)
def test_judgements_are_read_as_other_tools_write_them(tmp_path, name, content):
    (tmp_path / name).write_text(content, "utf-8")
    found = bring(TWO, tmp_path / name, {"d1", "d2"})
    assert found == (TWO, {"301": {"d1": 2, "d2": 0}, "b-2": {"d2": 1}}, [])


def test_a_header_of_known_names_says_which_column_is_what_where_all_ids_are_numbers(tmp_path):
    (tmp_path / "r.tsv").write_text("corpus-id\tquery-id\tscore\n301\t1\t2\n1\t301\t0\n")
    assert bring({"1": "a", "301": "b"}, tmp_path / "r.tsv", {"1", "301"}).qrels == {"1": {"301": 2}, "301": {"1": 0}}


def test_a_first_line_that_is_taken_for_a_header_is_told(tmp_path):
    (tmp_path / "r.txt").write_text("301 0 d1 1.5\n301 0 d2 1\nb-2 0 d2 1\n")
    assert bring(TWO, tmp_path / "r.txt", {"d1", "d2"}).notes == ["row 1 was taken for a header: '301 0 d1 1.5'"]


def test_what_is_left_out_or_changed_is_told_with_its_count(tmp_path):
    (tmp_path / "r.txt").write_text("301 0 d1 1\n301 0 gone 1\n301 0 d1 2\n301 0 d2 -1\n9 0 d1 1\n9 0 d2 1\n8 0 d1 1\n")
    found = bring(TWO, tmp_path / "r.txt", {"d1": 0, "d2": 1})
    assert (found.queries, found.qrels) == ({"301": TWO["301"]}, {"301": {"d1": 2, "gone": 1, "d2": 0}})
    assert found.notes == [
        "2 judged queries are not among the queries, and are left out",
        "1 queries have no judgement, and are left out",
        "1 grades below 0 are counted as 0",
        "1 times a document was judged again for a query with another grade, and the last one counts",
        "1 judged documents are not in the catalogue, and count as missed",
    ]


def test_ids_that_a_data_frame_has_made_numbers_are_known_again(tmp_path):
    (tmp_path / "r.txt").write_text("301.0 0 7.0 1\n")
    assert bring(TWO, tmp_path / "r.txt", {"7"}).qrels == {"301": {"7": 1}}
    (tmp_path / "q.csv").write_text("id,text\n301.0,a\n302.0,b\n")
    assert set(read_query_file(tmp_path / "q.csv")) == {"301", "302"}


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("r.txt", "301 0 d1 x\n301 0 d1 1.5\n", "row 2: expected a whole number as grade, found '1.5'"),
        ("r.txt", "301 d1\n301 1\n", "row 2: expected query, 0, document, grade"),
        ("r.txt", "1 0 d1 1\n", "none of its judgements is of a query that is here"),
        ("r.csv", "a,b\n1,2\n", "no columns query-id, corpus-id, score; found a, b"),
        ("r.none", "", "none of its judgements"),
        ("gone.txt", None, "cannot be read"),
    ],
)
def test_what_is_no_file_of_judgements_is_refused_with_the_place(tmp_path, name, content, why):
    if content is not None:
        (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(TriescopeError, match=why):
        bring(TWO, tmp_path / name, {"d1"})


def test_queries_and_judgements_beside_a_file_become_its_split_test(tmp_path):
    (tmp_path / "shop.csv").write_text("sku,name,shelf\n1,Blue cup,Kitchen > Cups\n2,Rake,Garden > Tools\n", "utf-8")
    (tmp_path / "asked.csv").write_text("query_id,query\nq,something to drink from\nr,never judged\n", "utf-8")
    (tmp_path / "said.csv").write_text("query-id,corpus-id,score\nq,1,2\nq,9,1\n", "utf-8")
    plain = read(tmp_path / "shop.csv", {"category": "shelf"})
    assert [document.metadata for document in plain.documents] == [
        {"category": "Kitchen > Cups"},
        {"category": "Garden > Tools"},
    ]
    found = with_queries(plain, tmp_path / "asked.csv", tmp_path / "said.csv")
    assert found.queries == {"q": "something to drink from"}
    assert found.qrels["test"]["q"]["1"] == 2
    assert found.notes
    with pytest.raises(TriescopeError, match="of its own: test"):
        with_queries(found, tmp_path / "asked.csv", tmp_path / "said.csv")
