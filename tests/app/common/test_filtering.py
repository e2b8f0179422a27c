"""A filter that is refused takes nothing away; the values of a column are a row away from the filter."""

import pytest
from streamlit.testing.v1 import AppTest

from app.common import filtering
from engine.filters import evaluate
from tests.app import at as pages

QUERY = "a heist that happens inside dreams"
pytestmark = pytest.mark.usefixtures("with_films")


def visit(**parameters: str) -> AppTest:
    return pages.visit("decode", query=QUERY, **parameters)


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
    state = {
        filtering.FILTER: "year < 1990 or year > 2000",
        filtering.VALUES: {"selection": {"rows": [1]}},
        f"{filtering.VALUES}-filters": ["genre = 'War'", "genre = 'Drama'"],
    }
    monkeypatch.setattr(filtering.st, "session_state", state)
    filtering._add()
    assert state[filtering.FILTER] == "(year < 1990 or year > 2000) and genre = 'Drama'"
