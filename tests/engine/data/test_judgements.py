"""Judgements as people write them are read, and a file that is not is named."""

import re

import pyarrow as pa
import pytest

from engine.data.corpus import read
from engine.errors import TriescopeError

HEADER = "query-id\tcorpus-id\tscore\n"
ROWS = "q1\td1\t1\nq2\td2\t1\n"
JUDGED = {"test": {"q1": {"d1": 1}, "q2": {"d2": 1}}}


@pytest.fixture
def judged(tmp_path):
    """A folder of two documents and two queries with these judgement files: its corpus."""

    def write(ids=("d1", "d2"), queries=("q1", "q2"), **files):
        (tmp_path / "qrels").mkdir()
        (tmp_path / "corpus.jsonl").write_text("".join(f'{{"_id": "{one}", "text": "x"}}\n' for one in ids))
        (tmp_path / "queries.jsonl").write_text("".join(f'{{"_id": "{one}", "text": "what"}}\n' for one in queries))
        for name, content in files.items():
            (tmp_path / name.replace("__", "/").replace("_", ".")).write_text(content, "utf-8", newline="")
        return read(tmp_path)

    return write


@pytest.mark.parametrize(
    "content",
    [
        HEADER + ROWS,
        "\ufeff" + HEADER + ROWS,
        '"query-id"\t"corpus-id"\t"score"\n' + ROWS,
        "query_id\tcorpus_id\tscore\n" + ROWS,
        "Query-ID\tCorpus-ID\tScore\n" + ROWS,
        "query-id corpus-id score\nq1 d1 1\nq2  d2 1\n",
        "query-id\tcorpus-id\tscore\tannotator\nq1\td1\t1\tx\nq2\td2\t1\t\n",
        "annotator\tscore\tquery-id\tcorpus-id\nx\t1\tq1\td1\n\t1\tq2\td2\n",
        HEADER + "q1\td1\t1\r\nq2\td2\t1\r\n",
        HEADER + ' q1 \t"d1"\t 1\n\nq2\td2 \t1.0\n',
        HEADER + "q1\td1\t+1\nq2\td2\t1\nq2\td2\t1\n",
    ],
)
def test_judgements_are_read_whatever_their_header_and_spaces_look_like(judged, content):
    corpus = judged(qrels__test_tsv=content)
    assert (corpus.qrels, corpus.notes) == (JUDGED, ())


def test_the_ending_of_the_name_may_be_in_capitals(judged):
    assert judged(qrels__test_TSV=HEADER + ROWS).qrels == JUDGED


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("qrels__test_tsv", ROWS, "qrels/test.tsv was left aside: its header is 'q1 d1 1', not query-id corpus-id score"),
        ("qrels__test_tsv", "q1\t0\td1\t1\n", "qrels/test.tsv was left aside: its header is 'q1 0 d1 1'"),
        ("qrels__test_csv", "query-id,corpus-id,score\nq1,d1,1\n", "qrels/test.csv was left aside: it is no .tsv file"),
        ("qrels__test_tsv", "", "qrels/test.tsv was left aside"),
        ("qrels_tsv", HEADER + ROWS, "qrels.tsv was left aside: .* judgements from qrels/"),
        ("queries_tsv", "q1\twhat\n", "queries.tsv was left aside: .* queries from queries.jsonl"),
    ],
)
def test_a_file_that_is_not_read_is_named(judged, name, content, why):
    corpus = judged(**{name: content})
    assert corpus.qrels == {}
    (note,) = corpus.notes
    assert re.search(why, note)


@pytest.mark.parametrize(("name", "told"), [("test_tsv", 1), ("notes_tsv", 0), ("corpus_csv", 1)])
def test_what_lies_beside_the_corpus_is_named_where_it_looks_as_if_it_were_meant(judged, name, told):
    content = "who\twhat\nme\tthis\n" if name == "notes_tsv" else HEADER + ROWS
    assert len(judged(**{name: content}).notes) == told


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_the_files_of_a_folder_may_be_packed(judged, tmp_path, ending):
    judged(qrels__test_tsv=HEADER + ROWS)
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        with pa.output_stream(str(path) + ending, compression="detect") as packed:
            packed.write(path.read_bytes())
        path.unlink()
    found = read(tmp_path)
    assert (found.qrels, found.notes, len(found.documents)) == (JUDGED, (), 2)


def test_ids_are_the_same_with_and_without_space_around_them(judged):
    corpus = judged(ids=(" d1 ", "d2 "), queries=("q1 ", " q2"), qrels__test_tsv=HEADER + "q1\t d1\t1\nq2\td2 \t1\n")
    assert corpus.qrels == JUDGED
    assert [document.id for document in corpus.documents] == ["d1", "d2"]
    assert list(corpus.queries) == ["q1", "q2"]


def test_ids_that_a_data_frame_wrote_as_floats_meet_those_it_did_not(judged):
    corpus = judged(ids=("101", "102.0"), queries=("1", "2"), qrels__test_tsv=HEADER + "1.0\t101.0\t1\n2\t102.0\t1\n")
    assert (corpus.qrels, corpus.notes) == ({"test": {"1": {"101": 1}, "2": {"102.0": 1}}}, ())


def test_a_grade_below_zero_is_no_relevance(judged):
    corpus = judged(qrels__test_tsv=HEADER + "q1\td1\t2\nq1\td2\t-1\n")
    assert corpus.qrels == {"test": {"q1": {"d1": 2, "d2": 0}}}
    assert corpus.notes == ("qrels/test.tsv: 1 grades below 0 are counted as 0",)


def test_of_two_grades_for_one_pair_the_last_one_counts_and_that_is_said(judged):
    corpus = judged(qrels__test_tsv=HEADER + "q1\td1\t2\nq1\td1\t0\nq1\td2\t0\nq2\td1\t1\nq2\td1\t1\n")
    assert corpus.qrels == {"test": {"q1": {"d1": 0, "d2": 0}, "q2": {"d1": 1}}}
    (note,) = corpus.notes
    assert note.startswith("qrels/test.tsv: 1 times a document was judged again")


def test_judged_documents_that_are_not_there_are_counted(judged):
    corpus = judged(qrels__test_tsv=HEADER + "q1\td1\t1\nq1\tchunk-7\t1\nq2\tchunk-7\t0\n")
    assert corpus.notes == ("qrels/test.tsv: 1 of 2 judged documents are not in the corpus",)
    assert corpus.qrels["test"]["q1"] == {"d1": 1, "chunk-7": 1}


@pytest.mark.parametrize("grade", ["0.5", "nan", "1e2", "1234567890", "--1", "٣"])
def test_what_is_no_whole_grade_is_refused(judged, grade):
    with pytest.raises(TriescopeError, match="row 1, column score: expected a whole number, found"):
        judged(qrels__test_tsv=HEADER + f"q1\td1\t{grade}\n")


def test_two_files_of_one_split_are_refused(judged):
    with pytest.raises(TriescopeError, match="another file holds the judgements of split 'test'"):
        judged(qrels__test_tsv=HEADER + ROWS, qrels__test_TSV=HEADER + ROWS)
