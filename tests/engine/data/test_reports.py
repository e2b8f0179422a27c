"""What went wrong for others, tried here: docs/reports.md names the report of each."""

import json

import numpy as np
import pytest

from engine.data import records
from engine.data.corpus import read
from engine.data.lines import LONGEST_LINE
from engine.errors import TriescopeError
from engine.evaluation.trec import read_run
from engine.retrievers import sparse
from engine.retrievers.ranking import Queries

TWO = [{"id": "1", "title": "Kite"}, {"id": "2", "title": "Moor", "tags": ["a", {"b": "]"}]}]


@pytest.fixture
def corpus(tmp_path):
    """Write a file and read it."""

    def make(name, content):
        (tmp_path / name).write_text(content, "utf-8")
        return read(tmp_path / name)

    return make


@pytest.fixture
def beir(tmp_path):
    """Write a BEIR folder of two documents and two queries with these judgements, and read it."""

    def make(rows, queries=(("q1", "kites"), ("q2", "moors")), header="query-id\tcorpus-id\tscore\n"):
        (tmp_path / "qrels").mkdir()
        (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(one) + "\n" for one in TWO), "utf-8")
        lines = "".join(json.dumps({"_id": id, "text": text}) + "\n" for id, text in queries)
        (tmp_path / "queries.jsonl").write_text(lines, "utf-8")
        (tmp_path / "qrels" / "test.tsv").write_text(header + rows, "utf-8")
        return read(tmp_path)

    return make


class TestJson:
    @pytest.mark.parametrize(
        "content",
        [
            json.dumps(TWO),
            json.dumps(TWO, indent=2),
            f"\n[\n{json.dumps(TWO[0])},\n{json.dumps(TWO[1])}\n]\n\n",
            "\n".join(json.dumps(one, indent=1) for one in TWO),
            "\n".join(map(json.dumps, TWO)),
            "".join(map(json.dumps, TWO)),
        ],
    )
    def test_an_array_and_objects_over_several_lines_are_read_from_a_json_file(self, corpus, content):
        made = corpus("a.json", content)
        assert [(one.id, one.title) for one in made.documents] == [("1", "Kite"), ("2", "Moor")]
        assert made.documents[1].metadata == {"tags": ["a", {"b": "]"}]}

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ('[{"id": "1", "title": "x"}, {"id": bad}]', "row 2: not valid JSON"),
            ('[{"id": "1", "title": "x"}', "row 2: the file ends before the value does"),
            ('{"id": "1", "title": "x"', "row 1: the file ends before the value does"),
            ('[{"id": "1", "title": "x"} {"id": "2"}]', "row 2: expected a comma"),
            ('[{"id": "1", "title": "x"}]\n{}', "row 2: something stands behind the end of the array"),
            ('[["1", "x"]]', "row 1: expected a JSON object, found list"),
            ('{"id": "1",\n"title": "a\nb"}', "row 1: not valid JSON"),
        ],
    )
    def test_what_is_wrong_with_one_is_said_with_its_row(self, corpus, content, told):
        with pytest.raises(TriescopeError, match=told):
            corpus("a.json", content)

    @pytest.mark.parametrize("content", ['{\n"id": "1"\n}\n', "[\n{}\n]\n", '[{"id": "1"}]\n'])
    def test_json_lines_that_are_none_name_the_way_to_read_them(self, corpus, content):
        with pytest.raises(TriescopeError, match=r"from a file called \.json"):
            corpus("a.jsonl", content)

    def test_many_lines_are_not_read_once_a_line_and_a_value_has_a_longest_length(self, tmp_path, monkeypatch):
        path, tried = tmp_path / "a.json", []
        path.write_text('{"id": "1", "title": "x", "many": [' + ",\n".join(["{}"] * 5000) + "]}", "utf-8")
        decode = records.JSON.raw_decode
        monkeypatch.setattr(records.JSON, "raw_decode", lambda text, at: tried.append(at) or decode(text, at))
        assert len(read(path).documents[0].metadata["many"]) == 5000
        assert len(tried) < 20
        monkeypatch.setattr("engine.data.json_values.LONGEST_LINE", 1000)
        with pytest.raises(TriescopeError, match="row 1: the value is longer than 1,000 characters"):
            read(path)
        assert LONGEST_LINE > 1000

    def test_a_column_may_be_empty_for_long_and_of_any_kind_afterwards(self, corpus):
        rows = [{"id": str(n), "title": "x", "m": None} for n in range(12_000)]
        late = [
            {"id": "a", "title": "x", "m": "late"},
            {"id": "b", "title": "x", "m": {"n": [1]}},
            {"id": "c", "title": "x", "new": 1},
        ]
        made = corpus("a.jsonl", "".join(json.dumps(row) + "\n" for row in [*rows, *late]))
        assert [one.metadata for one in made.documents[-3:]] == [{"m": "late"}, {"m": {"n": [1]}}, {"new": 1}]

    def test_no_number_is_missing_so_what_is_told_of_it_is_json(self, corpus):
        made = corpus("a.jsonl", '{"id": "1", "title": "x", "price": Infinity, "low": -Infinity, "size": NaN}\n')
        assert made.documents[0].metadata == {"price": None, "low": None, "size": None}


