"""Explanations in sentences: every clause against the evidence that it names, looked up another way."""

import re

import numpy as np
import pytest

from engine.builds import answers
from engine.builds.said import clauses
from engine.data.corpus import Document, as_words
from engine.explaining import clauses as made
from engine.explaining.clauses import KINDS, Written
from engine.text.matched import stems, wanted


def said(query, document, fields=("mood",)):
    return {clause.kind: clause for clause in made.of_words(query, wanted(query), document, fields)}


def test_words_are_those_that_stand_there_and_missing_those_that_stand_nowhere():
    film = Document("a", "The Heists", "A gang of thieves dreams.", {"mood": "dreamy", "country": "France"})
    found = said("dreamed of a french heist in Rome", film)
    assert found["missing"].says == 'Nothing in what is searched of it says "french" and "rome".'
    listed = made.of_words("heist dreams", wanted("heist dreams"), film, ())
    assert [clause.says for clause in listed[:2]] == ['Its title has "heists".', 'Its text has "dreams".']
    for clause in listed[:2]:
        text = getattr(film, clause.evidence["field"])
        assert [text[start:stop].lower() for start, stop in clause.evidence["spans"]] == clause.evidence["words"]
    assert said("trains", film)["missing"].says.startswith("None of the query's words")


def test_a_column_that_is_not_searched_is_told_and_does_not_count():
    film = Document("a", "Ran", "War.", {"mood": "grim", "country": "Japan"})
    aside, searched = (said("japan", film, fields) for fields in ((), ("country",)))
    assert aside["column"].says == 'Its country is Japan, and the query says "japan"; that column is not searched.'
    assert "missing" in aside
    assert searched["column"].says == 'Its country is Japan, and the query says "japan".'
    assert "missing" not in searched


def test_codes_are_told_down_to_where_it_is_cut_or_alone():
    written = [
        Written(1, (3,), "war · sea", 2, 16, 40, True),
        Written(2, (3, 1), "Ran", 11, 200, 1, True),
        Written(3, (3, 1, 0), "Ran", 1, 300, 1, True),
    ]
    told = [clause.says for clause in made.of_codes(written)]
    assert told == [
        "Its identifier begins with 3 (war · sea), the 2nd of 16 by score.",
        "Then it goes on to 3-1, the 11th of 200 by score.",
        "No other document begins with 3-1.",
    ]
    left = made.of_codes([written[0]._replace(of=0)])
    assert left[0].says == told[0].replace("of 16", "of those that are left")
    cut = made.of_codes([written[0]._replace(kept=False), *written[1:]])
    assert [clause.says for clause in cut] == [told[0].replace("score.", "score, and was cut there.")]


def test_the_nearest_relative_above_is_named():
    above = {"x": [3, 9, 1], "y": [3, 1, 4], "z": [3, 1, 5]}
    (clause,) = made.of_neighbours([3, 1, 7], above, {"x": "X", "y": "Y", "z": "Z"})
    assert clause.says == 'It shares its first 2 codes, 3-1, with "Y", which came 2nd.'
    assert made.of_neighbours([4], above, {}) == []


@pytest.mark.parametrize("place", [0, 3, -1])
def test_every_clause_of_a_build_is_true_of_it(opened, place):
    query = list(opened.corpus.queries.values())[1]
    listed = [hit.id for hit in opened.search(query, k=60, beams=100)[0]]
    document = listed[place]
    row = opened.row_of[document]
    _, value = answers.explained(opened, query, document, 100)
    vector = opened.encode(query)[0]
    cosines = np.asarray(opened.embeddings) @ vector
    found = opened.documents[row]
    assert value["because"]
    for clause in value["because"]:
        assert clause["kind"] in KINDS
        assert re.fullmatch(r"[A-Z].*\.", clause["says"])
        evidence = clause["evidence"]
        if clause["kind"] in ("codes", "alone", "shared"):
            prefix = tuple(map(int, evidence["prefix"].split("-")))
            assert tuple(opened.codes[row, : len(prefix)]) == prefix
        if clause["kind"] == "codes":
            assert 1 <= evidence["rank"] <= evidence["of"]
        if clause["kind"] == "alone":
            assert (opened.codes[:, : len(prefix)] == prefix).all(axis=1).sum() == 1
        if clause["kind"] == "shared":
            assert tuple(opened.codes[opened.row_of[evidence["document"]], : len(prefix)]) == prefix
            assert listed.index(evidence["document"]) < listed.index(document)
        if clause["kind"] == "words":
            assert set(stems(evidence["words"])[0]) <= set(stems([query])[0])
        if clause["kind"] == "column":
            assert as_words(found.metadata[evidence["column"]]) == evidence["value"]
        if clause["kind"] == "near":
            assert evidence["rank"] == np.argsort(-cosines).tolist().index(row) + 1
            assert evidence["cosine"] == pytest.approx(cosines[row], abs=1e-4)


def test_without_a_decode_nothing_is_said_of_codes_and_the_shell_says_the_same(opened, shell):
    query, document = next(iter(opened.corpus.queries.values())), opened.documents[0].id
    alone = clauses(opened, query, document, opened.encode(query)[0])
    assert {clause.kind for clause in alone} <= {"words", "column", "missing", "near"}
    code, out, _ = shell("why", opened.folder, query, document)
    assert code == 0
    assert alone[-1].says in out
