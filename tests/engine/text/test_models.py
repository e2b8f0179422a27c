"""Models by a name of this machine's own: added once, read from where they lay, and only as they were."""

import json

import pytest
from transformers import BertForSequenceClassification, BertModel

from engine import paths
from engine.errors import TriescopeError
from engine.text import models
from tests.engine import tiny_models


@pytest.fixture
def judge(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(tmp_path / "home"))
    tiny_models.bert(BertForSequenceClassification, tmp_path / "judge", num_labels=1)
    return tmp_path / "judge"


def test_a_model_is_known_by_its_name_until_it_is_forgotten_and_refused_when_it_changed(judge, told, shell):
    assert told("models") == {}
    assert told("models", "my-judge.1", judge)["my-judge.1"]["kind"] == "cross"
    assert models.names("cross") == ["my-judge.1"]
    assert models.folder_of("my-judge.1", "cross") == str(judge)
    (judge / "config.json").write_text((judge / "config.json").read_text("utf-8").replace('"gelu"', '"relu"'), "utf-8")
    with pytest.raises(
        TriescopeError, match=r"the files of model .* are not those that it was added with: `python -m engine models"
    ):
        models.folder_of("my-judge.1", "cross")
    judge.rename(judge.with_name("away"))
    with pytest.raises(TriescopeError, match=r"model 'my-judge.1' lay in .*judge, which is not there any more"):
        models.folder_of("my-judge.1", "cross")
    assert "my-judge.1  cross" in shell("models")[1]
    assert told("models", "my-judge.1", "--remove") == {}
    assert shell("models", "my-judge.1", "--remove")[0] == 2
    assert "bm25~cross:NAME" in shell("models")[1]


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "a+b", "a~b", ".a", "a" * 61, "a b", "ä"])
def test_a_name_is_never_a_path_nor_a_part_of_another_retrievers_name(judge, name):
    with pytest.raises(TriescopeError, match="cannot name a model"):
        models.add(name, str(judge))
    with pytest.raises(TriescopeError, match="is known as"):
        models.folder_of(name, "cross")


def test_what_is_of_no_kind_and_what_somebody_wrote_into_the_file_is_none(judge, tmp_path):
    tiny_models.bert(BertModel, tmp_path / "bare")
    with pytest.raises(TriescopeError, match="holds BertModel; wanted is one of: cross-encoder, language model"):
        models.add("bare", str(tmp_path / "bare"))
    with pytest.raises(TriescopeError, match="neither a folder here"):
        models.add("x", str(tmp_path / "nowhere"))
    models.add("right", str(judge))
    there = json.loads((paths.home() / models.FILE).read_text("utf-8"))
    wrong = {"a": 1, "../b": there["right"], "c": there["right"] | {"kind": "?"}, "d": {}}
    (paths.home() / models.FILE).write_text(json.dumps(there | wrong), "utf-8")
    assert list(models.everything()) == ["right"]
