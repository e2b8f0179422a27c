"""A filter that is refused takes nothing away; the values of a column are a row away from the filter; it goes along from page to
page, and what a page hands out says it too."""

import shlex

import pytest
from streamlit.testing.v1 import AppTest

from app.common import filtering, state
from engine.filters import evaluate
from engine.filters.syntax import MAX_LENGTH
from tests.app import at as pages

QUERY, EARLY = "a heist that happens inside dreams", "year < 1960"
pytestmark = pytest.mark.usefixtures("with_films")


def visit(page: str = "decode", **parameters: str | list[str]) -> AppTest:
    return pages.visit(page, query=QUERY, **parameters)


@pytest.mark.parametrize(
    ("parameters", "button", "told"),
    [
        ({"filter": "yeer > 1990"}, "Take the filter out", "yeer"),
        ({"force": "99-99"}, "Force nothing", "cannot be forced"),
        ({"ban": "<b>"}, "Ban nothing", "not a prefix"),
    ],
)
def test_what_is_refused_leaves_the_decode_without_it_and_a_way_out(parameters, button, told):
    page = visit(**parameters)
    assert any(told in error.value.replace("\\", "") and "without it" in error.value for error in page.error)
    hits = pages.table(page, "Identifier", "Title")
    assert len(hits) == 10
    page = pages.sound(pages.button(page, button).click().run())
    assert not page.error
    assert pages.table(page, "Identifier", "Title").equals(hits)


@pytest.mark.parametrize("filter", ["yeer > 1990", "year >", "year > 3000", f"year > {'1' * MAX_LENGTH}", "![x](y)"])
def test_what_is_refused_leaves_the_lists_without_it_and_a_way_out(filter):
    page = visit("compare", filter=filter, columns="bm25")
    (error,) = page.error
    assert error.value.endswith("The lists are those without it.")
    without = pages.table(page, "id", "title")
    page = pages.sound(pages.button(page, "Take the filter out").click().run())
    assert not page.error
    assert state.FILTER not in page.query_params
    assert pages.table(page, "id", "title").equals(without)


def test_values_are_counted_among_what_the_filter_leaves(films):
    page = visit(filter="year > 1990")
    page.session_state["filter-drawer"] = True
    page = pages.sound(page.run())
    found = pages.table(page, "Value", "Documents")
    assert len(found)
    filters = page.session_state[f"{filtering.VALUES}-filters"]
    later = evaluate(films.columns, "year > 1990")
    for asked, documents in zip(filters, found["Documents"], strict=True):
        assert (evaluate(films.columns, asked) & later).sum() == documents


def test_a_chosen_row_is_added_and_a_filter_of_two_parts_is_kept_whole(monkeypatch):
    held = {
        filtering.VALUES: {"selection": {"rows": [1]}},
        f"{filtering.VALUES}-filters": ["genre = 'War'", "genre = 'Drama'"],
    }
    address = {state.FILTER: "year < 1990 or year > 2000"}
    monkeypatch.setattr(filtering.st, "session_state", held)
    monkeypatch.setattr(filtering.st, "query_params", address)
    filtering._add()
    assert address[state.FILTER] == "(year < 1990 or year > 2000) and genre = 'Drama'"


class TestCompare:
    def test_the_lists_are_those_of_the_documents_that_pass_and_how_many_do_is_said(self, films):
        page = visit("compare", filter=EARLY, k="5")
        year = {document.id: document.metadata["year"] for document in films.documents}
        listed = pages.table(page, "id", "hybrid")
        assert listed["id"].map(year).max() < 1960
        assert (listed[["dense", "generative", "hybrid"]].count() == 5).all()
        passed = int(evaluate(films.columns, EARLY).sum())
        assert f"{passed:,} of 1,201 documents pass the filter" in pages.said(page)

    def test_a_pinned_document_is_ranked_among_those_that_pass(self, films):
        asked = {"doc": "ran-1985", "columns": ["dense", "generative"], "beams": "20"}
        page = visit("compare", filter="countries has 'Japan'", **asked)
        told = {metric.label: metric.value for metric in page.metric}
        vector = films.encode(QUERY)[0]
        everything, _ = films.search(QUERY, "dense", 1201, vector=vector, filter="countries has 'Japan'")
        rank = next(hit.rank for hit in everything if hit.id == "ran-1985")
        assert told["dense rank"] == told["rank if nothing were cut"] == str(rank)
        assert rank < len(everything) < 100

    def test_a_pinned_document_that_does_not_pass_is_said_to(self):
        page = visit("compare", filter=EARLY, doc="inception-2010")
        assert "does not pass the filter" in pages.infos(page)
        assert not page.metric

    def test_the_lines_to_copy_and_the_link_have_the_filter(self):
        page = visit("compare", filter=EARLY, columns=["bm25", "dense"])
        shell, code, link = (block.value for block in page.code)
        assert all(shlex.split(line)[shlex.split(line).index("--filter") + 1] == EARLY for line in shell.splitlines())
        assert f"filter={EARLY!r}" in code
        assert "filter=year+%3C+1960" in link

    def test_a_list_that_the_build_was_asked_for_without_a_filter_is_another_one(self):
        with_it, without = (visit("compare", columns="bm25", **asked) for asked in ({"filter": EARLY}, {}))
        assert not pages.table(with_it, "id", "title").equals(pages.table(without, "id", "title"))
        assert "pass the filter" not in pages.said(without)


def test_it_goes_along_to_the_next_page():
    page = visit("compare", filter=EARLY, columns="bm25")
    page = pages.sound(page.switch_page("../pages/decode.py").run())
    assert page.query_params[state.FILTER] in (EARLY, [EARLY])
    assert page.text_input(state.FILTER).value == EARLY
    assert "pass the filter" in pages.said(page)


def test_what_is_typed_goes_into_the_address_and_is_used():
    page = visit("compare", columns="bm25")
    before = pages.table(page, "id", "title")
    page = pages.sound(page.text_input(state.FILTER).set_value(f" {EARLY} ").run())
    assert page.query_params[state.FILTER] in (EARLY, [EARLY])
    assert not pages.table(page, "id", "title").equals(before)
