"""Documents in several leaves on the Identifiers page: offered, and drawn with its table where it was found."""

import pytest

from engine.studies import overlap
from tests.app.at import button, labels, said, table, visit


@pytest.mark.usefixtures("with_films")
def test_it_is_offered_where_nothing_was_measured():
    at = visit("identifiers")
    assert "Measure it (some seconds)" in labels(at)
    assert "A document between two clusters" in said(at)


def test_what_was_found_is_drawn_and_told(studied, tmp_path, monkeypatch):
    monkeypatch.setattr(overlap, "_path", lambda build: tmp_path / "overlap.json")
    found = overlap.run(studied, (2,))
    at = visit("identifiers")
    rows = table(at, "Tree", "Nodes scored")
    assert rows["Tree"].unique().tolist() == [tree.name for tree in found.trees]
    assert len(rows) == len(found.trees) * len(overlap.WIDTHS)
    assert f"{found.documents:,} documents in {found.clusters:,} clusters" in said(at)
    assert button(at, "Measure it again")
    (tmp_path / "overlap.json").write_text("{")
    broken = visit("identifiers")
    assert any("is damaged" in error.value for error in broken.error)
