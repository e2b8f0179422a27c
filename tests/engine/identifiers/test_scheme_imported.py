"""Identifiers that are taken as they come: from a column, from a file beside; what is wrong with them is said."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from engine.builds.opened import Build
from engine.cli.main import app
from engine.errors import TriescopeError
from engine.identifiers import base, imported
from engine.identifiers.paths_of_words import END
from tests.engine.identifiers.words import document, fit, resolved, spelled


def read(*cells, **settings):
    return fit(imported.SCHEME, [document(sid=cell)._replace(id=f"d{row}") for row, cell in enumerate(cells)], **settings)


@pytest.mark.parametrize(
    "cells",
    [
        (["<a_183>", "<b_70>"], ["<a_2>", "<b_70>"]),
        ([183, 70], [2, 70]),
        ([183.0, 70.0], ["2", "70"]),
        ("183-70", "2, 70"),
        ("<a_183><b_70>", "<a_2> <b_70>"),
        ("[183, 70]", '["2", "70"]'),
    ],
)
def test_the_numbers_of_the_tokens_are_the_codes_however_they_are_written(cells):
    fitted = read(*cells)
    assert fitted.codes.tolist() == [[183, 70], [2, 70]]
    assert fitted.vocabulary == (184, 71)
    assert fitted.words == []
    assert fitted.notes == ()
    resolved(fitted)


def test_tokens_that_are_words_are_numbered_in_their_order_and_said():
    fitted = read(["nail", "<b_2>"], ["hair", "<b_0>"], ["nail", "<b_0>"])
    assert fitted.codes.tolist() == [[1, 2], [0, 0], [1, 0]]
    assert spelled(fitted) == [["nail", "2"], ["hair", "0"], ["nail", "0"]]
    assert "at level 1 are no numbers of one codebook" in fitted.notes[0]
    # One codebook has one stem, and a key of something is no place in one.
    assert read(["<a_7>"], ["<b_9>"]).codes.tolist() == [[0], [1]]
    assert read(["7"], ["900000000"]).vocabulary == (2,)


def test_what_begins_another_ends_and_what_is_missing_or_shared_is_counted():
    fitted = read("3-1", "3", None, "3-1", "0-4-2", "0-4", "")
    assert fitted.codes.tolist() == [[3, 1, -1], [3, 5, -1], [-1] * 3, [3, 1, -1], [0, 4, 2], [0, 4, 3], [-1] * 3]
    assert fitted.vocabulary == (4, 6, 4)
    assert fitted.content.tolist() == [2, 1, 0, 2, 3, 2, 0]
    for note, begins in zip(fitted.notes, ("2 of 7 documents have nothing", "2 of 7 documents share", "2 of 7"), strict=True):
        assert note.startswith(begins)
    worded = read(["red", "1"], ["red"])
    assert spelled(worded) == [["red", "1"], ["red", END]]


@pytest.mark.parametrize("cell", ["a film of 1994", [1, -2], [True], [["3"]], {"a": 1}, 1.5, "[1", "3-", list(range(17)), [None]])
def test_what_is_no_identifier_names_its_document(cell):
    with pytest.raises(TriescopeError, match=r"imported: 1 of 2 documents have something in 'sid' .* the first is 'd1'"):
        read("3-1", cell)


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ({"day": "2024-1-5", "made": [3, 4], "letter_sid": ["<a_1>", "<b_2>"]}, "letter_sid"),
        ({"day": "2024-1-5", "Semantic_ID": "7-1"}, "Semantic_ID"),
    ],
)
def test_the_column_is_found(metadata, found):
    assert imported.find_column([document(**metadata), document()]) == found


def test_a_corpus_without_one_is_said_with_its_columns():
    with pytest.raises(TriescopeError, match=r"no metadata column holds identifiers .* there are day, sid"):
        fit(imported.SCHEME, [document(day="2024-1-5", sid="none of it")])
    with pytest.raises(TriescopeError, match="no document has an identifier in 'sid'"):
        read(None, "", column="sid")


def test_what_is_said_is_kept(tmp_path):
    base.save(read("3-1", None), tmp_path / "identifiers.npz")
    assert base.load(tmp_path / "identifiers.npz").notes == read("3-1", None).notes != ()


def test_a_file_beside_becomes_the_column_of_a_build(small_build, tmp_path, monkeypatch):
    ids, made, path = [one.id for one in Build(small_build).documents], [], tmp_path / "index.json"
    path.write_text(json.dumps({one: [f"<a_{row % 7}>", f"<b_{row}>"] for row, one in enumerate(ids[1:])} | {"nope": ["<a_1>"]}))

    def make(corpus, spec, out, report, *_):
        made.append((corpus, spec))
        return shutil.copytree(small_build, out)

    monkeypatch.setattr("engine.recommending.rebuilt.make", make)
    asked = ["build", str(small_build), "--out", str(tmp_path / "made"), "--identifiers", str(path)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    corpus, spec = made[0]
    assert "1 of 60 ids are not in the catalogue (nope)" in corpus.notes[-1]
    assert (spec.scheme, spec.settings) == ("imported", {"column": "identifier"})
    fitted = fit(imported.SCHEME, corpus.documents, **spec.settings)
    assert fitted.codes[[0, 4]].tolist() == [[-1, -1], [3, 3]]
    for wrong, told in (({"x": ["<a_1>"]}, "none of its 1 ids"), ([1], "no table of whole numbers"), (1, "not a JSON object")):
        path.write_text(json.dumps(wrong))
        assert told in str(CliRunner().invoke(app, asked).exception)
    assert "makes its own" in str(CliRunner().invoke(app, [*asked, "--ids", "pq"]).exception)
