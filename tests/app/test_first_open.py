"""The films as ``make run`` leaves them: no page is empty, and what came with the catalogue says so."""

import pytest

from app import prepare
from app.compare import comparing
from engine.builds.opened import Build
from engine.studies import bundled
from engine.studies import schemes as study
from tests.app.at import labels, said, sound, table, visit
from tests.homes import shared_home

CAME = "It came with the catalogue: made on"
QUERY = "a heist that happens inside dreams"


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory):
    """A home that holds the films and all that comes with them; look, do not touch."""
    with shared_home(tmp_path_factory, "prepared-home") as shared:
        prepare.main()
    return shared


@pytest.fixture(autouse=True)
def prepared(empty_home, prepared_home, monkeypatch):
    monkeypatch.setenv("TRIESCOPE_HOME", str(prepared_home))
    return Build(prepared_home / "builds" / "films")


def test_train_shows_the_run_beside_keyword_and_vector_search():
    at = visit("train")
    row = table(at, "Run", "BM25").set_index("Run").loc[bundled.RUN]
    assert (row[["BM25", "Dense"]].between(0.01, 0.99)).all()
    assert f"What {bundled.RUN} learned" in [heading.value for heading in at.header]
    assert CAME in said(at)


def test_the_map_is_drawn():
    at = visit("map")
    assert CAME in said(at)
    assert at.get("plotly_chart")
    assert not [label for label in labels(at) if label.startswith("Make the map")]


def test_identifiers_shows_the_study(prepared):
    at = visit("identifiers")
    ran = {name for name, row in study.read(prepared).schemes.items() if row.report}
    assert set(table(at, "Scheme", "Health")["Scheme"]) == ran
    assert len(ran) >= 12
    assert CAME in said(at)
    assert not [label for label in labels(at) if label.startswith("Compare all schemes")]


def test_compare_shows_lists_that_differ_says_why_and_what_they_are_worth_on_all_test_queries(prepared):
    at = visit("compare", query=QUERY)
    shown = comparing.shown_first(prepared)
    assert at.multiselect("columns").value == shown
    assert len(shown) == 4
    lists = {name: tuple(hit.id for hit in prepared.search(QUERY, name)[0]) for name in shown}
    assert len(set(lists.values())) >= 3
    assert "of the first 10 are shared" in said(at)
    measured = table(at, "Retriever", "p").set_index("Retriever")
    assert {"bm25", "dense", f"generative:{bundled.RUN}"} <= set(measured.index)
    assert CAME in said(at)


def test_the_first_example_is_decoded_without_the_encoder(monkeypatch):
    from engine.text import encoders, query_encoder

    def refused(*given):
        raise AssertionError("the encoder was asked for")

    monkeypatch.setattr(encoders, "load", refused)
    monkeypatch.setattr(query_encoder, "find", lambda key: None)
    at = visit("start")
    assert sound(at).pills("start-example").options[0] == QUERY
    assert "The query was not encoded now" in said(visit("decode", query=QUERY))
