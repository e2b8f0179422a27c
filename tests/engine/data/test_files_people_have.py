"""Files as data frames, spreadsheets and shops write them: read as they are meant, or refused with a word."""

import datetime
import decimal
import json
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.data import records
from engine.data.corpus import Document, read
from engine.errors import TriescopeError
from engine.identifiers.columns import steps

CUP, RAKE = Document("1", "Cup", "", {}), Document("2", "Rake", "", {})


@pytest.fixture
def corpus(tmp_path):
    """Write one file, read it."""

    def write(name, content, columns=None):
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return read(tmp_path / name, columns)

    return write


@pytest.fixture
def parquet(tmp_path):
    def write(**columns):
        pq.write_table(pa.table(columns), tmp_path / "a.parquet")
        return read(tmp_path / "a.parquet").documents

    return write


def titles(corpus):
    return {document.id: document.title for document in corpus.documents}


@pytest.mark.parametrize(
    "content",
    [
        "id,title\r\n1,Cup\r\n2,Rake",
        "id,title\r\n1,Cup\n2,Rake\r\n",
        "id,title\n1,Cup\r\n2,Rake\n",
        "id,title\r1,Cup\r2,Rake\r",
        "\n\nid,title\n1,Cup\n\n2,Rake\n\n",
        "id,title\n1,Cup\n2,Rake\n,\n,\n",
        "sep=;\nid;title\n1;Cup\n2;Rake\n",
        "id\ttitle\n1\tCup\n2\tRake\n",
        'id,"title"\n1,Cup\n2,Rake\n',
    ],
)
def test_a_csv_file_is_read_whatever_ends_its_lines_and_stands_before_its_header(corpus, content):
    assert corpus("a.csv", content).documents == [CUP, RAKE]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("inner", ["\n", "\r\n", "\r"])
def test_a_cell_keeps_its_line_break_of_whatever_kind(corpus, end, inner):
    made = corpus("a.csv", end.join(["id,title,text", f'1,Cup,"Small.{inner}For tea."', "2,Rake,Wood", ""]))
    assert [document.text for document in made.documents] == [f"Small.{inner}For tea.", "Wood"]


def test_lines_of_json_may_end_in_two_ways_and_have_a_carriage_return_as_white_space(corpus):
    made = corpus("a.jsonl", '\ufeff{"id": 1, "title": "Cup"}\r\n{"id": 2,\r"title": "Rake"}\n\r\n{"id": 3, "title": "Lamp"}\r\n')
    assert titles(made) == {"1": "Cup", "2": "Rake", "3": "Lamp"}


@pytest.mark.parametrize("place", ["1,20,Cup", "20,1,Cup", "1,Cup,20"])
def test_a_column_name_may_hold_a_line_break(corpus, place):
    names = {"1": "id", "20": '"net\nweight"', "Cup": "title"}
    made = corpus("a.csv", ",".join(names[cell] for cell in place.split(",")) + f"\n{place}\n")
    assert made.documents == [Document("1", "Cup", "", {"net weight": "20"})]


def test_columns_that_differ_in_case_alone_are_kept_apart(corpus):
    expected = {"Year": "1999", "year": "2001"}
    assert corpus("a.csv", "id,title,Year,year\n1,Cup,1999,2001\n").documents[0].metadata == expected


@pytest.mark.parametrize("header", ["size (w,h,d,x)", '"width|height|depth"', "a|b|c"])
def test_what_parts_the_cells_is_what_the_first_row_has_as_often(corpus, header):
    name = header.strip('"')
    assert corpus("a.csv", f"id;title;{header}\n1;Cup;3\n").documents == [Document("1", "Cup", "", {name: "3"})]


def test_a_line_above_the_header_is_named(corpus):
    with pytest.raises(TriescopeError, match="row 1: expected 1 cell, found 2; the first line is 'My shop' alone"):
        corpus("a.csv", "My shop\n\nid,title\n1,Cup\n")


def test_ids_that_a_spreadsheet_has_rounded_are_told(corpus):
    (note,) = corpus("a.csv", "id,title\n1.23457E+12,Cup\n2,Rake\n").notes
    assert note.startswith("1 id is written like 1.23E+12: a spreadsheet has rounded them")


def test_a_column_without_a_name_is_numbered(corpus):
    assert corpus("a.csv", ",id,title,\n0,1,Cup,x\n").documents[0].metadata == {"column 1": "0", "column 4": "x"}


def test_a_quote_in_a_tsv_file_is_a_character(corpus):
    made = corpus("a.tsv", 'id\ttitle\ttext\n1\t"Heroes" live\ta\n2\tLive at 7"\tb\n3\t"Heroes\tc\n4\t"\td\n')
    assert titles(made) == {"1": '"Heroes" live', "2": 'Live at 7"', "3": '"Heroes', "4": '"'}


