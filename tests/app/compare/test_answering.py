"""An answer on Compare: sentences with their sources, and a language model when it is asked for."""

import pytest

from app.compare import answering
from engine.builds.opened import Build
from engine.text import models
from tests.app.at import button, labels, said, sound, table, visit
from tests.engine import tiny_models

ASKED = {"query": "an old man at sea", "columns": ["bm25", "dense"], "k": "5"}


def opened(at):
    at.session_state["answer-box"] = True
    return at.run()


def test_sentences_stand_there_with_the_documents_that_they_are_from(with_trained):
    at = opened(visit("compare", **ASKED))
    build = Build(with_trained)
    rows = table(at, "Number", "Share of the answer")
    assert rows["Document"].tolist() == [hit.title for hit in build.search(ASKED["query"], "bm25", 5).hits]
    assert rows["Share of the answer"].sum() == pytest.approx(1)
    assert any(":blue[" in one.value for one in at.markdown)
    assert "word for word" in said(at).replace("\\", "")
    at.selectbox("answer-list").select("dense").run()
    found = build.search(ASKED["query"], "dense", 5).hits
    assert table(sound(at), "Number")["Document"].tolist() == [hit.title for hit in found]
    assert "make lm" in said(at)


def test_a_language_model_writes_only_when_it_is_asked(with_trained, tmp_path, monkeypatch):
    tiny_models.llama(tmp_path / "llama", words=[*tiny_models.WORDS, "dead", "the", "of", "a"])
    models.add("small", str(tmp_path / "llama"))
    written = []
    real = answering.written.write
    monkeypatch.setattr(answering.written, "write", lambda *given: written.append(1) or real(*given))
    monkeypatch.setattr(answering.titles, "write", lambda *given: answering.titles.Titles(["x"], [False], ["Ran"], [0], 1))
    at = opened(visit("compare", **ASKED))
    assert not written
    button(at, "Let it write an answer").click().run()
    assert written == [1]
    assert "it can be wrong" in said(sound(at)).replace("\\", "")
    button(at, "Let it write titles").click().run()
    assert table(sound(at), "Written freely")["It is"].tolist() == ["made up"]
    assert "100% of them do not exist" in said(at)
    assert "Answer, JSON" in " ".join(labels(at)) or at.get("download_button")
