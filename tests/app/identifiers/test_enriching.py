"""Enriched texts on the Identifiers page: what is added to a document, and what was found."""

from engine.studies import enrichment
from tests.app.at import labels, table, visit


def shown(at):
    at.session_state["enriched"] = True
    return at.run()


def test_what_is_added_to_a_document_stands_there_and_what_was_found(studied, opened, tmp_path, monkeypatch):
    monkeypatch.setattr(enrichment, "_path", lambda build: tmp_path / "enrichment.json")
    document = studied.documents[3].id
    at = shown(visit("identifiers", doc=document))
    of = enrichment.added(studied)[3]
    assert any(", ".join(of.words) in text.value for text in at.text)
    assert "Measure what it is worth (all documents are embedded twice)" in labels(at)
    found = enrichment.run(opened)  # of sixty documents: those of the films would be embedded twice
    rows = table(shown(visit("identifiers")), "Retriever", "Texts", "Gain")
    assert len(rows) == len(found.rows)
    (tmp_path / "enrichment.json").write_text("{")
    assert any("is damaged" in error.value for error in shown(visit("identifiers")).error)