def test_a_cell_of_a_tsv_file_that_is_quoted_as_a_whole_loses_its_quotes(corpus):
    assert titles(corpus("a.tsv", '"id"\t"title"\n"1"\t"say ""tea"""\n')) == {"1": 'say "tea"'}


def test_a_row_of_a_tsv_file_that_a_data_frame_broke_in_two_is_refused(corpus):
    with pytest.raises(
        TriescopeError, match="row 1: expected 3 cells, found 2; in a TSV file a quoted cell holds no tab and no line"
    ):
        corpus("a.tsv", 'id\ttitle\ttext\n1\t"Cup\nof tea"\tx\n')


def test_a_tsv_file_of_numbers_and_texts_has_no_header(corpus):
    made = corpus("collection.tsv", "0\tAll about pots.\n1\tAll about pans.\n")
    assert made.documents == [Document("0", "", "All about pots.", {}), Document("1", "", "All about pans.", {})]


def test_not_a_number_is_missing_wherever_it_stands(corpus):
    made = corpus(
        "a.jsonl",
        '{"id": 1, "title": "Cup", "text": NaN, "price": NaN, "sizes": [1, NaN], "more": {"weight": NaN}}\n'
        '{"id": 2, "title": NaN, "text": null}\n{"id": 3, "title": "NaN", "text": ""}\n',
    )
    assert made.documents[0] == Document("1", "Cup", "", {"price": None, "sizes": [1, None], "more": {"weight": None}})
    assert (titles(made)["3"], made.left_out) == ("NaN", ["2"])
    assert "nan" not in made.documents[0].searched_text(("price", "sizes", "more")).lower()


def test_an_id_that_is_missing_as_a_number_is_missing(corpus):
    with pytest.raises(TriescopeError, match="row 1, column id: the id is missing"):
        corpus("a.jsonl", '{"id": NaN, "title": "Cup"}\n')


@pytest.mark.parametrize(
    ("told", "meant"),
    [("101.0", "101"), ("-0.0", "0"), ("1e3", "1000"), ("4.5", "4.5"), ("9007199254740991.0", "9007199254740991")],
)
def test_a_float_that_is_whole_is_spelled_as_a_whole_number(corpus, told, meant):
    made = corpus("a.jsonl", f'{{"id": {told}, "title": {told}, "year": {told}}}\n')
    assert titles(made) == {meant: meant}
    assert made.documents[0].searched_text(("year",)).endswith(f" {meant}.")


@pytest.mark.parametrize("told", ["1e16", "9007199254740992.0"])
def test_a_float_too_large_to_be_exact_is_no_id(corpus, told):
    with pytest.raises(TriescopeError, match=r"row 1, column id: .* is too large for a float to be exact; write it as text"):
        corpus("a.jsonl", f'{{"id": {told}, "title": "Cup"}}\n')


def test_ids_of_a_text_table_lose_their_decimals_only_where_all_have_them(corpus):
    assert titles(corpus("a.csv", "id,title,text\n101.0,Cup,x\n102.0,Rake,y\n")) == {"101": "Cup", "102": "Rake"}
    assert titles(corpus("b.csv", "id,title\n1.0,One\n1.1,Two\n")) == {"1.0": "One", "1.1": "Two"}
    assert corpus("c.tsv", "id\ttitle\n1.0\tOne\n2.0\t\n").left_out == ["2"]


def test_a_typed_file_is_read_as_text_where_it_means_text(parquet):
    ids = [uuid.UUID(int=1), uuid.UUID(int=2)]
    made = parquet(
        id=pa.array([one.bytes for one in ids], pa.uuid()),
        title=pa.array([b"Cup", "Rèke".encode()], pa.binary()),
        price=pa.array([decimal.Decimal("2.50"), None], pa.decimal128(6, 2)),
        since=pa.array([datetime.date(1999, 12, 31), None]),
        weight=pa.array([1.5, float("nan")]),
    )
    assert made == [
        Document(str(ids[0]), "Cup", "", {"price": 2.5, "since": "1999-12-31", "weight": 1.5}),
        Document(str(ids[1]), "Rèke", "", {"price": None, "since": None, "weight": None}),
    ]


def test_a_time_with_its_zone_is_text_wherever_it_stands(parquet):
    when = datetime.datetime(2024, 1, 2, 3, 4, 5, 600_000)
    zoned = pa.timestamp("us", tz="Europe/Berlin")
    (made,) = parquet(
        id=["1"],
        title=["Cup"],
        since=pa.array([when], zoned),
        told=pa.array([[when, None]], pa.list_(zoned)),
        inner=pa.array([{"TIME WITH TIME ZONE": when, "c": 1}], pa.struct([("TIME WITH TIME ZONE", zoned), ("c", pa.int32())])),
    )
    told = "2024-01-02 03:04:05.6+00"
    assert made.metadata == {"since": told, "told": [told, None], "inner": {"TIME WITH TIME ZONE": told, "c": 1}}


