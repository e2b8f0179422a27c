"""Two columns of vectors on the Identifiers page: offered, and drawn with their table where they were measured."""

import numpy as np

from engine.studies import columns
from tests.app.at import labels, said, table, visit


def opened(at):
    at.session_state["two-columns"] = True
    return at.run()


def test_it_is_offered_and_what_was_found_is_drawn(studied, tmp_path, monkeypatch):
    monkeypatch.setattr(columns, "_path", lambda build: tmp_path / "columns.json")
    assert "Measure both ways (some seconds)" in labels(opened(visit("identifiers")))
    found = columns.run(studied, second=np.asarray(studied.embeddings)[:, ::-1])
    at = opened(visit("identifiers"))
    rows = table(at, "Way", "Less early")
    assert rows["Way"].unique().tolist() == [way.name for way in found.ways]
    assert f"{found.queries:,} dev queries" in said(at)
    (tmp_path / "columns.json").write_text("{")
    assert any("is damaged" in error.value for error in opened(visit("identifiers")).error)
