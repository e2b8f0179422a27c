"""Answers: an extract as brute force finds it, what a model writes with citations of what it was given alone, titles."""

from types import SimpleNamespace

import numpy as np
import pytest

from engine.answers import extract, titles, written
from engine.answers.answer import Answer, Sentence
from engine.builds.hits import Hit
from engine.text import embed, language_model, models
from engine.text.sentences import LONGEST, sentences
from tests.engine import tiny_models

QUERY = "an old man at sea"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "llama"
    tiny_models.llama(folder, seed=3)
    return language_model.load(str(folder))


@pytest.fixture(scope="module")
def hits(opened, home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIESCOPE_HOME", str(home))
        return opened.search(QUERY, "dense", 4).hits


class Says:
    """A model that says what it was told to."""

    def __init__(self, text):
        self.text, self.asked = text, ""
        self.model = SimpleNamespace(parameters=lambda: [np.zeros(3, dtype=object)])
        self.model.parameters = lambda: [SimpleNamespace(numel=lambda: 2_000_000)]

    def prompt(self, asked):
        self.asked = asked
        return asked

    def write(self, prompt, most, **more):
        return [self.text]


def test_sentences_lose_nothing_but_blanks():
    text = 'He asked "why?" Nobody knew... 雪が降る。犬。\n\nThe end ' + "word " * 200
    found = sentences(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert max(map(len, found)) <= LONGEST
    assert "雪が降る。" in found


def test_an_extract_is_the_nearest_sentences_word_for_word_each_from_where_it_stands(opened, hits):
    found = extract.extract(opened, QUERY, hits)
    query = opened.encode(QUERY)[0]
    known = [(hit.rank, one) for hit in hits for one in sentences(opened.documents[opened.row_of[hit.id]].text)]
    vectors = embed.embed([text for _, text in known], opened.model)
    best = sorted(range(len(known)), key=lambda place: -float(vectors[place] @ query))
    assert [(one.cited[0], one.text) for one in found.sentences] == [known[place] for place in best[:3]]
    assert found.kind == "extract"
    assert sum(found.shares().values()) == pytest.approx(1)
    twice = [hits[0], hits[0]._replace(rank=2)]
    again = extract.extract(opened, QUERY, twice).sentences
    assert len({one.text for one in again}) == len(again)
    assert extract.extract(opened, QUERY, []).sentences == []


def test_a_tiny_model_cites_only_what_it_was_given(opened, model, hits):
    seen = set()
    for query in ("sea", "war love", "kite", "old man woman house", "storm . film"):
        found = written.write(opened, query, hits[:2], model)
        seen |= {rank for one in found.sentences for rank in one.cited}
        assert all(set(one.cited) <= {1, 2} and one.nearest in (0, 1, 2) for one in found.sentences)
        assert all("[" not in one.text for one in found.sentences)
    assert seen <= {1, 2}


def test_what_is_cited_is_read_wherever_it_stands_and_what_was_not_given_is_counted(opened, hits):
    own = sentences(opened.documents[opened.row_of[hits[1].id]].text)[0].rstrip(".")
    says = Says(f"{own} [2]. Gold is heavy [1, 9](3). Nobody knows. [4] Purple engines vote quietly.")
    found = written.write(opened, QUERY, hits, says)
    assert [one.cited for one in found.sentences] == [(2,), (1, 3), (4,), ()]
    assert found.sentences[0].nearest == 2
    assert found.sentences[0].text == f"{own}."
    assert found.sentences[3].nearest == 0
    assert "1 of its citations name no source" in found.notes[1]
    assert "1 of 4 sentences rest on no document" in found.notes[2]
    assert all(hit.title in says.asked for hit in hits)
    assert QUERY in says.asked


def test_shares_are_letters_split_among_those_cited_else_of_the_nearest():
    hits = [Hit(rank, str(rank), "", 0.0, "", "") for rank in (1, 2, 3)]
    said = [Sentence("x" * 6, (1, 2), 3, 0.9), Sentence("y" * 3, (), 3, 0.9), Sentence("z" * 9, (), 0, 0.1)]
    assert Answer("written", said, hits).shares() == {1: pytest.approx(1 / 3), 2: pytest.approx(1 / 3), 3: pytest.approx(1 / 3)}
    assert Answer("written", said[2:], hits).shares() == {1: 0, 2: 0, 3: 0}


def test_titles_held_to_the_trie_are_those_of_documents_and_free_ones_are_looked_up(model):
    told = ["Sea", "Sea Storm", "Old Man", "war", "War", "", "kite " * 40]
    documents = [SimpleNamespace(title=title, id=str(row)) for row, title in enumerate(told)]
    build = type("B", (), {"__hash__": lambda self: 1, "__eq__": lambda self, other: self is other})()
    build.documents, build.name = documents, "tiny"
    found = titles.write(build, "night", model, beams=4)
    legal = {"sea", "sea storm", "old man", "war"}
    assert found.held
    assert {title.casefold() for title in found.held} <= legal
    assert len(set(found.held)) == len(found.held)
    assert [told[row].casefold() for row in found.rows] == [title.casefold() for title in found.held]
    assert found.left_out == 2
    known = legal | {" ".join(told[-1].split()).casefold(), ""}
    assert [one.casefold() in known for one in found.free] == found.exists
    assert found.made_up == 1 - sum(found.exists) / len(found.free)


def test_a_title_that_ends_early_takes_no_place_of_longer_ones(model):
    told = ["sea", "war love city night old man woman house", "film kite moor whale tide storm love war"]
    build = type("B", (), {"__hash__": lambda self: 2, "__eq__": lambda self, other: self is other})()
    build.documents = [SimpleNamespace(title=title, id=str(row)) for row, title in enumerate(told)]
    build.name = "tiny"
    assert sorted(titles.write(build, "night", model, beams=3).rows) == [0, 1, 2]


def test_the_shell_answers(small_build, model, told, shell, tmp_path, monkeypatch, home):
    found = told("answer", small_build, QUERY, "-r", "bm25", "-k", 3)
    assert found["kind"] == "extract"
    assert {rank for one in found["sentences"] for rank in one["cited"]} <= {hit["rank"] for hit in found["hits"]}
    models.add("small", model.name)
    try:
        found = told("answer", small_build, QUERY, "-r", "bm25", "-k", 3, "--lm", "small")
        assert found["kind"] == "written"
        assert "it can be wrong" in found["notes"][0]
        assert set(told("answer", small_build, QUERY, "--lm", "small", "--titles")) >= {"free", "held", "made_up"}
    finally:
        models.remove("small")
    assert shell("answer", small_build, QUERY, "--titles")[0] == 2
    code, _, err = shell("answer", small_build, QUERY, "--lm", "none")
    assert code == 2
    assert "no language model is known as 'none'" in err
