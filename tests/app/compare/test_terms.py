"""Learned sparse search on Compare: the job that weighs terms, and the column that there is then."""

from app.common import jobs
from engine.builds import terms
from engine.text import term_weights
from tests.app.at import button, labels, visit
from tests.engine import tiny_models

ASKED = {"query": "a man in love", "columns": ["bm25", "splade"], "k": "5"}


def opened(at):
    at.session_state["terms-box"] = True
    return at.run()


def test_the_button_starts_the_command_and_the_column_can_be_had_and_deleted(with_trained, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start_command", lambda name, arguments, **more: started.append((name, arguments)))
    at = opened(visit("compare", query="a man in love", columns=["bm25"]))
    assert button(at, "Weigh the documents' terms").disabled
    assert "splade" not in at.multiselect("columns").options
    at.text_input(key="terms-model").set_value("some/splade").run()
    button(at, "Weigh the documents' terms").click().run()
    assert started == [("terms of sixty", ["terms", str(with_trained), "some/splade"])]
    tiny_models.splade(tmp_path / "splade")
    terms.make(with_trained, str(tmp_path / "splade"))
    at = opened(visit("compare", **ASKED))
    assert "splade" in at.multiselect("columns").options
    assert any("terms: " in one.value.replace("\\", "") for one in at.markdown)
    assert "Weigh them anew" in labels(at)
    button(at, "Delete the weights").click().run()
    assert not term_weights.is_there(with_trained)
