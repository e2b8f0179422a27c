"""A history in words: what the model is asked, and that only titles of the catalogue come back."""

from types import SimpleNamespace

import pytest

from engine.data.histories import Histories
from engine.errors import TriescopeError
from engine.recommending import titled, titled_tuned
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


def test_it_learns_the_titles_of_training_and_is_kept_as_a_model_of_its_own(tmp_path):
    pytest.importorskip("peft")
    tiny_models.llama(tmp_path / "llama", seed=3)
    build = catalogue("Sea", "Storm", "Man", "War", "Night", "")
    histories = Histories.of([[0, 1], [2, 3], [4, 5]])  # what has no title is not asked for
    before = language_model.load(str(tmp_path / "llama"))
    told = titled_tuned.tune(build, histories, str(tmp_path / "llama"), tmp_path / "tuned", 60, 4, 0.05)
    after = language_model.load(str(tmp_path / "tuned"))
    asked_for = [before.prompt(titled.asked(build, [row])) for row in (0, 2)]
    for prompt, title in zip(asked_for, ("Storm", "War"), strict=True):
        own, learned = (float(of.likelihoods([prompt], title + "\n")[0]) for of in (before, after))
        assert learned > own + 0.5, title
    assert told.last < told.first - 0.5
    assert 0 < told.share < 0.2
    assert -before.likelihoods(asked_for[:1], "Storm\n")[0] == pytest.approx(
        float(titled_tuned.loss_of(before.model, before, build, [0], 1)), abs=1e-4
    )
    with pytest.raises(TriescopeError, match="is there already"):
        titled_tuned.tune(build, histories, str(tmp_path / "llama"), tmp_path / "tuned", 1)
    with pytest.raises(TriescopeError, match="nobody has two items in training of which"):
        titled_tuned.tune(build, Histories.of([[4, 5], [1]]), str(tmp_path / "llama"), tmp_path / "other", 1)


def test_the_shell_teaches_one(build, shell, tmp_path, model):
    pytest.importorskip("peft")
    models.add("writer", model.name)
    try:
        code, told = shell("tune-titles", build.folder, "writer", tmp_path / "out", "--steps", 2)[:2]
    finally:
        models.remove("writer")
    assert code == 0, told
    assert "2 steps" in told
    assert (tmp_path / "out" / "model.safetensors").is_file()
