"""Interactions as people have them: every format, what is left aside with its count, what is refused with its row."""

import gzip
import json

import pytest

from engine.data.interactions import Rules, read_interactions
from engine.errors import TriescopeError

ROWS = {name: row for row, name in enumerate("abcdef")}
ALL = Rules(shortest=1)


def read(folder, name, text, rules=ALL, columns=None):
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return read_interactions(path, ROWS, columns, rules)


def by_user(log):
    return {user: ["abcdef"[row] for row in log.histories.one(place)] for place, user in enumerate(log.users)}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sequences.txt", "u b a\nv c\n"),
        ("sequences.txt.gz", "u b a\r\nv c\r\n"),
        ("ratings.csv", "userId,movieId,rating,timestamp\nu,a,4.0,20\nv,c,3.5,5\nu,b,2.0,10\n"),
        ("beauty.inter", "user_id:token\titem_id:token\ttimestamp:float\nu\ta\t20\nv\tc\t5\nu\tb\t10\n"),
        ("reviews.jsonl", "".join(
            json.dumps({"reviewerID": user, "asin": item, "unixReviewTime": time}) + "\n"
            for user, item, time in (("u", "a", 20), ("v", "c", 5), ("u", "b", 10))
        )),
        ("log.tsv.gz", "user\titem\tdate\nu\ta\t2024-02-01\nv\tc\t2023-01-01\nu\tb\t2024-01-31T23:59\n"),
        ("amazon2023.csv", "user_id,parent_asin,rating,timestamp\nu,b,5,1700000000000\nu,a,5,1700000000001\nv,c,1,5\n"),
    ],
)  # fmt: skip
def test_every_format_says_the_same(tmp_path, name, text):
    log = read(tmp_path, name, text)
    assert by_user(log) == {"u": ["b", "a"], "v": ["c"]}
    assert log.notes == ()
    assert (log.times is None) == name.startswith("sequences")


def test_what_is_left_aside_is_counted_and_named(tmp_path):
    text = "user,item,time,rating\n" + "".join(
        f"{user},{item},{time},{rating}\n"
        for user, item, time, rating in [
            ("u", "a", 1, 5), ("u", "a", 1, 5), ("u", "b", 1, 5), ("u", "x", 2, 5), ("u", "y", 2, 5),
            ("u", "c", 3, 1), ("u", "d", 3, 4), ("v", "a", 1, 5), ("u", "x", 9, 5),
        ]
    )  # fmt: skip
    log = read(tmp_path, "log.csv", text, Rules(shortest=2, least=4))
    assert by_user(log) == {"u": ["a", "b", "d"]}
    assert log.notes == (
        "1 interaction has a rating below 4, and is left out",
        "left out, for the catalogue lacks what they took: 3 interactions with 2 items (x, y)",
        "1 interaction stands twice in the file, and counts once",
        "1 of 4 interactions has the time of the one before; the file's order stands",
        "1 interaction was left out (1 person), of people with fewer than 2",
    )


def test_one_is_told_as_one(tmp_path):
    log = read(tmp_path, "log.csv", "user,item\nu,a\nu,b\nu,x\n", Rules(shortest=2))
    assert log.notes == ("left out, for the catalogue lacks what they took: 1 interaction with 1 item (x)",)


def test_a_core_is_taken_as_often_as_it_takes(tmp_path):
    # Without c (once), w has one left, and goes; then b has one left, and goes; u and v hold on to a and d.
    log = read(tmp_path, "s.txt", "u a d b\nv a d\nw b c\n", Rules(shortest=1, core=2))
    assert by_user(log) == {"u": ["a", "d"], "v": ["a", "d"]}
    assert "3 interactions were left out (1 person), of people and items with fewer than 2" in log.notes


def test_ids_that_a_data_frame_wrote_as_floats_are_read(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("user,item\nu,101.0\nu,102.0\n")
    log = read_interactions(path, {"101": 0, "102": 1}, None, ALL)
    assert log.histories.items.tolist() == [0, 1]
    assert "101.0" in log.notes[0]


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("a.csv", "user,item,time\nu,a,yesterday\n", "row 1, column time: expected a number or a date like"),
        ("a.csv", "user,item,time\nu,a,nan\n", "row 1, column time"),
        ("a.csv", "user,item\nu,a\n,b\n", "row 2, column user: the user is missing"),
        ("a.csv", "user,item\nu,\n", "row 1, column item: the item is missing"),
        ("a.csv", "who,what\nu,a\n", "row 1: no user column; looked for user_id.*name it: --column user=NAME"),
        ("a.csv", "user,what\nu,a\n", "no item column"),
        ("a.csv", "user,item\nu,x\nv,y\n", "none of its 2 items is in the catalogue .*begin x, y"),
        ("a.csv", "user,item\n", "no interaction"),
        ("a.txt", "u a b\nv c\nu d\n", "row 3: user 'u' has a line before this one"),
        ("a.txt", "u\n", "no interaction"),
        ("a.xlsx", "?", "files of this kind are not read"),
        ("a.jsonl", '{"user": ["u"], "item": "a"}\n', "row 1, column user: expected text, found list"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_row(tmp_path, name, text, match):
    with pytest.raises(TriescopeError, match=match):
        read(tmp_path, name, text)


def test_columns_can_be_named_and_must_be_there(tmp_path):
    text = json.dumps({"who": "u", "what": "a"}) + "\n"
    assert by_user(read(tmp_path, "a.jsonl", text, columns={"user": "who", "item": "what"})) == {"u": ["a"]}
    with pytest.raises(TriescopeError, match="there is no column 'nobody' to take the user from"):
        read(tmp_path, "a.jsonl", text, columns={"user": "nobody"})
    with pytest.raises(TriescopeError, match="colour is no part of an interaction"):
        read(tmp_path, "a.jsonl", text, columns={"colour": "who"})
    with pytest.raises(TriescopeError, match="no rating column to hold against 3"):
        read(tmp_path, "b.csv", "user,item\nu,a\n", Rules(1, 3.0))


def test_rules_that_leave_nothing_say_so(tmp_path):
    with pytest.raises(TriescopeError, match="no interaction is left under these rules"):
        read(tmp_path, "a.txt", "u a b\n", Rules(shortest=3))
    with pytest.raises(TriescopeError, match="no such file"):
        read_interactions(tmp_path / "none.csv", ROWS)