class TestTables:
    def test_ids_keep_their_zeros_and_words_that_others_take_for_nothing(self, corpus):
        made = corpus(
            "a.csv", "id,title\n007,Bond\nNA,Namibia\nnull,Zero\nNone,n/a\nnan,NULL\n1e5,x\n12345678901234567890123,y\n"
        )
        assert [one.id for one in made.documents] == ["007", "NA", "null", "None", "nan", "1e5", "12345678901234567890123"]
        assert [one.title for one in made.documents][3:5] == ["n/a", "NULL"]

    def test_a_gap_among_numbers_does_not_make_them_floats(self, corpus):
        made = corpus("a.csv", "id,title,year\n1,x,1999\n2,y,\n3,z,2001\n")
        assert [one.metadata["year"] for one in made.documents] == ["1999", "", "2001"]

    def test_recbole_says_what_a_column_holds(self, corpus):
        made = corpus("a.item", "item_id:token\ttitle:token_seq\tprice:float\n7\tred kite\t3.5\n")
        assert (made.documents[0].id, made.documents[0].title, made.documents[0].metadata) == ("7", "red kite", {"price": "3.5"})
        assert corpus("b.csv", "id,title,when:token\n7,x,now\n").documents[0].metadata == {"when:token": "now"}

    @pytest.mark.parametrize("sign", ["|", ";", "\t", ","])
    def test_what_parts_cells_is_read_off_the_header(self, corpus, sign):
        made = corpus("a.csv", f"id{sign}title{sign}price\n1{sign}Kite{sign}3\n")
        assert (made.documents[0].title, made.documents[0].metadata) == ("Kite", {"price": "3"})

    def test_a_missing_text_column_is_said_before_anything_is_built(self, corpus):
        with pytest.raises(TriescopeError, match="no title or text column"):
            corpus("a.jsonl", '{"id": "1", "author": "x"}\n')


