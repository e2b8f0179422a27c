"""Further vector indexes on Compare: the job that makes them, and what they keep and miss."""

import pytest

from app.common import jobs
from app.compare import comparing
from engine import paths
from engine.builds import indexes
from engine.builds.opened import Build
from engine.retrievers import made_index
from tests.app.at import button, table, visit


def opened(at):
    at.session_state["indexes-box"] = True
    return at.run()


def test_they_are_made_by_a_press_offered_as_columns_and_what_they_miss_stands_in_a_table(with_trained, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "cache", lambda: tmp_path / "cache")
    started, build = [], Build(with_trained)
    monkeypatch.setattr(jobs, "start_command", lambda name, arguments, **more: started.append((name, arguments)))
    at = opened(visit("compare", query="a man in love", columns=["bm25"]))
    button(at, "Make the indexes").click().run()
    assert started == [("indexes of sixty", ["indexes", str(with_trained)])]
    assert not set(indexes.KINDS) & set(comparing.offered(build))
    found = indexes.make(with_trained)
    assert set(indexes.KINDS) <= set(comparing.offered(build))
    rows = table(opened(visit("compare", query="a man in love", columns=["bm25"])), "Found", "MB").set_index("Retriever")
    for name, of in found.items():
        assert rows.loc[name, "Found"] == of.recall
        assert rows.loc[name, "MB"] == pytest.approx(of.bytes / 1e6)
    (made_index.folder_of(with_trained, "dense-ivfpq") / made_index.ABOUT).write_text("{}", "utf-8")
    at = opened(visit("compare", query="a man in love", columns=["dense-ivfpq"]))
    assert any("damaged" in error.value for error in at.error)