def test_columns_of_a_typed_file_keep_the_names_that_they_have(parquet):
    (made,) = parquet(id=["1"], title=["Cup"], deep=[{"a": [{"b": 1}]}], Year=[1999], year=[2001])
    assert made.metadata == {"deep": {"a": [{"b": 1}]}, "Year": 1999, "year": 2001}


def test_a_text_of_a_typed_file_has_a_longest_length_too(parquet, monkeypatch):
    monkeypatch.setattr(records, "LONGEST_LINE", 5)
    assert parquet(id=["1"], title=["12345"])
    with pytest.raises(TriescopeError, match="row 1, column title: the text is longer than 5 characters"):
        parquet(id=["1"], title=["123456"])


def test_floats_and_decimals_as_ids_are_whole_numbers(parquet):
    assert [document.id for document in parquet(id=[101.0, 102.0], title=["Cup", "Rake"])] == ["101", "102"]
    assert [document.id for document in parquet(id=[decimal.Decimal("7.00")], title=["Cup"])] == ["7"]


def test_bytes_that_are_no_text_are_left_out_and_said(tmp_path):
    pq.write_table(
        pa.table({"id": ["1", "2"], "title": ["Cup", "Rake"], "photo": [b"\xff\xd8", b"\xff\xd9"]}), tmp_path / "a.parquet"
    )
    made = read(tmp_path / "a.parquet")
    assert made.documents == [CUP, RAKE]
    assert made.notes == ("column photo: 2 values are bytes that are no text, and were left out",)


def test_bytes_that_are_no_text_are_no_title(parquet):
    with pytest.raises(TriescopeError, match="row 1, column title: expected text, found bytes"):
        parquet(id=["1"], title=[b"\xff"])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("movieId,title,genres", {"genres": "x"}),
        ("product_id,product_name,about_product", None),
        ("parent_asin,title,price", {"price": "x"}),
        ("docno,title,year", {"year": "x"}),
    ],
)
def test_columns_of_catalogues_that_people_have_are_understood(corpus, header, expected):
    made = corpus("a.csv", f"{header}\n1,Cup,x\n").documents[0]
    assert (made.id, made.title) == ("1", "Cup")
    assert (made.metadata == expected) if expected else (made.text == "x")


def test_a_file_whose_columns_nobody_knows_is_refused_with_the_way_to_name_them(corpus):
    with pytest.raises(TriescopeError, match="name it: --column id=NAME"):
        corpus("a.csv", "nummer,titel\n1,Cup\n")
    assert corpus("a.csv", "nummer,titel\n1,Cup\n", {"id": "nummer", "title": "titel"}).documents == [CUP]


def test_a_text_in_several_parts_is_joined(corpus):
    made = corpus("a.jsonl", json.dumps({"id": 1, "title": "Cup", "description": ["Small. ", None, "For tea."]}) + "\n")
    assert made.documents[0].text == "Small. For tea."


def test_lists_and_objects_are_searched_without_their_brackets():
    made = Document(
        "1", "Cup", "", {"paths": [["Home", "Tea"], ["Gifts"]], "details": {"Size": 3.0, "Set": None}, "none": [None]}
    )
    assert made.searched_text(("paths", "details", "none")) == "Cup Home, Tea, Gifts. Size: 3."


def test_the_first_of_several_paths_is_the_path():
    assert steps([["Beauty", "Bath", "Soap"], ["Home"]]) == ["Beauty", "Bath", "Soap"]
    assert steps([[]]) == []


@pytest.mark.parametrize(
    "cell",
    [
        "['Beauty', 'Bath']",
        '["Beauty", "Bath", null]',
        "[['Beauty', 'Bath'], ['Home']]",
        '["Beauty >> Bath", "Home >> Tea"]',
        [{"id": 1, "name": "Beauty"}, {"id": 2, "name": "Bath"}],
        {"lvl0": "Beauty", "lvl1": "Beauty > Bath"},
        {"main": "Beauty", "sub": "Bath"},
        [["Beauty > Bath"], ["Home"]],
        "Beauty|Bath",
        "Beauty » Bath",
    ],
)
def test_a_path_is_one_however_shops_write_it(cell):
    assert steps(cell) == ["Beauty", "Bath"]


@pytest.mark.parametrize(
    "cell", ["[" * 3000, "[" * 3000 + "]" * 900, "[1, 2", '["\\ud800"]', "[__import__('os').getcwd()]", "[nan]"]
)
def test_what_looks_like_a_list_and_is_none_is_text(cell):
    assert steps(cell, slashes=False) == [cell]