class TestLimits:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.csv", "id,title\n1,x\n2,y\n3,z\n"),
            ("a.jsonl", "".join(json.dumps({"id": n, "title": "x"}) + "\n" for n in range(3))),
            ("a.json", json.dumps([{"id": n, "title": "x"} for n in range(3)])),
        ],
    )
    def test_more_rows_than_are_read_are_refused_while_they_are_read(self, corpus, monkeypatch, name, content):
        assert len(corpus(name, content).documents) == 3
        monkeypatch.setenv(records.ROWS, "2")
        with pytest.raises(TriescopeError, match=r"more than 2 rows; TRIESCOPE_ROWS sets how many"):
            corpus(name, content)

    def test_a_row_of_too_many_columns_is_wrong_and_can_be_left_out(self, tmp_path):
        wide = {"id": "1", "title": "x"} | {f"c{n}": n for n in range(records.COLUMNS)}
        (tmp_path / "a.jsonl").write_text(json.dumps(wide) + '\n{"id": "2", "title": "y"}\n', "utf-8")
        with pytest.raises(TriescopeError, match="row 1: 1,002 columns, and at most 1,000 are read"):
            read(tmp_path / "a.jsonl")
        assert [one.id for one in read(tmp_path / "a.jsonl", leave_out=True).documents] == ["2"]


class TestJudgements:
    def test_documents_and_grades_that_cannot_count_are_counted(self, beir):
        made = beir("q1\t1\t1\nq1\t9\t1\nq1\t1\t2\nq2\t2\t-1\n")
        assert made.qrels["test"] == {"q1": {"1": 2, "9": 1}, "q2": {"2": 0}}
        assert len([note for note in made.notes if "qrels/test.tsv" in note]) == 3

    def test_a_pair_that_is_told_twice_counts_once(self, beir):
        assert beir("q1\t1\t1\nq1\t1\t1\n").qrels["test"] == {"q1": {"1": 1}}

    def test_a_split_without_any_judgement_is_said(self, beir):
        made = beir("")
        assert (made.qrels, made.notes) == ({"test": {}}, ("qrels/test.tsv: no judgement is in it",))

    @pytest.mark.parametrize(
        ("rows", "queries", "told"),
        [
            ("q9\t1\t1\n", (("q1", "a"),), "row 1, column query-id: there is no query 'q9'"),
            ("q1\t1\t0.5\n", (("q1", "a"),), "row 1, column score: expected a whole number, found '0.5'"),
            ("q1\t1\t1\n", (("q1", "a"), ("q1", "b")), "row 2, column _id: id 'q1' was used before"),
            ("q1\t1\t1\n", (("q1", " "),), "row 1, column text: missing"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_with_its_row(self, beir, rows, queries, told):
        with pytest.raises(TriescopeError, match=told):
            beir(rows, queries)


class TestRuns:
    def test_equal_scores_stand_by_their_rank_and_a_document_listed_twice_is_refused(self, tmp_path):
        path = tmp_path / "run.trec"
        path.write_text("q Q0 b 1 1.0 x\nq Q0 a 2 1.0 x\nq Q0 c 3 2.0 x\n", "utf-8")
        assert list(read_run(path)["q"]) == ["c", "b", "a"]
        path.write_text("q Q0 b 1 2.0 x\nq Q0 b 2 1.0 x\n", "utf-8")
        with pytest.raises(TriescopeError, match=r"twice|before"):
            read_run(path)


class TestWords:
    @pytest.mark.parametrize("texts", [["the and of", "a the"], ["", ""], ["...", "?"]])
    def test_a_catalogue_without_a_word_finds_nothing_and_does_not_fail(self, tmp_path, texts):
        sparse.METHOD.needs.make(texts, np.zeros((2, 4), np.float32), tmp_path, "english")
        ranking = sparse.SparseRetriever(tmp_path / sparse.FOLDER).search(Queries(["the kite"]), 10)
        assert (ranking.rows == -1).all()

    def test_more_asked_for_than_there_are_and_a_word_of_every_document(self, tmp_path):
        texts = ["kite over a moor", "kite over a sea"]
        sparse.METHOD.needs.make(texts, np.zeros((2, 4), np.float32), tmp_path, "english")
        by = sparse.SparseRetriever(tmp_path / sparse.FOLDER)
        assert by.search(Queries(["kite sea"]), 100).rows[0][:3].tolist() == [1, 0, -1]
        assert by.search(Queries(["kite"]), 5).scores[0][:2].min() > 0  # no word counts against a document
