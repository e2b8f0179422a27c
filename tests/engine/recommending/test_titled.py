"""A history in words: what the model is asked, and that only titles of the catalogue come back."""

from types import SimpleNamespace

import pytest

from engine.data.histories import Histories
from engine.errors import TriescopeError
from engine.recommending import titled
from engine.recommending.kinds import Opened
from engine.recommending.titled import Titled
from engine.text import language_model, models
from tests.engine import tiny_models


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "llama"
    tiny_models.llama(folder, seed=3)
    return language_model.load(str(folder))


def catalogue(*told):
    build = type("B", (), {"__hash__": lambda self: 1, "__eq__": lambda self, other: self is other})()
    build.documents, build.name = [SimpleNamespace(title=title, id=str(row)) for row, title in enumerate(told)], "tiny"
    return build


def test_a_history_is_told_by_its_last_titles():
    build = catalogue("Sea", "", "Old  Man", "War", "Night", "Moon", "Storm " * 40)
    text = titled.asked(build, [0, 1, 2, 3, 4, 5, 6])
    assert [line[2:] for line in text.split("\n") if line.startswith("- ")][:4] == ["Old Man", "War", "Night", "Moon"]
    assert "Sea" not in text
    assert max(map(len, text.split("\n"))) <= titled.LETTERS + 2


def test_only_titles_of_the_catalogue_come_and_none_that_was_taken(model, monkeypatch):
    monkeypatch.setattr(titled, "LONGEST", 6)
    build = catalogue("Sea", "Sea Storm", "Old Man", "War", "Night", "Moon")
    of = Titled(build, model, beams=6)
    found = of.recommend(Histories.of([[0, 3], [5]]), 10)
    for row, history in zip(found.rows, ([0, 3], [5]), strict=True):
        there = row[row >= 0].tolist()
        assert there
        assert len(set(there)) == len(there)
        assert not set(there) & set(history)
    again = of.recommend(Histories.of([[0, 3]]), 10, seen=True).rows[0]
    assert again[again >= 0].tolist() == of.written([0, 3]).rows


def test_it_is_asked_by_the_name_of_its_model(build, model):
    models.add("writer", model.name)
    try:
        found = Opened(build).get("p5:writer")
        assert isinstance(found, Titled)
        assert found.model.name == model.name
    finally:
        models.remove("writer")
    with pytest.raises(TriescopeError, match="no language model is known as 'nobody'"):
        Opened(build).get("p5:nobody")
